/** What can be set about a run, from wherever it comes: the command line, `.porthole-lint.yaml`, `.hadolint.yaml`. */
import type { FormatName } from '../formats/names.ts';
import type { LintOptions } from '../lint-file.ts';
import { mergeLevels, type RuleLevels } from '../rule-levels.ts';
import type { LabelType, RuleDefinition, RuleOptions, Severity } from '../rule.ts';

export interface LintSettings {
  readonly severities?: RuleLevels;
  /** Ids of rules to run that are off by default. */
  readonly enabled?: ReadonlySet<string>;
  /** Keys of the only rules to run. */
  readonly only?: ReadonlySet<string>;
  readonly format?: FormatName;
  readonly threshold?: Severity | 'off';
  readonly noFail?: boolean;
  readonly noColor?: boolean;
  /** Run the rules too that are off by default, and fail whatever the level. */
  readonly strict?: boolean;
  readonly trustedRegistries?: readonly string[];
  readonly labelSchema?: Readonly<Record<string, LabelType>>;
  readonly strictLabels?: boolean;
  readonly targetOs?: 'windows' | 'linux';
  /** Escape character of files without an `escape` directive. */
  readonly escape?: '\\' | '`';
  /** Milliseconds since the epoch. */
  readonly asOf?: number;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** hadolint's `disable-ignore-pragma`: comments silence nothing. */
  readonly disableIgnorePragma?: boolean;
}

/** `over` wins; lists and tables are joined, as hadolint does. */
export function mergeSettings(under: LintSettings, over: LintSettings): LintSettings {
  return {
    ...under,
    ...over,
    severities: mergeLevels(under.severities, over.severities),
    enabled: new Set([...(under.enabled ?? []), ...(over.enabled ?? [])]),
    trustedRegistries: [...(under.trustedRegistries ?? []), ...(over.trustedRegistries ?? [])],
    labelSchema: { ...under.labelSchema, ...over.labelSchema },
    buildArgs: { ...under.buildArgs, ...over.buildArgs },
  };
}

export const defaultThreshold: Severity = 'info';

/** Lowest level that makes a run fail. */
export function thresholdOf({ strict, threshold }: LintSettings): Severity | 'off' {
  return threshold ?? (strict === true ? 'style' : defaultThreshold);
}

/** What the runner takes; `now`: milliseconds since the epoch. */
export function optionsOf(
  settings: LintSettings,
  rules: readonly RuleDefinition[],
  now: number,
): Omit<LintOptions, 'name'> & { readonly rule: Partial<RuleOptions> } {
  const { severities, enabled, only, targetOs, escape, strict } = settings;
  const optIn = strict === true ? rules.filter((rule) => rule.optIn === true).map(({ id }) => id) : [];
  return {
    ...(severities === undefined ? {} : { severities }),
    enabled: new Set([...(enabled ?? []), ...optIn]),
    ...(only === undefined ? {} : { only }),
    ...(targetOs === undefined ? {} : { targetOs }),
    ...(escape === undefined ? {} : { escape }),
    ...(settings.disableIgnorePragma === true ? { obeyComments: false } : {}),
    rule: {
      trustedRegistries: settings.trustedRegistries ?? [],
      labelSchema: settings.labelSchema ?? {},
      strictLabels: settings.strictLabels ?? false,
      buildArgs: settings.buildArgs ?? {},
      asOf: settings.asOf ?? now,
    },
  };
}

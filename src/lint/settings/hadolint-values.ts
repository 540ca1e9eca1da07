/**
 * hadolint's settings as it names them, and what they mean here. Its lists grow from source to source: environment first, then
 * the file; of the other values the later source's counts (dockerfile.md 3.3).
 */
import { parseSeverity, resolveRules } from '../config.ts';
import { formatNamed } from '../formats/names.ts';
import type { LabelType, RuleDefinition, Severity } from '../rule.ts';
import { setLevel } from '../rule-levels.ts';
import { defined } from './defined.ts';
import type { LintSettings } from './lint-settings.ts';

export interface HadolintValues {
  readonly 'failure-threshold'?: string;
  /** The first is printed: hadolint writes each to a destination of its own. */
  readonly formats?: readonly string[];
  readonly ignored?: readonly string[];
  readonly override?: Readonly<Partial<Record<Severity, readonly string[]>>>;
  readonly trustedRegistries?: readonly string[];
  readonly 'label-schema'?: Readonly<Record<string, LabelType>>;
  readonly 'strict-labels'?: boolean;
  readonly 'no-color'?: boolean;
  readonly 'no-fail'?: boolean;
  readonly 'disable-ignore-pragma'?: boolean;
}

export const hadolintThresholds = ['error', 'warning', 'info', 'style', 'ignore', 'none'] as const;

const severitiesUpwards = ['style', 'info', 'warning', 'error'] as const;

export function joinHadolintValues(under: HadolintValues, over: HadolintValues): HadolintValues {
  const lists = (a: readonly string[] = [], b: readonly string[] = []): readonly string[] => [...a, ...b];
  return {
    ...under,
    ...defined(over),
    formats: lists(over.formats, under.formats),
    ignored: lists(under.ignored, over.ignored),
    override: Object.fromEntries(
      severitiesUpwards.map((level) => [level, lists(under.override?.[level], over.override?.[level])]),
    ),
    trustedRegistries: lists(under.trustedRegistries, over.trustedRegistries),
    'label-schema': { ...under['label-schema'], ...over['label-schema'] },
  };
}

/** Codes that only hadolint knows are passed over. */
export function settingsOfHadolint(values: HadolintValues, rules: readonly RuleDefinition[]): LintSettings {
  const severities = new Map<string, Severity | 'off'>();
  const enabled = new Set<string>();
  const { override = {} } = values;
  // The highest level wins, and an ignore over all of them.
  for (const level of severitiesUpwards) {
    for (const id of (override[level] ?? []).flatMap((name) => knownRules(name, rules))) {
      setLevel(severities, id, level);
      enabled.add(id);
    }
  }
  for (const id of (values.ignored ?? []).flatMap((name) => knownRules(name, rules))) {
    setLevel(severities, id, 'off');
  }
  const threshold = values['failure-threshold'];
  const [format] = values.formats ?? [];
  return {
    severities,
    enabled,
    ...defined({
      threshold: threshold === undefined ? undefined : parseSeverity(threshold),
      format: format === undefined ? undefined : formatNamed(format, 'hadolint'),
      trustedRegistries: values.trustedRegistries,
      labelSchema: values['label-schema'],
      strictLabels: values['strict-labels'],
      noColor: values['no-color'],
      noFail: values['no-fail'],
      disableIgnorePragma: values['disable-ignore-pragma'],
    }),
  };
}

function knownRules(name: string, rules: readonly RuleDefinition[]): string[] {
  try {
    return resolveRules(name, rules);
  } catch {
    return [];
  }
}

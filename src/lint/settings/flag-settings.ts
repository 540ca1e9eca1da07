/** What the command line sets. Every function throws `LintUsageError` with a full sentence. */
import { LintUsageError, parseDay, parseSeverity, resolveRules, severityTable } from '../config.ts';
import { formatNamed, formatNames } from '../formats/names.ts';
import { labelTypes, type LabelType, type RuleDefinition } from '../rule.ts';
import type { LintSettings } from './lint-settings.ts';
import { defined } from './defined.ts';

/** The flags of `porthole lint` that are settings; '' = not given. */
export interface SettingFlags {
  readonly 'as-of': string;
  readonly 'build-arg': Readonly<Record<string, string>>;
  readonly 'disable-ignore-pragma': boolean;
  readonly escape: string;
  readonly 'failure-threshold': string;
  readonly format: string;
  readonly ignore: readonly string[];
  readonly 'label-schema': Readonly<Record<string, string>>;
  readonly 'no-color': boolean;
  readonly 'no-fail': boolean;
  readonly only: readonly string[];
  readonly rule: readonly string[];
  readonly severity: Readonly<Record<string, string>>;
  readonly strict: boolean;
  readonly 'strict-labels': boolean;
  readonly 'target-os': string;
  readonly 'trusted-registry': readonly string[];
}

/** `changed`: the flags that the user gave; the others leave configuration files their word. */
export function settingsOfFlags(
  flags: SettingFlags,
  changed: ReadonlySet<string>,
  rules: readonly RuleDefinition[],
): LintSettings {
  const given = <T>(name: keyof SettingFlags, read: () => T): T | undefined =>
    changed.has(name) ? read() : undefined;
  if (flags.strict && changed.has('failure-threshold')) {
    throw new LintUsageError('--strict fails on any finding: leave out --failure-threshold');
  }
  const ids = (names: readonly string[]) => new Set(names.flatMap((name) => resolveRules(name, rules)));
  const severities = severityTable(flags.severity, flags.ignore, rules);
  const raised = Object.keys(flags.severity).flatMap((name) => resolveRules(name, rules));
  return {
    severities,
    enabled: new Set([...ids(flags.rule), ...raised]),
    trustedRegistries: flags['trusted-registry'],
    labelSchema: labelSchema(flags['label-schema']),
    buildArgs: flags['build-arg'],
    ...defined({
      only: given('only', () => ids(flags.only)),
      format: given('format', () => format(flags.format)),
      threshold: given('failure-threshold', () => parseSeverity(flags['failure-threshold'])),
      noFail: given('no-fail', () => flags['no-fail']),
      noColor: given('no-color', () => flags['no-color']),
      strict: given('strict', () => flags.strict),
      strictLabels: given('strict-labels', () => flags['strict-labels']),
      disableIgnorePragma: given('disable-ignore-pragma', () => flags['disable-ignore-pragma']),
      targetOs: given('target-os', () => oneOf(flags['target-os'], ['windows', 'linux'], 'target OS')),
      escape: given('escape', () => oneOf(flags.escape, ['\\', '`'], 'escape character')),
      asOf: given('as-of', () => parseDay(flags['as-of'])),
    }),
  };
}

function format(name: string): NonNullable<LintSettings['format']> {
  const found = formatNamed(name);
  if (found === undefined) {
    throw new LintUsageError(`unknown format "${name}": use one of ${formatNames.join(', ')}`);
  }
  return found;
}

function labelSchema(given: Readonly<Record<string, string>>): Record<string, LabelType> {
  return Object.fromEntries(
    Object.entries(given).map(([label, type]) => [label, oneOf(type, labelTypes, `type of label ${label}`)]),
  );
}

function oneOf<const T extends string>(text: string, values: readonly T[], what: string): T {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new LintUsageError(
    `unknown ${what} "${text}": use ${values.slice(0, -1).join(', ')} or ${values.at(-1)!}`,
  );
}

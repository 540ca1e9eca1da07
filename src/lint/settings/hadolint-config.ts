/** `.hadolint.yaml`: hadolint's own keys (dockerfile.md 3.3), so that its users need no second file. */
import { formatNamed, hadolintFormatNames } from '../formats/names.ts';
import { parseSeverity, resolveRules } from '../config.ts';
import { labelTypes, type RuleDefinition, type Severity } from '../rule.ts';
import type { LintSettings } from './lint-settings.ts';
import { defined } from './defined.ts';
import type { Table } from './shape.ts';
import { readYaml } from './yaml-reader.ts';

const codes = { kind: 'list', of: { kind: 'text', expected: 'rule codes' } } as const;

const table = {
  'failure-threshold': { kind: 'choice', values: ['error', 'warning', 'info', 'style', 'ignore', 'none'] },
  format: { kind: 'choice', values: hadolintFormatNames },
  ignored: codes,
  override: { kind: 'record', keys: { error: codes, warning: codes, info: codes, style: codes } },
  trustedRegistries: { kind: 'list', orOne: true, of: { kind: 'text', expected: 'registry names' } },
  'label-schema': {
    kind: 'map',
    expected: 'a table of labels and their types',
    of: { kind: 'choice', values: labelTypes },
  },
  'strict-labels': { kind: 'boolean' },
  'no-color': { kind: 'boolean' },
  'no-fail': { kind: 'boolean' },
  'disable-ignore-pragma': { kind: 'boolean' },
} as const satisfies Table;

/** Throws `LintConfigError`. Codes that only hadolint knows are passed over. */
export function readHadolintConfig(
  text: string,
  path: string,
  rules: readonly RuleDefinition[],
): { readonly settings: LintSettings; readonly notices: readonly string[] } {
  const { values, notices } = readYaml(text, path, table, { lenient: true });
  const severities = new Map<string, Severity | 'off'>();
  const enabled = new Set<string>();
  const override = values.override ?? {};
  // The highest level wins, as hadolint looks them up in this order.
  for (const level of ['style', 'info', 'warning', 'error'] as const) {
    for (const id of (override[level] ?? []).flatMap((name) => knownRules(name, rules))) {
      severities.set(id, level);
      enabled.add(id);
    }
  }
  for (const id of (values.ignored ?? []).flatMap((name) => knownRules(name, rules))) {
    severities.set(id, 'off');
  }
  const threshold = values['failure-threshold'];
  const settings: LintSettings = {
    severities,
    enabled,
    ...defined({
      threshold: threshold === undefined ? undefined : parseSeverity(threshold),
      format: values.format === undefined ? undefined : formatNamed(values.format, 'hadolint'),
      trustedRegistries: values.trustedRegistries,
      labelSchema: values['label-schema'],
      strictLabels: values['strict-labels'],
      noColor: values['no-color'],
      noFail: values['no-fail'],
      disableIgnorePragma: values['disable-ignore-pragma'],
    }),
  };
  return { settings, notices };
}

function knownRules(name: string, rules: readonly RuleDefinition[]): string[] {
  try {
    return resolveRules(name, rules);
  } catch {
    return [];
  }
}

/** `.porthole-lint.yaml`: its keys, and what they mean. */
import { parseDay, parseSeverity, resolveRules } from '../config.ts';
import { formatNames } from '../formats/names.ts';
import { setLevel } from '../rule-levels.ts';
import { labelTypes, type RuleDefinition, type Severity } from '../rule.ts';
import { defined } from './defined.ts';
import type { LintSettings } from './lint-settings.ts';
import type { Table, TextShape } from './shape.ts';
import { readYaml } from './yaml-reader.ts';

const levels = ['error', 'warning', 'info', 'style', 'off'] as const;

/** `rules` resolve names; the schema is made without them. */
export function portholeTable(rules: readonly RuleDefinition[]) {
  const rule = {
    kind: 'text',
    expected: 'rule names',
    pattern: '^[A-Za-z][A-Za-z0-9_-]*$',
    check: (name) => unknownRule(name, rules),
  } satisfies TextShape;
  return {
    rules: {
      kind: 'map',
      about: 'Level of each rule, by id, name or alias. "on" runs a rule that is off by default.',
      expected: 'a table of rules and their levels',
      of: { kind: 'choice', values: [...levels, 'on'] },
      checkKey: (name) => unknownRule(name, rules),
    },
    ignore: { kind: 'list', about: 'Rules that do not run.', of: rule },
    only: { kind: 'list', about: 'The only rules that run.', of: rule },
    format: { kind: 'choice', about: 'Output format.', values: formatNames },
    'failure-threshold': {
      kind: 'choice',
      about: 'Lowest level that makes the exit code 1.',
      values: levels,
    },
    'no-fail': { kind: 'boolean', about: 'End with exit code 0 whatever is found.' },
    'no-color': { kind: 'boolean', about: 'Print without colors.' },
    strict: { kind: 'boolean', about: 'Run all rules, those off by default too, and fail on any finding.' },
    'trusted-registries': {
      kind: 'list',
      about: 'Registries that base images may come from; "*" stands for any text.',
      orOne: true,
      of: { kind: 'text', expected: 'registry names' },
    },
    'label-schema': {
      kind: 'map',
      about: 'What the value of each label must look like.',
      expected: 'a table of labels and their types',
      of: { kind: 'choice', values: labelTypes },
    },
    'strict-labels': { kind: 'boolean', about: 'Report labels that label-schema does not name.' },
    'target-os': {
      kind: 'choice',
      about: 'Platform of all stages (default: what the base images tell).',
      values: ['windows', 'linux'],
    },
    escape: {
      kind: 'choice',
      about: 'Escape character of files without an escape directive.',
      values: ['\\', '`'],
    },
    'as-of': {
      kind: 'text',
      about: 'Day as of which end-of-support dates are judged.',
      expected: 'a day such as 2026-01-31',
      pattern: '^\\d{4}-\\d{2}-\\d{2}$',
      check: (text) => complaint(() => parseDay(text)),
    },
    'build-args': {
      kind: 'map',
      about: 'Values of build-time variables.',
      expected: 'a table of variables and their values',
      of: { kind: 'text', expected: 'a value' },
    },
    'disable-ignore-pragma': { kind: 'boolean', about: 'Comments silence nothing.' },
  } as const satisfies Table;
}

/** Throws `LintConfigError`. */
export function readPortholeConfig(
  text: string,
  path: string,
  rules: readonly RuleDefinition[],
): LintSettings {
  const { values } = readYaml(text, path, portholeTable(rules));
  const severities = new Map<string, Severity | 'off'>();
  const enabled = new Set<string>();
  for (const [name, level] of Object.entries(values.rules ?? {})) {
    for (const id of knownRules(name, rules)) {
      enabled.add(id);
      if (level !== 'on') setLevel(severities, id, parseSeverity(level));
    }
  }
  for (const id of (values.ignore ?? []).flatMap((name) => knownRules(name, rules))) {
    setLevel(severities, id, 'off');
  }
  return {
    severities,
    enabled,
    ...(values.only === undefined
      ? {}
      : { only: new Set(values.only.flatMap((name) => knownRules(name, rules))) }),
    ...defined({
      format: values.format,
      threshold: values['failure-threshold'],
      noFail: values['no-fail'],
      noColor: values['no-color'],
      strict: values.strict,
      trustedRegistries: values['trusted-registries'],
      labelSchema: values['label-schema'],
      strictLabels: values['strict-labels'],
      targetOs: values['target-os'],
      escape: values.escape,
      asOf: values['as-of'] === undefined ? undefined : parseDay(values['as-of']),
      buildArgs: values['build-args'],
      disableIgnorePragma: values['disable-ignore-pragma'],
    }),
  };
}

/** A shell linter's codes are not ours to judge: files may name them. */
function isForeign(name: string): boolean {
  return /^SC\d{4}$/i.test(name.trim());
}

function unknownRule(name: string, rules: readonly RuleDefinition[]): string | undefined {
  return isForeign(name) ? undefined : complaint(() => resolveRules(name, rules));
}

function knownRules(name: string, rules: readonly RuleDefinition[]): string[] {
  return isForeign(name) ? [] : resolveRules(name, rules);
}

function complaint(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

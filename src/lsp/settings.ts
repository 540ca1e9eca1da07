/** What a document is linted with: the editor's settings, and files beside the document. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDay, resolveRules, severityTable } from '../lint/config.ts';
import type { LintOptions } from '../lint/lint-file.ts';
import type { RuleDefinition } from '../lint/rule.ts';

export interface DocumentSettings {
  readonly options: Omit<LintOptions, 'name'>;
  /** What could not be used, one sentence each. */
  readonly mistakes: readonly string[];
}

/** `value`: what the editor holds under `porthole.lint`; `now`: milliseconds since the epoch. */
export function clientSettings(
  value: unknown,
  rules: readonly RuleDefinition[],
  now: number,
): DocumentSettings {
  const mistakes: string[] = [];
  const given = isTable(value) ? value : {};
  if (value !== undefined && value !== null && !isTable(value)) mistakes.push('porthole.lint is not a table');
  const read = <T>(name: string, make: (value: unknown) => T, fallback: T): T => {
    if (given[name] === undefined || given[name] === null) return fallback;
    try {
      return make(given[name]);
    } catch (error) {
      mistakes.push(`porthole.lint.${name}: ${(error as Error).message}`);
      return fallback;
    }
  };
  const ids = (name: string): ReadonlySet<string> | undefined =>
    read(name, (list) => new Set(texts(list).flatMap((one) => resolveRules(one, rules))), undefined);
  const only = ids('only');
  const targetOs = read('target-os', targetOsOf, undefined);
  return {
    options: {
      severities: read(
        'rules',
        (table) => severityTable(textTable(table), [...(ids('ignore') ?? [])], rules),
        severityTable({}, [...(ids('ignore') ?? [])], rules),
      ),
      ...(only === undefined ? {} : { only }),
      ...(targetOs === undefined ? {} : { targetOs }),
      rule: {
        asOf: read('as-of', (day) => parseDay(String(day)), now),
        buildArgs: read('build-args', textTable, {}),
      },
    },
    mistakes: [...new Set(mistakes)],
  };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value)) throw new Error('expected a list of rules');
  return value.map(String);
}

function textTable(value: unknown): Record<string, string> {
  if (!isTable(value)) throw new Error('expected a table');
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

function targetOsOf(value: unknown): 'windows' | 'linux' {
  if (value === 'windows' || value === 'linux') return value;
  throw new Error('expected windows or linux');
}

/** BuildKit's order: `NAME.dockerignore`, then `.dockerignore` of the context, which is taken to be the file's folder. */
export function dockerignoreOf(path: string): string | undefined {
  for (const candidate of [`${path}.dockerignore`, join(dirname(path), '.dockerignore')]) {
    try {
      return readFileSync(candidate, 'utf8');
    } catch {
      // Most contexts have none.
    }
  }
  return undefined;
}

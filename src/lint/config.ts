/** From what the user wrote (codes, levels, dates) to what the runner takes. Every function throws an Error with a full sentence. */
import { builtInCodes } from './lint-file.ts';
import { severityOrder } from './formats/report.ts';
import type { RuleDefinition, Severity } from './rule.ts';
import { partKey, setLevel } from './rule-levels.ts';

export class LintUsageError extends Error {
  override readonly name = 'LintUsageError';
}

/**
 * Keys (`rule-levels.ts`) of what `name` means: an id, a rule's name, or an alias such as BuildKit's; case does not matter.
 */
export function resolveRules(name: string, rules: readonly RuleDefinition[]): string[] {
  const wanted = name.trim().toLowerCase();
  const is = (candidate: string): boolean => candidate.toLowerCase() === wanted;
  const keys = [...rules, ...builtInCodes].flatMap((rule) => {
    if (![rule.id, rule.name, ...(rule.aliases ?? [])].some(is)) return [];
    const part = 'parts' in rule ? rule.parts?.find(is) : undefined;
    return [part === undefined ? rule.id : partKey(rule.id, part)];
  });
  if (keys.length === 0) throw new LintUsageError(`unknown rule "${name}": --list-rules shows all of them`);
  return keys;
}

export function parseSeverity(text: string): Severity | 'off' {
  const wanted = text.trim().toLowerCase();
  if (wanted === 'off' || wanted === 'ignore' || wanted === 'none') return 'off';
  const severity = severityOrder.find((candidate) => candidate === wanted);
  if (severity === undefined) {
    throw new LintUsageError(`unknown severity "${text}": use error, warning, info, style or off`);
  }
  return severity;
}

/** An ignore wins over a severity. */
export function severityTable(
  severities: Readonly<Record<string, string>>,
  ignored: readonly string[],
  rules: readonly RuleDefinition[],
): Map<string, Severity | 'off'> {
  const table = new Map<string, Severity | 'off'>();
  for (const [name, level] of Object.entries(severities)) {
    if (level === '') throw new LintUsageError(`rule "${name}" has no severity: write ${name}=LEVEL`);
    for (const id of resolveRules(name, rules)) setLevel(table, id, parseSeverity(level));
  }
  for (const name of ignored) {
    for (const id of resolveRules(name, rules)) setLevel(table, id, 'off');
  }
  return table;
}

/** `YYYY-MM-DD` as milliseconds since the epoch (UTC midnight). */
export function parseDay(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse takes February 30th for March 1st.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw new LintUsageError(`invalid date "${text}": write it as 2026-01-31`);
  }
  return time;
}

/** True when a finding of `level` makes the command fail. */
export function reaches(level: Severity, threshold: Severity | 'off'): boolean {
  return threshold !== 'off' && severityOrder.indexOf(level) <= severityOrder.indexOf(threshold);
}

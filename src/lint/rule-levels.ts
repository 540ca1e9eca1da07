/**
 * Levels that settings give to rules: by id, or `ID:ALIAS` for the findings of a rule that are one of its `parts`. What is set
 * last counts, and a level of the whole rule is one of all its parts.
 */
import type { RuleDefinition, Severity } from './rule.ts';

export type Level = Severity | 'off';
export type RuleLevels = ReadonlyMap<string, Level>;

export function partKey(id: string, alias: string): string {
  return `${id}:${alias}`;
}

/** The rule that a key of settings means, whole or in part. */
export function ruleIdOf(key: string): string {
  const colon = key.indexOf(':');
  return colon < 0 ? key : key.slice(0, colon);
}

export function setLevel(levels: Map<string, Level>, key: string, level: Level): void {
  if (!key.includes(':')) {
    for (const other of levels.keys()) if (other.startsWith(`${key}:`)) levels.delete(other);
  }
  levels.set(key, level);
}

/** `over` wins. */
export function mergeLevels(under: RuleLevels | undefined, over: RuleLevels | undefined): RuleLevels {
  const levels = new Map(under);
  for (const [key, level] of over ?? []) setLevel(levels, key, level);
  return levels;
}

export function levelOfRule({ id, severity }: RuleDefinition, levels: RuleLevels | undefined): Level {
  return levels?.get(id) ?? severity;
}

/** Of a finding under one of the rule's aliases, or none. */
export function levelOfFinding(
  rule: RuleDefinition,
  alias: string | undefined,
  levels: RuleLevels | undefined,
): Level {
  const own = alias === undefined ? undefined : levels?.get(partKey(rule.id, alias));
  return own ?? levelOfRule(rule, levels);
}

/** True when nothing that the rule could find is wanted. */
export function isOff(rule: RuleDefinition, levels: RuleLevels | undefined): boolean {
  if (levelOfRule(rule, levels) !== 'off') return false;
  return (rule.parts ?? []).every((alias) => levelOfFinding(rule, alias, levels) === 'off');
}

/** True for a finding of a run with `--only`; undefined = all. */
export function isAmong(only: ReadonlySet<string> | undefined, id: string, alias?: string): boolean {
  return only === undefined || only.has(id) || (alias !== undefined && only.has(partKey(id, alias)));
}

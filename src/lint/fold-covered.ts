import type { Finding } from './finding.ts';
import type { RuleDefinition } from './rule.ts';

interface Coverings {
  /** Of each rule that others cover, their ids. */
  readonly coveredBy: ReadonlyMap<string, readonly string[]>;
  /** The ids of those others. */
  readonly covering: ReadonlySet<string>;
}

const coverings = new WeakMap<readonly RuleDefinition[], Coverings>();

function coveringsAmong(rules: readonly RuleDefinition[]): Coverings {
  let found = coverings.get(rules);
  if (found === undefined) {
    const coveredBy = new Map(
      rules.flatMap((rule) => (rule.coveredBy === undefined ? [] : [[rule.id, rule.coveredBy] as const])),
    );
    found = { coveredBy, covering: new Set([...coveredBy.values()].flat()) };
    coverings.set(rules, found);
  }
  return found;
}

const key = ({ code, line }: Finding): string => `${code}@${line}`;

/**
 * Two rules that say the same of one line are one finding: the one that covers stays, under hadolint's code of the other too.
 * A finding whose like is not wanted there goes as well.
 */
export function foldCovered(
  findings: readonly Finding[],
  silent: readonly Finding[],
  rules: readonly RuleDefinition[],
): readonly Finding[] {
  if (findings.length + silent.length < 2) return findings;
  const { coveredBy, covering } = coveringsAmong(rules);
  // Of most files none is covered.
  const all = [...findings, ...silent];
  if (!all.some(({ code }) => coveredBy.has(code))) return findings;
  const present = new Set(all.filter(({ code }) => covering.has(code)).map(key));
  const unwanted = new Set(
    silent.flatMap(({ code, line }) => (coveredBy.get(code) ?? []).map((id) => `${id}@${line}`)),
  );
  const aliases = new Map<string, string>();
  const kept = findings.filter((finding) => {
    const { code, line } = finding;
    const covered = (coveredBy.get(code) ?? []).map((id) => `${id}@${line}`).filter((id) => present.has(id));
    if (/^DL\d+$/.test(code)) for (const id of covered) aliases.set(id, code);
    return covered.length === 0 && !unwanted.has(key(finding));
  });
  if (aliases.size === 0) return kept;
  return kept.map((finding) => {
    const alias = finding.alias ?? aliases.get(key(finding));
    return alias === undefined ? finding : { ...finding, alias };
  });
}

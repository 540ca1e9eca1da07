import type { Finding } from './finding.ts';
import type { RuleDefinition } from './rule.ts';

const coverings = new WeakMap<readonly RuleDefinition[], ReadonlyMap<string, readonly string[]>>();

/** Of each rule that others cover, their ids. */
function coveringRules(rules: readonly RuleDefinition[]): ReadonlyMap<string, readonly string[]> {
  let coveredBy = coverings.get(rules);
  if (coveredBy === undefined) {
    coveredBy = new Map(
      rules.flatMap((rule) => (rule.coveredBy === undefined ? [] : [[rule.id, rule.coveredBy] as const])),
    );
    coverings.set(rules, coveredBy);
  }
  return coveredBy;
}

/**
 * Two rules that say the same of one line are one finding: the one that covers stays, under hadolint's code of the other too.
 * A finding whose like is not wanted there goes as well.
 */
export function foldCovered(
  findings: readonly Finding[],
  silent: readonly Finding[],
  rules: readonly RuleDefinition[],
): Finding[] {
  if (findings.length + silent.length < 2) return [...findings];
  const coveredBy = coveringRules(rules);
  const key = ({ code, line }: Finding): string => `${code}@${line}`;
  const present = new Set([...findings, ...silent].map(key));
  const unwanted = new Set(
    silent.flatMap(({ code, line }) => (coveredBy.get(code) ?? []).map((id) => `${id}@${line}`)),
  );
  const aliases = new Map<string, string>();
  const kept = findings.filter((finding) => {
    const { code, line } = finding;
    const covering = (coveredBy.get(code) ?? []).map((id) => `${id}@${line}`).filter((id) => present.has(id));
    if (/^DL\d+$/.test(code)) for (const id of covering) aliases.set(id, code);
    return covering.length === 0 && !unwanted.has(key(finding));
  });
  if (aliases.size === 0) return kept;
  return kept.map((finding) => {
    const alias = finding.alias ?? aliases.get(key(finding));
    return alias === undefined ? finding : { ...finding, alias };
  });
}

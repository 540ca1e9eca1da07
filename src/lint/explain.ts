/** The texts of `--explain` and `--list-rules`. */
import { wrapWords } from '../text/wrap-words.ts';
import { resolveRules } from './config.ts';
import { builtInCodes } from './lint-file.ts';
import type { RuleDefinition } from './rule.ts';
import { ruleIdOf } from './rule-levels.ts';
// Not handed in by the command: built, it has rules without examples.
import { rules } from './rules/index.ts';

/** One rule for people: what, why, a bad and a good example. Sentences fit the columns. */
function explainRule(rule: RuleDefinition, columns: number): string {
  const wrap = (text: string): string => wrapWords(text, columns).join('\n');
  const bad = rule.cases.bad[0];
  const good = rule.cases.good[0];
  const alias = rule.aliases === undefined ? '' : ` (${rule.aliases.join(', ')})`;
  const parts = [
    `${rule.id} ${rule.name}${alias}\n${rule.severity}, ${scope(rule)}${rule.optIn === true ? ', off by default' : ''}`,
    wrap(rule.docs.summary),
    wrap(rule.docs.why),
    ...(rule.docs.windows === undefined ? [] : [wrap(`On Windows: ${rule.docs.windows}`)]),
    ...(bad === undefined ? [] : [`Bad:\n${indent(bad.text)}`]),
    ...(good === undefined ? [] : [`Good:\n${indent(typeof good === 'string' ? good : good.text)}`]),
    ...(rule.cases.bad.some(({ fixed }) => fixed !== undefined) ? ['Fixable with --fix.'] : []),
    ...((rule.docs.see?.length ?? 0) > 0 ? [`See:\n${indent(rule.docs.see!.join('\n'))}`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Undefined for a code that no built-in check has. */
function explainBuiltIn(id: string): string | undefined {
  const code = builtInCodes.find((candidate) => candidate.id === id);
  return code === undefined
    ? undefined
    : `${code.id} ${code.name}\n${code.severity}, every stage\n\n${code.summary}\n`;
}

/** All that `name` means. Throws `LintUsageError` for a name that no rule has. */
export function explainNamed(name: string, columns: number): string {
  return resolveRules(name, rules)
    .map((key) => {
      const id = ruleIdOf(key);
      const rule = rules.find((candidate) => candidate.id === id);
      return rule === undefined ? (explainBuiltIn(id) ?? '') : explainRule(rule, columns);
    })
    .join('\n');
}

/** What `--list-rules --json` gives. */
export function ruleSummaries(): object[] {
  return rules.map(({ id, name, severity, docs }) => ({ id, name, severity, ...docs }));
}

/** One line a rule: code, level, name, summary. */
export function listRules(): string {
  const rows = [
    ...rules.map(({ id, severity, name, docs }) => ({ id, severity, name, summary: docs.summary })),
    ...builtInCodes,
  ].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map(
      ({ id, severity, name, summary }) =>
        `${id.padEnd(7)} ${severity.padEnd(8)} ${name.padEnd(width)}  ${summary}\n`,
    )
    .join('');
}

function scope({ platform }: RuleDefinition): string {
  return platform === 'any' ? 'every stage' : `${platform === 'windows' ? 'Windows' : 'Linux'} stages`;
}

function indent(text: string): string {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

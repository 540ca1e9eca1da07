/** A rule for hover and completion of suppression comments, as Markdown. */
import { builtInCodes } from '../lint/lint-file.ts';
import type { RuleDefinition } from '../lint/rule.ts';

/** By id, name or alias, whatever the case. */
export function ruleNamed(name: string, rules: readonly RuleDefinition[]): RuleDefinition | undefined {
  const wanted = name.toLowerCase();
  return rules.find(({ id, name: own, aliases = [] }) =>
    [id, own, ...aliases].some((one) => one.toLowerCase() === wanted),
  );
}

/** Undefined when no rule and no built-in check has that name. */
export function ruleText(name: string, rules: readonly RuleDefinition[]): string | undefined {
  const rule = ruleNamed(name, rules);
  if (rule === undefined) {
    const code = builtInCodes.find(({ id, name: own }) =>
      [id.toLowerCase(), own].includes(name.toLowerCase()),
    );
    return code && `**${code.id} ${code.name}** (${code.severity})\n\n${code.summary}`;
  }
  const { id, severity, docs, cases } = rule;
  const bad = cases.bad[0];
  return [
    `**${id} ${rule.name}** (${severity})`,
    docs.summary,
    docs.why,
    ...(docs.windows === undefined ? [] : [`On Windows: ${docs.windows}`]),
    ...(bad === undefined ? [] : [`Reported:\n\n\`\`\`dockerfile\n${bad.text.replace(/\n$/, '')}\n\`\`\``]),
  ].join('\n\n');
}

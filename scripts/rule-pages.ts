/** The rule reference: `docs/lint/ID.md` for every rule and check, and an index, made from the rule objects alone. */
import { builtInCodes } from '../src/lint/lint-file.ts';
import type { BadCase, GoodCase, RuleDefinition, Severity } from '../src/lint/rule.ts';

/** What the checks that no rule file makes are about, for their pages. */
const builtInTexts: Readonly<Record<string, readonly string[]>> = {
  PH001: [
    'The parser refuses the line, in the words that the builder would use; a build stops at the first such line. The rest of the file is analysed all the same.',
    'It cannot be ignored by a comment: a build would fail whatever the comment says.',
  ],
  PH002: [
    'A comment or directive ignores a rule that does not report anything there, or that does not exist. Such comments hide the next real finding: remove them.',
    'Codes of rules that a run leaves out, and those of shell linters (`SC1234`), are not judged.',
  ],
};

const scopes = { any: 'every stage', windows: 'Windows stages', linux: 'Linux stages' } as const;

/** File name -> text, sorted by name. `README.md` is the index. */
export function rulePages(rules: readonly RuleDefinition[]): ReadonlyMap<string, string> {
  const pages = new Map<string, string>([['README.md', indexPage(rules)]]);
  for (const rule of rules) pages.set(`${rule.id}.md`, rulePage(rule, rules));
  for (const code of builtInCodes) {
    const facts = [`| Level | ${code.severity} |`, '| Applies to | every file |'];
    const paragraphs = [code.summary, table(facts), ...(builtInTexts[code.id] ?? [])];
    pages.set(`${code.id}.md`, page(`${code.id} ${code.name}`, paragraphs));
  }
  return new Map([...pages].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function rulePage(rule: RuleDefinition, rules: readonly RuleDefinition[]): string {
  const { docs, cases } = rule;
  const bad = plainFirst(cases.bad);
  const good = plainFirst(cases.good.map((one) => (typeof one === 'string' ? { text: one } : one)));
  const fixed = cases.bad.find((one) => one.fixed !== undefined);
  const covering = rules.filter(({ id }) => rule.coveredBy?.includes(id));
  const facts = [
    `| Level | ${rule.severity} |`,
    `| Applies to | ${scopes[rule.platform]} |`,
    ...((rule.aliases?.length ?? 0) > 0 ? [`| Other names | ${rule.aliases!.map(code).join(', ')} |`] : []),
    `| On by default | ${rule.optIn === true ? `no: \`--rule ${rule.id}\` turns it on` : 'yes'} |`,
    `| Fixed by \`--fix\` | ${fixed === undefined ? 'no' : 'yes, where it is safe'} |`,
  ];
  return page(`${rule.id} ${rule.name}`, [
    sentence(docs.summary),
    table(facts),
    sentence(docs.why),
    ...(docs.windows === undefined ? [] : [`**On Windows:** ${sentence(docs.windows)}`]),
    ...(bad === undefined ? [] : ['## Bad', ...example(bad), reported(bad)]),
    ...(good === undefined ? [] : ['## Good', ...example(good)]),
    ...(fixed === undefined
      ? []
      : fixed === bad
        ? ['## What `--fix` makes of the bad one', fence(fixed.fixed!)]
        : ['## Fix', 'Before:', ...example(fixed), 'After `--fix`:', fence(fixed.fixed!)]),
    '## Ignore it',
    fence(`# porthole ignore=${rule.id}\nthe instruction below\n`),
    `\`# porthole global ignore=${rule.id}\` ignores it in the whole file.`,
    ...(covering.length === 0
      ? []
      : [
          `Where ${covering.map(({ id }) => `[${id}](${id}.md)`).join(' or ')} reports the same line, this rule stays silent.`,
        ]),
    ...seeAlso(rule),
  ]);
}

function seeAlso({ url, docs }: RuleDefinition): string[] {
  const all = [...(url === undefined ? [] : [`<${url}>`]), ...(docs.see ?? [])];
  return all.length === 0 ? [] : ['## See also', all.map((one) => `- ${link(one)}`).join('\n')];
}

const link = (text: string): string => (/^https?:\/\/\S+$/.test(text) ? `<${text}>` : text);
const code = (text: string): string => `\`${text}\``;
const sentence = (text: string): string => (/[.:!?]$/.test(text) ? text : `${text}.`);

/** The first case that needs no options, which a page could not show as a file. */
function plainFirst<T extends BadCase | GoodCase>(cases: readonly T[]): T | undefined {
  return cases.find(({ options }) => options === undefined) ?? cases[0];
}

function example(one: BadCase | GoodCase): string[] {
  const options = Object.entries(one.options ?? {}).map(
    ([name, value]) => `\`${name}\` = \`${JSON.stringify(value)}\``,
  );
  const utf16 = 'utf16' in one && one.utf16 === true ? ['The file is UTF-16.'] : [];
  return [...(options.length > 0 ? [`With ${options.join(', ')}:`] : []), ...utf16, fence(one.text)];
}

function reported({ lines }: BadCase): string {
  const unique = [...new Set(lines)];
  if (unique.length === 0) return 'Reported for the file.';
  return unique.length === 1 ? `Reported on line ${unique[0]}.` : `Reported on lines ${unique.join(', ')}.`;
}

/** Longer fences where the text has some itself; carriage returns and marks are made visible. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const marks = '`'.repeat(longest + 1);
  const shown = text
    .replace(/\n$/, '')
    .replaceAll('\r', '␍')
    .replaceAll('\uFEFF', '␣')
    .replace(/[^\S\n]+$/gm, (blanks) => '·'.repeat(blanks.length));
  return `${marks}dockerfile\n${shown}\n${marks}`;
}

const table = (rows: readonly string[]): string => ['| | |', '|---|---|', ...rows].join('\n');

function page(title: string, paragraphs: readonly string[]): string {
  return `# ${title}\n\n${paragraphs.join('\n\n')}\n\n[All rules](README.md)\n`;
}

const levels: readonly Severity[] = ['error', 'warning', 'info', 'style'];

const families: readonly { readonly prefix: string; readonly title: string }[] = [
  { prefix: 'PW', title: 'Windows' },
  { prefix: 'BK', title: "BuildKit's checks" },
  { prefix: 'DL', title: "hadolint's rules" },
  { prefix: 'SC', title: 'Shell scripts' },
  { prefix: 'PH', title: 'Checks of the linter itself' },
];

function indexPage(rules: readonly RuleDefinition[]): string {
  const all = [
    ...rules.map((rule) => ({
      id: rule.id,
      name: rule.name,
      severity: rule.severity,
      summary: rule.docs.summary,
      notes: [
        ...(rule.platform === 'any' ? [] : [rule.platform === 'windows' ? 'Windows' : 'Linux']),
        ...(rule.cases.bad.some(({ fixed }) => fixed !== undefined) ? ['fix'] : []),
        ...(rule.optIn === true ? ['off by default'] : []),
      ],
    })),
    ...builtInCodes.map((one) => ({ ...one, notes: [] as string[] })),
  ].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const family = (id: string): string =>
    families.find(({ prefix }) => id.startsWith(prefix))?.title ?? 'Others';
  const titles = [...new Set([...families.map(({ title }) => title), 'Others'])];
  const sections = titles.flatMap((title) => {
    const rows = all
      .filter(({ id }) => family(id) === title)
      .map(
        ({ id, name, severity, summary, notes }) =>
          `| [${id}](${id}.md) | ${name} | ${severity} | ${cell(summary)} | ${notes.join(', ')} |`,
      );
    if (rows.length === 0) return [];
    return [`## ${title}`, ['| Code | Name | Level | | |', '|---|---|---|---|---|', ...rows].join('\n')];
  });
  const counts = levels.map((level) => `${all.filter(({ severity }) => severity === level).length} ${level}`);
  return `# Lint rules

The ${all.length} rules of \`porthole lint\` (by level: ${counts.join(', ')}). \`porthole lint --explain CODE\` prints the same in
the terminal. These pages are made from the rules by \`npm run docs\`; do not edit them.

${sections.join('\n\n')}
`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Runs rules over one file: pure, total, linear. */
import type { SourceRange, SourceText } from '../dockerfile/source.ts';
import { buildModel } from './build-model.ts';
import { compareFindings, place, ruleUrl, type Finding } from './finding.ts';
import { foldCovered } from './fold-covered.ts';
import type { LintFile } from './model.ts';
import { planProblems, type PlanProblem } from './plan-problems.ts';
import type { Report, RuleDefinition, RuleOptions, Severity } from './rule.ts';
import { isAmong, levelOfFinding, type Level } from './rule-levels.ts';
import {
  activeRules,
  reportsOf,
  type ActiveRules,
  type RuleReport,
  type Runner,
  type RuleSelection,
  type RuleSubject,
} from './rule-runners.ts';
import { namesOf, SuppressionIndex } from './suppression-index.ts';
import { checkOptions, readSuppressions, type Suppression } from './suppressions.ts';

export interface LintOptions extends RuleSelection {
  readonly name: string;
  readonly targetOs?: 'windows' | 'linux';
  readonly wasUtf16?: boolean;
  /** Escape character of a file without an `escape` directive. */
  readonly escape?: '\\' | '`';
  readonly rule?: Partial<RuleOptions>;
  /** False: suppression comments are not obeyed (`--no-inline`). */
  readonly obeyComments?: boolean;
  /** Replaces the file's `# check=` directive: BuildKit's BUILDKIT_DOCKERFILE_CHECK build argument. */
  readonly checkOverride?: string;
}

export const defaultRuleOptions: RuleOptions = {
  trustedRegistries: [],
  labelSchema: {},
  strictLabels: false,
  dockerignore: undefined,
  buildArgs: {},
  basePlatforms: {},
  targetPlatform: '',
  asOf: Number.POSITIVE_INFINITY,
};

/** What the builder itself refuses. */
export const problemCode = 'PH001';
const unusedCode = 'PH002';

/** Codes of findings that no rule file makes: what the parser refuses, and ignores that ignore nothing. */
export const builtInCodes = [
  {
    id: problemCode,
    name: 'dockerfile-error',
    aliases: ['DL1000'],
    severity: 'error',
    summary: 'The builder refuses this.',
  },
  {
    id: unusedCode,
    name: 'unused-ignore',
    aliases: [],
    severity: 'info',
    summary: 'An ignore comment that ignores nothing.',
  },
] as const;

const none: ReadonlySet<string> = new Set();

export interface LintResult {
  readonly file: LintFile;
  readonly findings: readonly Finding[];
  readonly planProblems: readonly PlanProblem[];
}

export interface LintInput {
  readonly source: SourceText;
  readonly options: LintOptions;
}

export function lintSource(
  source: SourceText,
  rules: readonly RuleDefinition[],
  options: LintOptions,
): LintResult {
  return lintSources([{ source, options }], rules)[0]!;
}

/** Several files together cost less than one after the other (`reportsOf`); in the order of `inputs`. */
export function lintSources(inputs: readonly LintInput[], rules: readonly RuleDefinition[]): LintResult[] {
  const prepared = inputs.map((input) => prepare(input, rules));
  // Settings differ by folder, and a comment may ask for experimental rules.
  const together = Map.groupBy(prepared, ({ active }) => active);
  const reports = new Map<Prepared, readonly RuleReport[]>();
  for (const [{ runners }, group] of together)
    for (const [at, found] of reportsOf(runners, group).entries()) reports.set(group[at]!, found);
  return prepared.map((one) => conclude(one, reports.get(one)!, rules));
}

/** A file that the rules have not been asked about yet. */
interface Prepared extends RuleSubject {
  readonly input: LintInput;
  readonly active: ActiveRules;
  /** A comment of the file turns BuildKit's checks off. */
  readonly skipsChecks: boolean;
}

function prepare(input: LintInput, rules: readonly RuleDefinition[]): Prepared {
  const { source, options } = input;
  const ruleOptions: RuleOptions = { ...defaultRuleOptions, ...options.rule };
  const file = buildModel(source, {
    name: options.name,
    buildArgs: ruleOptions.buildArgs,
    ...(options.targetOs === undefined ? {} : { targetOs: options.targetOs }),
    ...(options.wasUtf16 === undefined ? {} : { wasUtf16: options.wasUtf16 }),
    ...(options.escape === undefined ? {} : { escape: options.escape }),
  });
  const check = checkOptions(file.dockerfile.tree, options.checkOverride);
  const active = activeRules(rules, options, check.experimentalAll ? 'all' : check.experimental);
  const skipsChecks = options.obeyComments !== false && check.skipAll;
  return { input, file, options: ruleOptions, active, skipsChecks };
}

function conclude(
  { input, file, active, skipsChecks }: Prepared,
  reports: readonly RuleReport[],
  rules: readonly RuleDefinition[],
): LintResult {
  const { source, options } = input;
  const { tree } = file.dockerfile;
  const suppressions = options.obeyComments === false ? [] : readSuppressions(tree, options.checkOverride);
  const silencing = new SuppressionIndex(suppressions);
  const findings: Finding[] = [];
  /** Not wanted, by comments or settings. */
  const silent: Finding[] = [];
  for (const { runner, report } of reports) {
    const level = runner.level ?? levelOfPart(runner.rule, report.alias, options);
    const finding = toFinding(report, runner, level === 'off' ? runner.rule.severity : level, file);
    const silenced = level !== 'off' && silencing.silences(runner.rule, finding.line, report);
    const wanted = level !== 'off' && !silenced && !(skipsChecks && runner.id.startsWith('BK'));
    (wanted ? findings : silent).push(finding);
  }
  const problemLevel = options.severities?.get(problemCode) ?? 'error';
  const planned = planProblems(file);
  const refused = [...file.dockerfile.problems, ...planned.filter(({ forBuildKit }) => !forBuildKit)];
  for (const problem of problemLevel === 'off' ? [] : refused) {
    const start = source.position(problem.range.start);
    const end = source.position(problem.range.end);
    findings.push({
      file: file.name,
      ...place(start, end),
      range: problem.range,
      level: problemLevel as Severity,
      code: problemCode,
      alias: 'DL1000',
      name: 'dockerfile-error',
      message: problem.message,
      url: ruleUrl(problemCode),
    });
  }
  const unusedLevel =
    options.only?.has(unusedCode) === false ? 'off' : (options.severities?.get(unusedCode) ?? 'info');
  const known = suppressions.length === 0 ? none : new Set(rules.flatMap(namesOf));
  const ran =
    suppressions.length === 0 ? none : new Set(active.rules.flatMap((rule) => namesThatRan(rule, options)));
  for (const suppression of suppressions) {
    if (unusedLevel === 'off') break;
    const name = suppression.rule.toLowerCase();
    // An ignore of a rule that this run left out may well be needed; one of a shell linter's is not ours to judge.
    if (
      silencing.used.has(suppression) ||
      (name === 'all' && suppression.origin === 'check') ||
      (known.has(name) && !ran.has(name)) ||
      /^sc\d+$/.test(name)
    )
      continue;
    findings.push(unusedIgnore(suppression, known.has(name), unusedLevel, source, file.name));
  }
  const folded = options.foldCovered === false ? findings : foldCovered(findings, silent, rules);
  return { file, findings: folded.toSorted(compareFindings), planProblems: planned };
}

/** The names of an active rule under which this run could have found something. */
function namesThatRan(rule: RuleDefinition, { only, severities }: LintOptions): readonly string[] {
  const left = (rule.parts ?? []).filter(
    (part) => !isAmong(only, rule.id, part) || levelOfFinding(rule, part, severities) === 'off',
  );
  if (left.length === 0) return namesOf(rule);
  const without = new Set(left.map((part) => part.toLowerCase()));
  return namesOf(rule).filter((name) => !without.has(name));
}

/** Of a finding of a rule that has parts. */
function levelOfPart(
  rule: RuleDefinition,
  alias: string | undefined,
  { only, severities }: LintOptions,
): Level {
  return isAmong(only, rule.id, alias) ? levelOfFinding(rule, alias, severities) : 'off';
}

function toFinding(report: Report, runner: Runner, level: Severity, file: LintFile): Finding {
  const start = file.source.position(report.range.start);
  const end = file.source.position(endOfText(report.range, file.source));
  const line = report.line ?? start.line;
  const alias = report.alias ?? runner.alias;
  return {
    file: file.name,
    line,
    column: line === start.line ? start.column : 1,
    endLine: Math.max(line, end.line),
    endColumn: end.column,
    range: report.range,
    level,
    code: runner.id,
    ...(alias === undefined ? undefined : { alias }),
    name: runner.name,
    message: report.message,
    url: runner.url,
    ...(report.fix === undefined ? undefined : { fix: report.fix }),
  };
}

/** Without the line end that a whole instruction has: the line below is no part of it. */
function endOfText({ start, end }: SourceRange, { text }: SourceText): number {
  let at = Math.max(start, end);
  while (at > start && (text[at - 1] === '\n' || text[at - 1] === '\r')) at--;
  return at;
}

function unusedIgnore(
  suppression: Suppression,
  known: boolean,
  level: Severity,
  source: SourceText,
  file: string,
): Finding {
  const builtIn = builtInCodes.some(({ id, name }) =>
    [id.toLowerCase(), name].includes(suppression.rule.toLowerCase()),
  );
  return {
    file,
    ...place(source.position(suppression.range.start), source.position(suppression.range.end)),
    range: suppression.range,
    level,
    code: unusedCode,
    name: 'unused-ignore',
    message: builtIn
      ? `${suppression.rule} cannot be ignored by a comment`
      : known
        ? `${suppression.rule} is ignored here but does not fire`
        : `${suppression.rule} is ignored here but no rule has that name`,
    url: ruleUrl(unusedCode),
  };
}

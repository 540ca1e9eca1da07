/** Runs rules over one file: pure, total, linear. */
import type { SourceRange, SourceText } from '../dockerfile/source.ts';
import { buildModel } from './build-model.ts';
import { compareFindings, place, type Finding } from './finding.ts';
import type { StageInstruction } from '../dockerfile/instructions.ts';
import type { LintFile, LintStage } from './model.ts';
import type { Report, RuleContext, RuleDefinition, RuleOptions, Severity } from './rule.ts';
import { planProblems } from './plan-problems.ts';
import { isAmong, isOff, levelOfFinding, levelOfRule, type Level, type RuleLevels } from './rule-levels.ts';
import { namesOf, SuppressionIndex } from './suppression-index.ts';
import { checkOptions, readSuppressions, type Suppression } from './suppressions.ts';

export interface LintOptions {
  readonly name: string;
  readonly targetOs?: 'windows' | 'linux';
  readonly wasUtf16?: boolean;
  /** Escape character of a file without an `escape` directive. */
  readonly escape?: '\\' | '`';
  /** Win over the rules' own. */
  readonly severities?: RuleLevels;
  /** Keys (`rule-levels.ts`) of what to run; undefined = all that are not opt-in. */
  readonly only?: ReadonlySet<string>;
  /** Opt-in rules to run besides. */
  readonly enabled?: ReadonlySet<string>;
  readonly rule?: Partial<RuleOptions>;
  /** False for tools that compare with one reference: rules that another one covers still report. */
  readonly foldCovered?: boolean;
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
}

export function lintSource(
  source: SourceText,
  rules: readonly RuleDefinition[],
  options: LintOptions,
): LintResult {
  const ruleOptions: RuleOptions = { ...defaultRuleOptions, ...options.rule };
  const file = buildModel(source, {
    name: options.name,
    buildArgs: ruleOptions.buildArgs,
    ...(options.targetOs === undefined ? {} : { targetOs: options.targetOs }),
    ...(options.wasUtf16 === undefined ? {} : { wasUtf16: options.wasUtf16 }),
    ...(options.escape === undefined ? {} : { escape: options.escape }),
  });
  const { tree } = file.dockerfile;
  const check = checkOptions(tree, options.checkOverride);
  const suppressions = options.obeyComments === false ? [] : readSuppressions(tree, options.checkOverride);
  const silencing = new SuppressionIndex(suppressions);
  const findings: Finding[] = [];
  /** Not wanted, by comments or settings. */
  const silent: Finding[] = [];
  const active = activeRules(rules, options, check.experimentalAll ? 'all' : check.experimental);
  const skipsChecks = options.obeyComments !== false && check.skipAll;
  for (const { runner, report } of reportsOf(active.runners, file, ruleOptions)) {
    const level = runner.level ?? levelOfPart(runner.rule, report.alias, options);
    const finding = toFinding(report, runner, level === 'off' ? runner.rule.severity : level, file);
    const silenced = level !== 'off' && silencing.silences(runner.rule, finding.line, report);
    const wanted = level !== 'off' && !silenced && !(skipsChecks && runner.id.startsWith('BK'));
    (wanted ? findings : silent).push(finding);
  }
  const problemLevel = options.severities?.get(problemCode) ?? 'error';
  const refused = [
    ...file.dockerfile.problems,
    ...planProblems(file).filter(({ forBuildKit }) => !forBuildKit),
  ];
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
  return { file, findings: folded.toSorted(compareFindings) };
}

function isActive(
  rule: RuleDefinition,
  options: LintOptions,
  experimental: 'all' | readonly string[],
): boolean {
  if (isOff(rule, options.severities)) return false;
  const { only } = options;
  if (only !== undefined)
    return [undefined, ...(rule.parts ?? [])].some((part) => isAmong(only, rule.id, part));
  if (rule.optIn !== true) return true;
  if (options.enabled?.has(rule.id) === true) return true;
  return experimental === 'all' || (rule.aliases ?? []).some((alias) => experimental.includes(alias));
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

/**
 * What running a rule takes, in objects of one shape: every rule has a shape of its own, and asking so many of them for the
 * same names again and again costs more than most rules do.
 */
interface Runner {
  readonly rule: RuleDefinition;
  readonly id: string;
  readonly check: RuleDefinition['check'];
  readonly stage: RuleDefinition['stage'];
  /** Of the findings; `off`: nobody wants to hear of them. Undefined when it depends on their alias. */
  readonly level: Level | undefined;
  readonly alias: string | undefined;
  readonly name: string;
  readonly url: string;
}

function runnerOf(rule: RuleDefinition, options: LintOptions): Runner {
  const { id, name, url = ruleUrl(id), check, stage, aliases, parts } = rule;
  return {
    rule,
    id,
    check,
    stage,
    level: parts === undefined ? levelOfRule(rule, options.severities) : undefined,
    alias: aliases?.find((alias) => /^DL\d+$/.test(alias)),
    name,
    url,
  };
}

/** Of a finding of a rule that has parts. */
function levelOfPart(
  rule: RuleDefinition,
  alias: string | undefined,
  { only, severities }: LintOptions,
): Level {
  return isAmong(only, rule.id, alias) ? levelOfFinding(rule, alias, severities) : 'off';
}

/** By what they look at: most rules have nothing to say of most stages. */
interface Runners {
  /** They have a `check`. */
  readonly files: readonly Runner[];
  readonly stages: Readonly<Record<LintStage['platform'], readonly StageRunners[]>>;
}

/** Those whose `stage` concerns the same instructions. */
interface StageRunners {
  /** Bits of the instructions. */
  readonly kinds: number;
  readonly runners: readonly Runner[];
}

const allKinds = -1;

function runnersOf(all: readonly Runner[]): Runners {
  const stagesOf = (platform: LintStage['platform']): StageRunners[] => {
    const chosen = all.filter(
      ({ rule, stage }) => stage !== undefined && (rule.platform === 'any' || rule.platform === platform),
    );
    const groups = Map.groupBy(
      chosen,
      ({ rule }) => rule.instructions?.reduce((bits, kind) => bits | bitOf(kind), 0) ?? allKinds,
    );
    return Array.from(groups, ([kinds, runners]) => ({ kinds, runners }));
  };
  return {
    files: all.filter(({ check }) => check !== undefined),
    stages: { windows: stagesOf('windows'), linux: stagesOf('linux') },
  };
}

const kindBits = new Map<StageInstruction['kind'], number>();

/** There are fewer kinds than bits. */
function bitOf(kind: StageInstruction['kind']): number {
  let bit = kindBits.get(kind);
  if (bit === undefined) kindBits.set(kind, (bit = 1 << kindBits.size));
  return bit;
}

function kindsOf(instructions: readonly StageInstruction[]): number {
  let bits = 0;
  for (const { kind } of instructions) bits |= bitOf(kind);
  return bits;
}

interface RuleReport {
  readonly runner: Runner;
  readonly report: Report;
}

/** What the rules say of the file, in no order that means anything. */
function reportsOf(runners: Runners, file: LintFile, options: RuleOptions): readonly RuleReport[] {
  const reports: RuleReport[] = [];
  let runner!: Runner;
  const context: RuleContext = { file, options, report: (report) => void reports.push({ runner, report }) };
  for (runner of runners.files) runner.check!(context);
  for (const stage of file.stages) {
    const present = kindsOf(stage.stage.instructions);
    for (const { kinds, runners: group } of runners.stages[stage.platform]) {
      if (kinds !== allKinds && (kinds & present) === 0) continue;
      // By number: very many turns, each of which an iterator would make an object for.
      for (let at = 0; at < group.length; at++) {
        runner = group[at]!;
        runner.stage!(stage, context);
      }
    }
  }
  return reports;
}

interface Selection {
  readonly rules: readonly RuleDefinition[];
  readonly options: LintOptions;
  readonly active: ActiveRules;
}

interface ActiveRules {
  readonly rules: readonly RuleDefinition[];
  readonly runners: Runners;
}

let lastSelection: Selection | undefined;

/** The files of a run nearly always share their settings: the rules are chosen once. */
function activeRules(
  rules: readonly RuleDefinition[],
  options: LintOptions,
  experimental: 'all' | readonly string[],
): ActiveRules {
  const { severities, only, enabled } = options;
  const plain = experimental.length === 0;
  if (
    plain &&
    lastSelection?.rules === rules &&
    lastSelection.options.severities === severities &&
    lastSelection.options.only === only &&
    lastSelection.options.enabled === enabled &&
    lastSelection.options.foldCovered === options.foldCovered
  ) {
    return lastSelection.active;
  }
  const chosen = rules.filter((rule) => isActive(rule, options, experimental));
  const all = [...chosen, ...silentPartners(rules, options)].map((rule) => runnerOf(rule, options));
  const active = { rules: chosen, runners: runnersOf(all) };
  if (plain) lastSelection = { rules, options, active };
  return active;
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

/** The rule's page in this package, generated from the rule object: a URI reference relative to the repository. */
export function ruleUrl(id: string): string {
  return `docs/lint/${id}.md`;
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

/** Rules that are off and say the same as another one: who does not want to hear it from one does not from the other. */
function silentPartners(rules: readonly RuleDefinition[], options: LintOptions): RuleDefinition[] {
  if (options.only !== undefined || options.foldCovered === false || options.severities === undefined)
    return [];
  const off = rules.filter((rule) => rule.optIn !== true && isOff(rule, options.severities));
  if (off.length === 0) return [];
  const covering = new Set(rules.flatMap(({ coveredBy = [] }) => coveredBy));
  return off.filter(({ id, coveredBy }) => coveredBy !== undefined || covering.has(id));
}

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
function foldCovered(
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

/** Which rules a run asks, and asking them: only those that a file and its stages concern. */
import type { StageInstruction } from '../dockerfile/instructions.ts';
import { ruleUrl } from './finding.ts';
import type { LintFile, LintStage } from './model.ts';
import type { Report, RuleContext, RuleDefinition, RuleOptions } from './rule.ts';
import { isAmong, isOff, levelOfRule, type Level, type RuleLevels } from './rule-levels.ts';

export interface RuleSelection {
  /** Win over the rules' own. */
  readonly severities?: RuleLevels;
  /** Keys (`rule-levels.ts`) of what to run; undefined = all that are not opt-in. */
  readonly only?: ReadonlySet<string>;
  /** Opt-in rules to run besides. */
  readonly enabled?: ReadonlySet<string>;
  /** False for tools that compare with one reference: rules that another one covers still report. */
  readonly foldCovered?: boolean;
}

export interface ActiveRules {
  readonly rules: readonly RuleDefinition[];
  readonly runners: Runners;
}

let last:
  | {
      readonly rules: readonly RuleDefinition[];
      readonly selection: RuleSelection;
      readonly active: ActiveRules;
    }
  | undefined;

/** The files of a run nearly always share their settings: the rules are chosen once. */
export function activeRules(
  rules: readonly RuleDefinition[],
  selection: RuleSelection,
  experimental: 'all' | readonly string[],
): ActiveRules {
  const { severities, only, enabled } = selection;
  const plain = experimental.length === 0;
  if (
    plain &&
    last?.rules === rules &&
    last.selection.severities === severities &&
    last.selection.only === only &&
    last.selection.enabled === enabled &&
    last.selection.foldCovered === selection.foldCovered
  ) {
    return last.active;
  }
  const chosen = rules.filter((rule) => isActive(rule, selection, experimental));
  const all = [...chosen, ...silentPartners(rules, selection)].map((rule) => runnerOf(rule, selection));
  const active = { rules: chosen, runners: runnersOf(all) };
  if (plain) last = { rules, selection, active };
  return active;
}

function isActive(
  rule: RuleDefinition,
  { severities, only, enabled }: RuleSelection,
  experimental: 'all' | readonly string[],
): boolean {
  if (isOff(rule, severities)) return false;
  if (only !== undefined)
    return [undefined, ...(rule.parts ?? [])].some((part) => isAmong(only, rule.id, part));
  if (rule.optIn !== true) return true;
  if (enabled?.has(rule.id) === true) return true;
  return experimental === 'all' || (rule.aliases ?? []).some((alias) => experimental.includes(alias));
}

/** Rules that are off and say the same as another one: who does not want to hear it from one does not from the other. */
function silentPartners(
  rules: readonly RuleDefinition[],
  { severities, only, foldCovered }: RuleSelection,
): RuleDefinition[] {
  if (only !== undefined || foldCovered === false || severities === undefined) return [];
  const off = rules.filter((rule) => rule.optIn !== true && isOff(rule, severities));
  if (off.length === 0) return [];
  const covering = new Set(rules.flatMap(({ coveredBy = [] }) => coveredBy));
  return off.filter(({ id, coveredBy }) => coveredBy !== undefined || covering.has(id));
}

/**
 * What running a rule takes, in objects of one shape: every rule has a shape of its own, and asking so many of them for the
 * same names again and again costs more than most rules do.
 */
export interface Runner {
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

function runnerOf(rule: RuleDefinition, { severities }: RuleSelection): Runner {
  const { id, name, url = ruleUrl(id), check, stage, aliases, parts } = rule;
  return {
    rule,
    id,
    check,
    stage,
    level: parts === undefined ? levelOfRule(rule, severities) : undefined,
    alias: aliases?.find((alias) => /^DL\d+$/.test(alias)),
    name,
    url,
  };
}

/** By what they look at: most rules have nothing to say of most stages. */
export interface Runners {
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

export interface RuleReport {
  readonly runner: Runner;
  readonly report: Report;
}

export interface RuleSubject {
  readonly file: LintFile;
  readonly options: RuleOptions;
}

/**
 * What the rules say of each file, in no order that means anything. Rule by rule, not file by file: the code of all rules is far
 * more than a processor's caches hold, and a rule's stays there while the next files are asked.
 */
export function reportsOf(runners: Runners, subjects: readonly RuleSubject[]): readonly RuleReport[][] {
  let runner!: Runner;
  const reports: RuleReport[][] = [];
  const contexts = subjects.map(({ file, options }): RuleContext => {
    const found: RuleReport[] = [];
    reports.push(found);
    return { file, options, report: (report) => void found.push({ runner, report }) };
  });
  for (runner of runners.files) {
    const check = runner.check!;
    // By number, and with nothing looked up: very many turns, each of which does little.
    for (let at = 0; at < contexts.length; at++) check(contexts[at]!);
  }
  const stages = contexts.flatMap((context) =>
    context.file.stages.map((stage) => ({ stage, context, present: kindsOf(stage.stage.instructions) })),
  );
  for (const platform of ['windows', 'linux'] as const) {
    const ofPlatform = stages.filter(({ stage }) => stage.platform === platform);
    if (ofPlatform.length === 0) continue;
    for (const { kinds, runners: group } of runners.stages[platform]) {
      const concerned =
        kinds === allKinds ? ofPlatform : ofPlatform.filter(({ present }) => (kinds & present) !== 0);
      const concernedStages = concerned.map(({ stage }) => stage);
      const theirContexts = concerned.map(({ context }) => context);
      for (let of = 0; of < group.length; of++) {
        runner = group[of]!;
        const work = runner.stage!;
        for (let at = 0; at < concernedStages.length; at++) work(concernedStages[at]!, theirContexts[at]!);
      }
    }
  }
  return reports;
}

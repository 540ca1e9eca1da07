/** What has a name in a Dockerfile, where it gets it and where it is used: stages, and variables of ARG and ENV. */
import { variableUses, type EscapeCharacter } from '../dockerfile/expand.ts';
import type { StageInstruction } from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import type { SourceRange } from '../dockerfile/source.ts';
import { variableKey, type TargetOs } from '../dockerfile/variables.ts';
import { expandedFlags, expandedWords } from '../lint/expanded-words.ts';
import type { LintFile, LintInstruction, LintStage, Shell } from '../lint/model.ts';

export interface StageUse {
  /** Index of the stage that is meant. */
  readonly stage: number;
  readonly range: SourceRange;
  /** Written as the stage's number. */
  readonly byNumber: boolean;
}

export interface VariableDefinition {
  readonly name: string;
  readonly kind: 'arg' | 'env';
  /** Undefined: an ARG above the first FROM. */
  readonly stage: number | undefined;
  readonly range: SourceRange;
  /** As written; undefined for an ARG without a default. */
  readonly value: string | undefined;
  /** Where the instruction begins: visible from the next one on. */
  readonly at: number;
}

export interface VariableUse {
  readonly name: string;
  /** The whole use: `${name:-x}`. */
  readonly range: SourceRange;
  /** Undefined: in FROM or in an ARG above the first one. */
  readonly stage: number | undefined;
  readonly at: number;
  /** `shell`: in the text of a RUN, where the shell looks it up in the environment. */
  readonly by: 'builder' | 'shell';
}

export class Names {
  readonly stageUses: readonly StageUse[];
  readonly definitions: readonly VariableDefinition[];
  readonly uses: readonly VariableUse[];
  readonly #stages: readonly LintStage[];

  constructor(
    stages: readonly LintStage[],
    stageUses: readonly StageUse[],
    definitions: readonly VariableDefinition[],
    uses: readonly VariableUse[],
  ) {
    this.#stages = stages;
    this.stageUses = stageUses;
    this.definitions = definitions;
    this.uses = uses;
  }

  /** Definitions that an instruction of `stage` at `at` sees, the nearest first, each name once; global ARGs for no stage. */
  visible(stage: number | undefined, at: number): VariableDefinition[] {
    const found = new Map<string, VariableDefinition>();
    if (stage === undefined) {
      for (const one of this.definitions) {
        if (one.stage === undefined && one.at < at) found.set(one.name, one);
      }
      return [...found.values()].reverse();
    }
    let limit = at;
    for (let index: number | undefined = stage; index !== undefined;) {
      const os: TargetOs = this.#stages[index]?.platform ?? 'linux';
      for (const one of this.definitions.filter((each) => each.stage === index).reverse()) {
        const key = variableKey(one.name, os);
        if (one.at < limit && !found.has(key)) found.set(key, one);
      }
      limit = Infinity;
      index = this.#stages[index]?.base.stage;
    }
    return [...found.values()];
  }

  /** Where a use gets its value: the nearest definition, and the global ARG behind an ARG without a default. */
  definitionsOf(use: Pick<VariableUse, 'name' | 'stage' | 'at'>): VariableDefinition[] {
    const os: TargetOs = use.stage === undefined ? 'linux' : (this.#stages[use.stage]?.platform ?? 'linux');
    const wanted = variableKey(use.name, os);
    const nearest = this.visible(use.stage, use.at).find(({ name }) => variableKey(name, os) === wanted);
    if (nearest === undefined) return [];
    if (nearest.kind !== 'arg' || nearest.value !== undefined || nearest.stage === undefined)
      return [nearest];
    const global = this.definitions.find(({ stage, name }) => stage === undefined && name === nearest.name);
    return global === undefined ? [nearest] : [nearest, global];
  }

  /** Everything that means the same variable as `definition`. */
  usesOf(definition: VariableDefinition): VariableUse[] {
    const wanted = definition.name.toUpperCase();
    return this.uses.filter(
      (use) => use.name.toUpperCase() === wanted && this.definitionsOf(use).includes(definition),
    );
  }
}

export function collectNames(file: LintFile): Names {
  const stageUses: StageUse[] = [];
  const definitions: VariableDefinition[] = [];
  const uses: VariableUse[] = [];
  const { escape } = file.dockerfile.tree;
  const addUses = (word: MappedText | undefined, stage: number | undefined, at: number): void => {
    if (word !== undefined) uses.push(...usesInWord(word, escape, stage, at));
  };

  for (const { node, args } of file.dockerfile.globalArgs) {
    for (const { name, value } of args) {
      definitions.push(definition('arg', undefined, name, value, node.range.start));
      addUses(value, undefined, node.range.start);
    }
  }
  for (const stage of file.stages) {
    const { from, base } = stage;
    addUses(from.image, undefined, from.node.range.start);
    addUses(from.platform, undefined, from.node.range.start);
    // A name that a variable holds is no place to jump from or to rename.
    if (base.stage !== undefined && from.image.text.toLowerCase() === file.stages[base.stage]?.name) {
      stageUses.push({ stage: base.stage, range: from.image.range(), byNumber: false });
    }
    for (const context of stage.instructions) {
      const { instruction } = context;
      const at = instruction.node.range.start;
      for (const word of [...expandedWords(instruction), ...expandedFlags(instruction)])
        addUses(word, stage.index, at);
      if (instruction.kind === 'arg') {
        for (const { name, value } of instruction.args) {
          definitions.push(definition('arg', stage.index, name, value, at));
        }
      }
      if (instruction.kind === 'env') {
        for (const { key, value } of instruction.pairs) {
          definitions.push(definition('env', stage.index, key, value, at));
        }
      }
      uses.push(...usesInShell(context, stage.index, file.source.text));
      stageUses.push(...stagesIn(instruction, stage.index, file.stages));
      if (context.onbuild) stageUses.push(...stagesIn(context.onbuild, stage.index, file.stages));
    }
  }
  return new Names(file.stages, stageUses, definitions, uses);
}

function definition(
  kind: 'arg' | 'env',
  stage: number | undefined,
  name: MappedText,
  value: MappedText | undefined,
  at: number,
): VariableDefinition {
  return { kind, stage, name: name.text, range: name.range(), value: value?.text, at };
}

/** `--from=build`, `--from=0`, `--mount=from=build`. Only stages above can be meant. */
function stagesIn(instruction: StageInstruction, index: number, stages: readonly LintStage[]): StageUse[] {
  const words: MappedText[] = [];
  if (instruction.kind === 'copy' && instruction.from) words.push(instruction.from);
  if (instruction.kind === 'run') {
    for (const { text } of instruction.mounts) {
      const match = /(?:^|,)from=([^,]+)/i.exec(text.text);
      if (match)
        words.push(
          text.slice(match.index + match[0].length - match[1]!.length, match.index + match[0].length),
        );
    }
  }
  return words.flatMap((word) => {
    const stage = stageNamed(word.text, index, stages);
    return stage === undefined ? [] : [{ ...stage, range: word.range() }];
  });
}

/** The last stage before `below` of that name, or of that number. */
export function stageNamed(
  text: string,
  below: number,
  stages: readonly LintStage[],
): { stage: number; byNumber: boolean } | undefined {
  const earlier = stages.slice(0, below);
  const named = earlier.findLast(({ name }) => name !== '' && name === text.toLowerCase());
  if (named) return { stage: named.index, byNumber: false };
  if (!/^\d+$/.test(text) || Number(text) >= below) return undefined;
  return { stage: Number(text), byNumber: true };
}

function usesInWord(
  word: MappedText,
  escape: EscapeCharacter,
  stage: number | undefined,
  at: number,
): VariableUse[] {
  return variableUses(word.text, escape).map(({ name, start, end }) => ({
    name,
    range: word.range(start, end),
    stage,
    at,
    by: 'builder',
  }));
}

const shellVariables: Readonly<Record<Shell, RegExp | undefined>> = {
  cmd: /%([A-Za-z_]\w*)(?::[^%\n]*)?%/g,
  powershell: /\$(?:\{env:([^}\n]+)\}|env:(\w+))/gi,
  pwsh: /\$(?:\{env:([^}\n]+)\}|env:(\w+))/gi,
  sh: /\$(?:\{([A-Za-z_]\w*)[^}\n]*\}|([A-Za-z_]\w*))/g,
  bash: /\$(?:\{([A-Za-z_]\w*)[^}\n]*\}|([A-Za-z_]\w*))/g,
  other: undefined,
};

/** Variables of the build that the text of RUN, CMD and ENTRYPOINT asks its shell for. */
function usesInShell({ instruction, shell }: LintInstruction, stage: number, text: string): VariableUse[] {
  if (instruction.kind !== 'run' && instruction.kind !== 'cmd' && instruction.kind !== 'entrypoint')
    return [];
  const pattern = shellVariables[shell.kind];
  if (pattern === undefined || instruction.command.exec) return [];
  const at = instruction.node.range.start;
  const found: VariableUse[] = [];
  const search = (searched: string, rangeOf: (start: number, end: number) => SourceRange): void => {
    for (const match of searched.matchAll(pattern)) {
      const range = rangeOf(match.index, match.index + match[0].length);
      found.push({ name: (match[1] ?? match[2])!, range, stage, at, by: 'shell' });
    }
  };
  for (const word of instruction.command.args) search(word.text, (start, end) => word.range(start, end));
  for (const { range } of instruction.command.heredocs) {
    search(text.slice(range.start, range.end), (start, end) => ({
      start: range.start + start,
      end: range.start + end,
    }));
  }
  return found;
}

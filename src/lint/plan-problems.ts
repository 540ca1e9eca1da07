/**
 * What a build refuses before its first step although every line can be read: words that cannot be expanded, names that are no
 * images, stages that are not there. The texts are BuildKit's (dockerfile.md 1.6-1.9); what needs values that only a build has is
 * left to it.
 */
import type { DockerfileProblem } from '../dockerfile/dockerfile.ts';
import { exposedPorts } from '../dockerfile/expose.ts';
import { ExpansionError, expandText } from '../dockerfile/expand.ts';
import type { StageInstruction } from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import { parseMount } from '../dockerfile/mount.ts';
import type { InstructionNode } from '../dockerfile/tree.ts';
import { parsePlatform } from '../image/platform.ts';
import { referenceProblem } from '../image/reference.ts';
import { quoteGo } from '../text/go-quote.ts';
import { expandedFlags, expandedWords } from './expanded-words.ts';
import { isAboveLastPort } from './last-port.ts';
import type { LintFile, LintStage } from './model.ts';
import { refusal } from './refusal.ts';
import { instructionsOf } from './stage-instructions.ts';

export interface PlanProblem extends DockerfileProblem {
  /** Lint leaves it to a rule (DL3011, DL3022, DL3023), or only BuildKit refuses it. */
  readonly forBuildKit: boolean;
}

/** In the order in which BuildKit meets them. None for a file that cannot be read. */
export function planProblems(file: LintFile): PlanProblem[] {
  if (file.dockerfile.problems.length > 0) return [];
  const reader = new PlanReader(file);
  for (const { args, node } of file.dockerfile.globalArgs) {
    for (const { value } of args) reader.expand(value, node);
  }
  for (const stage of file.stages) reader.from(stage);
  for (const stage of file.stages) reader.copies(stage);
  for (const stage of file.stages) {
    for (const { instruction } of stage.instructions) reader.words(instruction);
  }
  return reader.problems;
}

class PlanReader {
  readonly problems: PlanProblem[] = [];
  readonly #file: LintFile;
  readonly #byName: ReadonlyMap<string, LintStage>;

  constructor(file: LintFile) {
    this.#file = file;
    // Of several stages of one name the last counts.
    this.#byName = new Map(file.stages.filter(({ name }) => name !== '').map((stage) => [stage.name, stage]));
  }

  from({ from, base }: LintStage): void {
    const { image, platform, node } = from;
    const word = image.text;
    if (!this.expand(image, node)) return;
    if (word === '""' || word === "''") this.#report(`base name (${word}) should not be blank`, image, node);
    // Variables may have other values in a build.
    else if (!/[$"'\\`]/.test(word) && base.stage === undefined) {
      const problem = referenceProblem(word);
      if (problem !== undefined)
        this.#report(`failed to parse stage name ${quoteGo(word)}: ${problem}`, image, node);
    }
    if (platform === undefined || !this.expand(platform, node) || /[$"'\\`]/.test(platform.text)) return;
    const problem = refusal(() => parsePlatform(platform.text, anyHost));
    if (problem !== undefined)
      this.#report(`failed to parse platform ${platform.text}: ${problem}`, platform, node);
  }

  copies(stage: LintStage): void {
    for (const { instruction } of instructionsOf(stage, 'copy')) {
      const { from, node } = instruction;
      if (from === undefined) continue;
      const name = from.text;
      if (name.includes('$')) {
        this.#report(
          'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
          from,
          node,
        );
      } else if (/^[+-]?\d+$/.test(name)) {
        const index = Number(name);
        if (index < 0 || index >= this.#file.stages.length)
          this.#report(`invalid stage index ${index}`, from, node);
        else this.#order(stage, this.#file.stages[index]!, from, node);
      } else {
        const source = this.#byName.get(name.toLowerCase());
        if (source !== undefined) this.#order(stage, source, from, node);
      }
    }
  }

  /** What is copied from must come before; the stage itself never does. */
  #order(stage: LintStage, source: LintStage, from: MappedText, node: InstructionNode): void {
    if (source.index < stage.index) return;
    const circular = source.index === stage.index || this.#needs(source, stage);
    const text = circular
      ? `circular dependency detected on stage: ${nameOf(stage)}`
      : `cannot copy from stage ${quoteGo(from.text)}, it needs to be defined before current stage ${quoteGo(nameOf(stage))}`;
    this.#report(text, from, node, true);
  }

  /** Whether `stage` is built on `wanted`, over any number of stages. */
  #needs(stage: LintStage, wanted: LintStage): boolean {
    let at: LintStage | undefined = stage;
    while (at !== undefined && at !== wanted)
      at = at.base.stage === undefined ? undefined : this.#file.stages[at.base.stage];
    return at === wanted;
  }

  words(instruction: StageInstruction): void {
    const { kind, node } = instruction;
    // Nearly all instructions: then all of their words are plain.
    if (kind !== 'expose' && kind !== 'run' && isBare(node.text.text)) return;
    switch (instruction.kind) {
      case 'expose':
        for (const port of instruction.ports) {
          // Nearly all ports.
          if (/^\d{1,4}$/.test(port.text)) continue;
          if (!this.expand(port, node) || /[$"'\\`]/.test(port.text)) continue;
          const problem = refusal(() => exposedPorts([port.text]));
          if (problem !== undefined)
            this.#report(
              problem,
              port,
              node,
              isAboveLastPort(port.text) && /^invalid containerPort/.test(problem),
            );
        }
        break;
      case 'run':
        for (const { text, mount } of instruction.mounts) {
          if (mount !== undefined) continue;
          this.#attempt(text, node, () => parseMount(text.text, (value) => this.#expanded(value)));
        }
        break;
      default:
        // The first word that cannot be expanded ends it.
        [...expandedWords(instruction), ...expandedFlags(instruction)].every((word) =>
          this.expand(word, node),
        );
        break;
    }
  }

  /** False when it was reported. */
  expand(word: MappedText | undefined, node: InstructionNode): boolean {
    if (word === undefined || isPlain(word.text)) return true;
    return this.#attempt(word, node, () => this.#expanded(word.text));
  }

  #expanded(word: string): string {
    // Whether a variable is set is the build's affair: `${A:?}` is no mistake of the file.
    return expandText(word, { escape: this.#file.dockerfile.tree.escape, get: () => '1' }).result;
  }

  #attempt(word: MappedText, node: InstructionNode, work: () => unknown): boolean {
    try {
      work();
      return true;
    } catch (error) {
      // Values of mounts are made up here: only texts that no value can mend are told.
      if (!(error instanceof ExpansionError)) return true;
      this.#report(error.message, word, node);
      return false;
    }
  }

  #report(message: string, at: MappedText, { lines }: InstructionNode, forBuildKit = false): void {
    this.problems.push({
      message,
      range: at.range(),
      line: lines[0],
      endLine: lines[1],
      phase: 'structure',
      forBuildKit,
    });
  }
}

/** Words that expand whatever they hold, told without expanding them. */
function isPlain(text: string): boolean {
  return isBare(text) || oneQuoted.test(text);
}

function isBare(text: string): boolean {
  return !/["']|\$\{/.test(text);
}

/** One pair of quotes at most inside, and nothing that needs a closing bracket or escapes a quote. */
const oneQuoted = /^[^"'\\`{]*(?:"[^"'\\`{]*"|'[^'"\\`{]*')[^"'\\`{]*$/;

const nameOf = ({ name, index }: LintStage): string => (name === '' ? `stage-${index}` : name);

/** Nothing of it is told: a platform of one word needs some host to be whole. */
const anyHost = { os: 'windows', architecture: 'amd64' };

import { analyzeDockerfile, type Stage } from '../dockerfile/dockerfile.ts';
import { expandText, type EscapeCharacter } from '../dockerfile/expand.ts';
import type { FromInstruction, StageInstruction } from '../dockerfile/instructions.ts';
import type { MappedText } from '../dockerfile/mapped-text.ts';
import { readInstruction, type ReadOptions } from '../dockerfile/read-instruction.ts';
import type { SourceText } from '../dockerfile/source.ts';
import { variableKey } from '../dockerfile/variables.ts';
import { baseImage, isLinuxImage, isWindowsImage, windowsFlavour } from './base-image.ts';
import type { Memory } from './memory.ts';
import { shellPragmas } from './suppressions.ts';
import { VariableHistory } from './variable-history.ts';
import type { BaseImage, EffectiveShell, LintFile, LintInstruction, LintStage, Shell } from './model.ts';
import { own } from '../text/own.ts';

export interface ModelOptions {
  readonly name: string;
  /** Overrides what the file itself tells. */
  readonly targetOs?: 'windows' | 'linux';
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly wasUtf16?: boolean;
  /** Of files without an `escape` directive. */
  readonly escape?: EscapeCharacter;
}

/** What one stage hands to a stage that builds on it. */
interface StageState {
  shell: EffectiveShell;
  user: string | undefined;
  workdir: string | undefined;
  variables: VariableHistory;
}

/** Pure and total: any text gives a model. */
export function buildModel(source: SourceText, options: ModelOptions): LintFile {
  const read: ReadOptions = {
    os: options.targetOs ?? 'windows',
    ...(options.escape === undefined ? {} : { escape: options.escape }),
  };
  const dockerfile = analyzeDockerfile(source, read);
  const escape = dockerfile.tree.escape;
  const globals = globalArguments(dockerfile.globalArgs, escape, options.buildArgs ?? {});
  const ends: StageState[] = [];
  const stages: LintStage[] = [];
  const byName = new Map<string, number>();
  const pragmas = new ShellPragmas(shellPragmas(dockerfile.tree));
  let windowsBefore = false;
  const memory: Memory = [];
  for (const stage of dockerfile.stages) {
    const base = resolveBase(stage.from, byName, globals, escape);
    const platform = stagePlatform(stage, base, stages, windowsBefore, escape, options.targetOs);
    const parent = base.stage === undefined ? undefined : stages[base.stage];
    const flavour =
      platform.os === 'windows' ? (parent === undefined ? windowsFlavour(base) : parent.flavour) : undefined;
    const inherited = base.stage === undefined ? undefined : ends[base.stage];
    const walk = walkStage(
      stage,
      inherited,
      platform.os,
      globals,
      escape,
      read,
      options.buildArgs ?? {},
      pragmas,
      memory,
    );
    ends.push(walk.end);
    stages.push({
      index: stage.index,
      name: stage.name,
      stage,
      from: stage.from,
      base,
      root: parent?.root ?? base,
      platform: platform.os,
      platformGuessed: platform.guessed,
      flavour,
      instructions: walk.instructions,
      memory,
    });
    if (stage.name !== '') byName.set(stage.name, stage.index);
    windowsBefore ||= platform.os === 'windows';
  }
  return {
    name: options.name,
    source,
    dockerfile,
    stages,
    windows: stages.some((stage) => stage.platform === 'windows'),
    wasUtf16: options.wasUtf16 ?? false,
    memory,
  };
}

interface Expanded {
  readonly text: string;
  readonly unresolved: boolean;
}

/** Far above any path or name; `ENV A=$A$A` forty times over would fill the memory. */
const longestExpansion = 32_767;

/** Expansion that cannot fail: a word that the builder would refuse, or that grows too long, stays as it is written. */
export function expandLenient(
  word: string,
  escape: EscapeCharacter,
  get: (name: string) => string | undefined,
): Expanded {
  if (!word.includes('$') && !word.includes(escape) && !/["']/.test(word))
    return { text: word, unresolved: false };
  let room = longestExpansion;
  const limited = (name: string): string | undefined => {
    const value = get(name);
    room -= value?.length ?? 0;
    if (room < 0) throw new RangeError(`${name} is too long`);
    return value;
  };
  try {
    const { result, uses } = expandText(word, { escape, get: limited });
    return { text: result, unresolved: uses.some((use) => !use.found && use.operator === '') };
  } catch {
    return { text: word, unresolved: true };
  }
}

function globalArguments(
  args: readonly { args: readonly { name: MappedText; value: MappedText | undefined }[] }[],
  escape: EscapeCharacter,
  given: Readonly<Record<string, string>>,
): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const { name, value } of args.flatMap((instruction) => instruction.args)) {
    const text =
      value === undefined ? undefined : expandLenient(value.text, escape, (key) => values.get(key)).text;
    values.set(name.text, own(given, name.text) ?? text);
  }
  return values;
}

function resolveBase(
  from: FromInstruction,
  byName: ReadonlyMap<string, number>,
  globals: ReadonlyMap<string, string | undefined>,
  escape: EscapeCharacter,
): BaseImage {
  const { text, unresolved } = expandLenient(from.image.text, escape, (name) => globals.get(name));
  return baseImage(text, unresolved || text === '', byName.get(text.toLowerCase()));
}

function stagePlatform(
  { from, instructions }: Stage,
  base: BaseImage,
  earlier: readonly LintStage[],
  windowsBefore: boolean,
  escape: EscapeCharacter,
  forced: 'windows' | 'linux' | undefined,
): { os: 'windows' | 'linux'; guessed: boolean } {
  if (forced !== undefined) return { os: forced, guessed: false };
  const platform = from.platform?.text.toLowerCase() ?? '';
  if (platform.startsWith('windows')) return { os: 'windows', guessed: false };
  if (platform.startsWith('linux')) return { os: 'linux', guessed: false };
  const parent = base.stage === undefined ? undefined : earlier[base.stage];
  if (parent !== undefined) return { os: parent.platform, guessed: parent.platformGuessed };
  if (isWindowsImage(base)) return { os: 'windows', guessed: false };
  // `FROM scratch`, and names held by a variable, go with the Windows stages before them.
  const follows = (base.repository === 'scratch' || base.unresolved) && windowsBefore;
  return { os: follows || looksWindows(base, instructions, escape) ? 'windows' : 'linux', guessed: true };
}

/** An image for several systems: the file's escape character or the stage's shell tells which one is meant. */
function looksWindows(
  base: BaseImage,
  instructions: readonly StageInstruction[],
  escape: EscapeCharacter,
): boolean {
  if (isLinuxImage(base)) return false;
  if (escape === '`') return true;
  // PowerShell elsewhere is called pwsh.
  return instructions.some(
    (instruction) =>
      instruction.kind === 'shell' &&
      /(^|[\\/])(cmd|powershell)(\.exe)?$/i.test(instruction.shell[0]?.text ?? ''),
  );
}

/** Comments that name the shell, in the order of the file. */
class ShellPragmas {
  readonly #pragmas: readonly { readonly line: number; readonly shell: string }[];
  #next = 0;

  constructor(pragmas: readonly { readonly line: number; readonly shell: string }[]) {
    this.#pragmas = pragmas;
  }

  /** Takes in those above `line`. The file itself still has no SHELL by them. */
  apply(line: number, state: StageState): void {
    for (; (this.#pragmas[this.#next]?.line ?? Infinity) < line; this.#next++) {
      const { explicit } = state.shell;
      state.shell = { ...shellOf([this.#pragmas[this.#next]!.shell]), explicit };
    }
  }
}

const windowsDefaultShell: EffectiveShell = { kind: 'cmd', words: ['cmd', '/S', '/C'], explicit: false };
const linuxDefaultShell: EffectiveShell = { kind: 'sh', words: ['/bin/sh', '-c'], explicit: false };

function walkStage(
  stage: Stage,
  inherited: StageState | undefined,
  os: 'windows' | 'linux',
  globals: ReadonlyMap<string, string | undefined>,
  escape: EscapeCharacter,
  read: ReadOptions,
  given: Readonly<Record<string, string>>,
  pragmas: ShellPragmas,
  memory: Memory,
): { instructions: LintInstruction[]; end: StageState } {
  const state: StageState = {
    shell: inherited?.shell ?? (os === 'windows' ? windowsDefaultShell : linuxDefaultShell),
    user: inherited?.user,
    workdir: inherited?.workdir,
    variables: new VariableHistory(inherited?.variables.now()),
  };
  pragmas.apply(stage.from.node.lines[0], state);
  const instructions = stage.instructions.map((instruction) => {
    pragmas.apply(instruction.node.lines[0], state);
    const before: LintInstruction = {
      instruction,
      shell: state.shell,
      user: state.user,
      workdir: state.workdir,
      variables: state.variables.now(),
      onbuild: instruction.kind === 'onbuild' ? readTrigger(instruction, read) : undefined,
      memory,
    };
    apply(instruction, state, os, globals, escape, given);
    return before;
  });
  return { instructions, end: state };
}

function readTrigger(
  instruction: Extract<StageInstruction, { kind: 'onbuild' }>,
  read: ReadOptions,
): StageInstruction | undefined {
  try {
    const trigger = readInstruction(instruction.trigger, read);
    return trigger.kind === 'from' ? undefined : trigger;
  } catch {
    return undefined;
  }
}

function apply(
  instruction: StageInstruction,
  state: StageState,
  os: 'windows' | 'linux',
  globals: ReadonlyMap<string, string | undefined>,
  escape: EscapeCharacter,
  given: Readonly<Record<string, string>>,
): void {
  const get = (name: string): string | undefined => state.variables.get(variableKey(name, os));
  const expand = (text: MappedText): string => expandLenient(text.text, escape, get).text;
  switch (instruction.kind) {
    case 'shell':
      state.shell = shellOf(instruction.shell.map((word) => word.text));
      break;
    case 'user':
      state.user = expand(instruction.user);
      break;
    case 'workdir':
      state.workdir = joinWorkdir(state.workdir, expand(instruction.path), os);
      break;
    case 'env':
      for (const { key, value } of instruction.pairs) {
        state.variables.set(variableKey(expand(key), os), expand(value));
      }
      break;
    case 'arg':
      for (const { name, value } of instruction.args) {
        const key = variableKey(name.text, os);
        // An ENV of the same name wins over ARG.
        if (state.variables.get(key) !== undefined) continue;
        const fallback = value === undefined ? globals.get(name.text) : expand(value);
        state.variables.set(key, own(given, name.text) ?? fallback);
      }
      break;
    default:
      break;
  }
}

export function shellOf(words: readonly string[]): EffectiveShell {
  const program =
    (words[0] ?? '')
      .replaceAll('\\', '/')
      .split('/')
      .at(-1)
      ?.toLowerCase()
      .replace(/\.exe$/, '') ?? '';
  const kinds: Record<string, Shell> = {
    cmd: 'cmd',
    powershell: 'powershell',
    pwsh: 'pwsh',
    sh: 'sh',
    ash: 'sh',
    dash: 'sh',
    bash: 'bash',
    zsh: 'bash',
    ksh: 'bash',
  };
  return { kind: own(kinds, program) ?? 'other', words, explicit: true };
}

function joinWorkdir(current: string | undefined, next: string, os: 'windows' | 'linux'): string | undefined {
  const absolute = os === 'windows' ? /^([a-z]:)?[\\/]|^[a-z]:$/i.test(next) : next.startsWith('/');
  if (absolute) return next;
  // A file may add to the path a million times over.
  if (current === undefined || current.length > longestExpansion) return undefined;
  return `${current.replace(/(?<![\\/])[\\/]+$/, '')}/${next}`;
}

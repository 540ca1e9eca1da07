/** What RUN steps call, in whichever shell their stage has: the view that rules about package managers and programs share. */
import type { RunInstruction } from '../../dockerfile/instructions.ts';
import { MappedText } from '../../dockerfile/mapped-text.ts';
import type { SourceRange } from '../../dockerfile/source.ts';
import { remember, type Remembering } from '../memory.ts';
import type { LintFile, LintInstruction, LintStage, Shell } from '../model.ts';
import { readPosix } from './posix.ts';
import { programName, type ShellCommand, type ShellText, type ShellWord } from './script.ts';
import { scriptsAt, scriptsOfInstruction } from './scripts.ts';
import { own } from '../../text/own.ts';

export interface ShellStep extends ShellText, Remembering {
  readonly shell: Shell;
  readonly text: MappedText;
  readonly run: RunInstruction;
  readonly context: LintInstruction;
  /** The RUN is a trigger of ONBUILD. */
  readonly onbuild: boolean;
}

/** A command with the programs that only start another one (`sudo`, `env`, `exec`) taken off. */
export interface Call {
  readonly program: string;
  /** The word that names the program. */
  readonly name: ShellWord;
  readonly args: readonly ShellWord[];
  readonly command: ShellCommand;
  /** Of the command in the step. */
  readonly index: number;
  readonly step: ShellStep;
}

/** The shell texts of one RUN, or of ONBUILD's RUN. */
export const stepsAt = remember(stepsOfInstruction);

/** Every shell text of the stage's RUN steps in the order of the file, those of ONBUILD triggers among them. */
export const stepsOf = remember((stage: LintStage, file: LintFile): readonly ShellStep[] =>
  stage.instructions.flatMap((context) => stepsAt(context, file)),
);

/** Those that sh, bash or their kind run. */
export function posixSteps(stage: LintStage, file: LintFile): readonly ShellStep[] {
  return stepsOf(stage, file).filter(isPosix);
}

export function isPosix({ shell }: ShellStep): boolean {
  return shell === 'sh' || shell === 'bash';
}

function stepsOfInstruction(context: LintInstruction, file: LintFile): readonly ShellStep[] {
  const onbuild = context.onbuild !== undefined;
  const run = context.onbuild ?? context.instruction;
  if (run.kind !== 'run') return [];
  const windows = onbuild ? scriptsOfInstruction({ ...context, instruction: run }) : scriptsAt(context);
  if (windows.length > 0) {
    return windows.map(({ commands, operators, shell, text }) => ({
      commands,
      operators,
      shell,
      text,
      run,
      context,
      onbuild,
      memory: context.memory,
    }));
  }
  if (run.command.exec) return [execStep(run, context, onbuild)];
  const {
    memory,
    shell: { kind },
  } = context;
  const text = run.command.args[0];
  if (text === undefined || (kind !== 'sh' && kind !== 'bash')) return [];
  const outer = readPosix(text.text);
  const body = shellBody(run, outer, file);
  const steps = [];
  if (outer.commands.some(({ words }) => words.length > 0)) {
    steps.push({ ...outer, shell: kind, text, run, context, onbuild, memory });
  }
  if (body !== undefined)
    steps.push({ ...readPosix(body.text), shell: kind, text: body, run, context, onbuild, memory });
  return steps;
}

/** `RUN <<EOF` and `RUN bash <<EOF`: the body is a script, unless its first line names another program. */
function shellBody(run: RunInstruction, outer: ShellText, file: LintFile): MappedText | undefined {
  const { heredocs } = run.command;
  const [heredoc] = heredocs;
  if (heredoc === undefined || heredocs.length > 1) return undefined;
  const programs = outer.commands.map(({ program }) => program);
  if (programs.some((name) => name !== '' && !/^(ba|da|a|z|k)?sh$/.test(name))) return undefined;
  const interpreter = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(heredoc.content);
  if (interpreter !== null) {
    const [, path = '', argument = ''] = interpreter;
    const program = path.endsWith('/env') ? argument : (path.split('/').at(-1) ?? '');
    if (!/^(ba|da|a|z|k)?sh$/.test(program)) return undefined;
  }
  const { start, end } = heredoc.range;
  return MappedText.at(start, file.source.text.slice(start, end));
}

/** The JSON form is one command without a shell. */
function execStep(run: RunInstruction, context: LintInstruction, onbuild: boolean): ShellStep {
  const text = run.node.rest;
  let at = 0;
  const words = run.command.args.map((arg) => {
    const start = Math.max(at, text.text.indexOf(arg.text, at));
    const end = Math.min(start + arg.text.length, text.text.length);
    at = end;
    return { text: arg.text, value: arg.text, start, end };
  });
  const [first] = words;
  const command: ShellCommand = {
    program: programName(first),
    words,
    redirects: [],
    assignments: [],
    start: first?.start ?? 0,
    end: words.at(-1)?.end ?? 0,
    before: '',
    depth: 0,
  };
  return {
    commands: words.length === 0 ? [] : [command],
    operators: [],
    shell: 'other',
    text,
    run,
    context,
    onbuild,
    memory: context.memory,
  };
}

/** Options of `sudo` and its kind that take a word of their own. */
const launchers: Readonly<Record<string, RegExp | undefined>> = {
  sudo: /^-[ugphCrtT]$/,
  doas: /^-[uC]$/,
  env: /^-[uCS]$/,
  exec: /^-a$/,
  command: /^$/,
  time: /^-[fo]$/,
  nohup: /^$/,
  nice: /^-n$/,
  eatmydata: /^$/,
};

export const callsOf: (step: ShellStep) => readonly Call[] = remember(readCalls);

function readCalls(step: ShellStep): Call[] {
  const values = isPosix(step) ? assignedValues(step) : undefined;
  return step.commands.flatMap((command, index) => {
    let words = values === undefined ? command.words : withValues(command.words, values, step);
    let program = words[0] === command.words[0] ? command.program : programName(words[0]);
    for (let rest = wrapped(words, program); rest !== undefined; rest = wrapped(words, program)) {
      words = rest;
      program = programName(words[0]);
    }
    const name = words[0];
    if (name === undefined) return [];
    return [{ program, name, args: words.slice(1), command, index, step }];
  });
}

/** What the step assigns to a variable once and literally; undefined for those that it assigns otherwise. */
function assignedValues({ commands }: ShellStep): ReadonlyMap<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const { assignments, words } of commands) {
    const exported = words[0]?.value === 'export' ? words.slice(1) : [];
    // `A=1 program` is for that program alone.
    for (const { value } of words.length === 0 ? assignments : exported) {
      const [, name, text] = /^([A-Za-z_]\w*)=(.*)$/s.exec(value) ?? [];
      if (name === undefined || text === undefined) continue;
      values.set(name, values.has(name) || /[$`]/.test(text) ? undefined : text);
    }
  }
  return values;
}

/** Words that are one variable and nothing else give way to its words, where the step or the file tells them. */
function withValues(
  words: readonly ShellWord[],
  values: ReadonlyMap<string, string | undefined>,
  { context }: ShellStep,
): readonly ShellWord[] {
  if (!words.some(({ value }) => value.startsWith('$'))) return words;
  return words.flatMap((word) => {
    const name = /^"?\$(?:(\w+)|\{(\w+)\})"?$/.exec(word.text);
    const key = name?.[1] ?? name?.[2];
    if (key === undefined) return [word];
    const value = values.has(key) ? values.get(key) : context.variables.get(key);
    if (value === undefined || value.length > longestValue || /[$`]/.test(value)) return [word];
    const parts = word.text.startsWith('"') ? [value] : value.split(/\s+/).filter((part) => part !== '');
    return parts.map((part) => ({ ...word, text: part, value: part }));
  });
}

/** Above what lists of packages need; a file may repeat a variable a million times. */
const longestValue = 4096;

/** The words after a launcher and its options; undefined when there is none, or nothing after it. */
function wrapped(words: readonly ShellWord[], program: string): readonly ShellWord[] | undefined {
  const takesWord = own(launchers, program);
  if (takesWord === undefined) return undefined;
  let at = 1;
  while (at < words.length) {
    const { value } = words[at]!;
    if (/^-/.test(value)) at += takesWord.test(value) ? 2 : 1;
    else if (/^[A-Za-z_]\w*=/.test(value)) at++;
    else break;
  }
  return at < words.length ? words.slice(at) : undefined;
}

/** The programs that a step may call: of nearly all, those that its commands name. */
function programsOf(step: ShellStep): readonly { readonly program: string }[] {
  const posix = isPosix(step);
  const isIndirect = ({ program }: ShellCommand): boolean =>
    own(launchers, program) !== undefined || (posix && program.startsWith('$'));
  return step.commands.some(isIndirect) ? callsOf(step) : step.commands;
}

/** By program, in the order of the file. Most rules ask for few programs, and most steps call none of those. */
export const stepsByProgram = remember(
  (stage: LintStage, file: LintFile): ReadonlyMap<string, readonly ShellStep[]> => {
    const found = new Map<string, ShellStep[]>();
    for (const step of stepsOf(stage, file)) {
      for (const { program } of programsOf(step)) {
        const steps = found.get(program);
        if (steps === undefined) found.set(program, [step]);
        else if (steps.at(-1) !== step) steps.push(step);
      }
    }
    return found;
  },
);

const none: readonly never[] = [];

/** Calls of any of `programs`, one program after the other, those of each in the order of the file. */
export function namedCalls(
  stage: LintStage,
  file: LintFile,
  ...programs: readonly string[]
): readonly Call[] {
  const steps = stepsByProgram(stage, file);
  return programs.flatMap((program) =>
    (steps.get(program) ?? none).flatMap((step) => callsOf(step).filter((call) => call.program === program)),
  );
}

/** Those of sh, bash and their kind, and of steps in JSON form. */
export function namedPosixCalls(
  stage: LintStage,
  file: LintFile,
  ...programs: readonly string[]
): readonly Call[] {
  return namedCalls(stage, file, ...programs).filter(({ step }) => isPosix(step) || step.shell === 'other');
}

export function rangeIn(
  step: ShellStep,
  part: { readonly start: number; readonly end: number },
): SourceRange {
  return step.text.range(part.start, part.end);
}

/** True when the step mounts a cache or a tmpfs at one of `targets`, or above it: what is written there is in no layer. */
export function mountsOver(run: RunInstruction, ...targets: readonly string[]): boolean {
  return run.mounts.some(({ mount, text }) => {
    const type = mount?.type ?? /(?:^|,)type=(\w+)/.exec(text.text)?.[1];
    const target = mount?.target ?? /(?:^|,)(?:target|dst|destination)=([^,]*)/.exec(text.text)?.[1] ?? '';
    if (type !== 'cache' && type !== 'tmpfs') return false;
    const folder = target.replaceAll('\\', '/').replace(/\/+$/, '');
    return targets.some((wanted) => wanted === folder || (folder !== '' && wanted.startsWith(`${folder}/`)));
  });
}

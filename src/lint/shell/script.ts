import { exact } from '../../dockerfile/exact-list.ts';

/** What the tokenisers give: commands of words, each with its place in the text that was read. */
export interface ShellWord {
  /** As written. */
  readonly text: string;
  /** Without quotes and escapes. */
  readonly value: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface ShellCommand {
  /** `programName` of the first word; empty when there is none. */
  readonly program: string;
  readonly words: readonly ShellWord[];
  /** Targets of `>` and `>>`. */
  readonly redirects: readonly ShellWord[];
  /** `NAME=value` before the words; POSIX shells only. */
  readonly assignments: readonly ShellWord[];
  readonly start: number;
  /** Exclusive; blanks at the end are left out. */
  readonly end: number;
  /** What stands before it: `&&`, `||`, `&`, `|`, `;`, a bracket or a line end; empty for the first. */
  readonly before: string;
  /** Brackets around it. */
  readonly depth: number;
}

export interface ShellOperator {
  readonly text: string;
  readonly start: number;
}

export interface ShellText {
  readonly commands: readonly ShellCommand[];
  readonly operators: readonly ShellOperator[];
}

/** By character code, of those below 128: 1 where the pattern matches. To look there costs less than to ask the pattern. */
export function asciiTable(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => Number(pattern.test(String.fromCharCode(code))));
}

/** The word of `text` from `start` to `end`. Nearly all stand for themselves: those keep one string. */
export function shellWord(text: string, value: string, start: number, end: number): ShellWord {
  const written = text.slice(start, end);
  return { text: written, value: value === written ? written : value, start, end };
}

const blanks = /[^\S\n]+/y;

/** Where the blanks of one line end that begin at `at`; `at` itself without any. */
export function skipBlanks(text: string, at: number): number {
  blanks.lastIndex = at;
  return blanks.test(text) ? blanks.lastIndex : at;
}

/** Collects words into commands; the tokenisers drive it. */
export class CommandCollector {
  private readonly commands: ShellCommand[] = [];
  private readonly operators: ShellOperator[] = [];
  private words: ShellWord[] = [];
  private redirects: ShellWord[] = [];
  private assignments: ShellWord[] = [];
  private before = '';
  private depth = 0;
  private isRedirect = false;

  constructor(before = '', depth = 0) {
    this.before = before;
    this.depth = depth;
  }

  /** Words of the command at hand so far. */
  get count(): number {
    return this.words.length;
  }

  get redirecting(): boolean {
    return this.isRedirect;
  }

  assignment(word: ShellWord): void {
    this.assignments.push(word);
  }

  /** Forgets the words of the command at hand: they were a function's name. */
  forget(): void {
    this.words = [];
  }

  word(word: ShellWord): void {
    if (this.isRedirect) this.redirects.push(word);
    else this.words.push(word);
    this.isRedirect = false;
  }

  redirect(): void {
    this.isRedirect = true;
  }

  operator(text: string, start: number): void {
    this.close();
    this.operators.push({ text, start });
    this.before = text;
    if (text === '(' || text === '{') this.depth++;
    if (text === ')' || text === '}') this.depth = Math.max(0, this.depth - 1);
  }

  finish(): ShellText {
    this.close();
    return { commands: this.commands, operators: this.operators };
  }

  private close(): void {
    this.isRedirect = false;
    const words = this.words;
    const redirects = this.redirects;
    const assignments = this.assignments;
    if (words.length === 0 && redirects.length === 0 && assignments.length === 0) return;
    // Each list is in the order of the text.
    let start = words[0]?.start ?? Infinity;
    let end = words.at(-1)?.end ?? -1;
    for (const list of [redirects, assignments]) {
      if (list.length === 0) continue;
      start = Math.min(start, list[0]!.start);
      end = Math.max(end, list.at(-1)!.end);
    }
    this.commands.push({
      program: programName(words[0]),
      words: exact(words),
      redirects: exact(redirects),
      assignments: exact(assignments),
      start,
      end,
      before: this.before,
      depth: this.depth,
    });
    if (words.length > 0) this.words = [];
    if (redirects.length > 0) this.redirects = [];
    if (assignments.length > 0) this.assignments = [];
  }
}

/** `C:\x\Git.EXE` -> `git`. */
export function programName(word: ShellWord | undefined): string {
  const value = word?.value ?? '';
  let name = programNames.get(value);
  if (name === undefined) {
    name = readProgramName(value);
    if (value.length < 100) {
      if (programNames.size > 5000) programNames.clear();
      programNames.set(value, name);
    }
  }
  return name;
}

/** Nearly every rule asks for the program of every command. */
const programNames = new Map<string, string>();

function readProgramName(value: string): string {
  const name = value.replace(/^@/, '').split(/[\\/]/).at(-1) ?? '';
  return name.toLowerCase().replace(/\.(exe|cmd|bat|com)$/, '');
}

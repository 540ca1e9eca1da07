/** What both tokenisers give: commands of words, each with its place in the text that was read. */
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
  readonly words: readonly ShellWord[];
  /** Targets of `>` and `>>`. */
  readonly redirects: readonly ShellWord[];
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

/** Collects words into commands; both tokenisers drive it. */
export class CommandCollector {
  readonly #commands: ShellCommand[] = [];
  readonly #operators: ShellOperator[] = [];
  #words: ShellWord[] = [];
  #redirects: ShellWord[] = [];
  #before = '';
  #depth = 0;
  #redirecting = false;

  word(word: ShellWord): void {
    if (this.#redirecting) this.#redirects.push(word);
    else this.#words.push(word);
    this.#redirecting = false;
  }

  redirect(): void {
    this.#redirecting = true;
  }

  operator(text: string, start: number): void {
    this.#close();
    this.#operators.push({ text, start });
    this.#before = text;
    if (text === '(' || text === '{') this.#depth++;
    if (text === ')' || text === '}') this.#depth = Math.max(0, this.#depth - 1);
  }

  finish(): ShellText {
    this.#close();
    return { commands: this.#commands, operators: this.#operators };
  }

  #close(): void {
    this.#redirecting = false;
    // Each list is in the order of the text.
    const first = earlier(this.#words[0], this.#redirects[0]);
    const last = later(this.#words.at(-1), this.#redirects.at(-1));
    if (first === undefined || last === undefined) return;
    this.#commands.push({
      words: this.#words,
      redirects: this.#redirects,
      start: first.start,
      end: last.end,
      before: this.#before,
      depth: this.#depth,
    });
    this.#words = [];
    this.#redirects = [];
  }
}

function earlier(a: ShellWord | undefined, b: ShellWord | undefined): ShellWord | undefined {
  return a === undefined || (b !== undefined && b.start < a.start) ? b : a;
}

function later(a: ShellWord | undefined, b: ShellWord | undefined): ShellWord | undefined {
  return a === undefined || (b !== undefined && b.end > a.end) ? b : a;
}

/** `C:\x\Git.EXE` -> `git`. */
export function programName(word: ShellWord | undefined): string {
  const name = (word?.value ?? '').replace(/^@/, '').split(/[\\/]/).at(-1) ?? '';
  return name.toLowerCase().replace(/\.(exe|cmd|bat|com)$/, '');
}

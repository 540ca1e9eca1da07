import { endOfQuoted, readPosixWord, type PosixWord } from './posix-word.ts';
import { CommandCollector, type ShellCommand, type ShellOperator, type ShellText } from './script.ts';

/** Substitutions inside of substitutions are read this deep: nothing that people write needs more. */
const deepest = 20;

/**
 * Splits the text of sh, bash, ash, dash and their kind into simple commands: quotes, escapes, expansions, substitutions (their
 * commands are listed as well), here-documents, comments, redirections and the reserved words. Commands of loops,
 * conditions, functions and brackets are listed like all others. Never throws; what is not shell gives odd words.
 */
export function readPosix(text: string): ShellText {
  const outer = new PosixReader(text, 0, text.length, '', 0);
  const whole = outer.read();
  if (outer.inner.length === 0) return whole;
  const commands: ShellCommand[] = [...whole.commands];
  const operators: ShellOperator[] = [...whole.operators];
  const waiting = outer.inner.map(({ start, end }) => ({ start, end, before: '$(', depth: 1 }));
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const reader = new PosixReader(text, part.start, part.end, part.before, part.depth);
    const read = reader.read();
    for (const command of read.commands) commands.push(command);
    for (const operator of read.operators) operators.push(operator);
    const depth = part.depth + 1;
    if (depth > deepest) continue;
    for (const { start, end } of reader.inner) waiting.push({ start, end, before: '$(', depth });
  }
  return {
    commands: commands.toSorted((a, b) => a.start - b.start),
    operators: operators.toSorted((a, b) => a.start - b.start),
  };
}

/** After these a command begins. */
const openers = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{', 'time']);
/** After these only redirections, pipes and list operators come. */
const closers = new Set(['fi', 'done', 'esac', '}']);
/** The words up to the next separator are no command's. */
const listed = new Set(['for', 'select', 'case', 'function']);

/** Begins a word and nothing else. */
const plainStart = /[^\s\d\\#()<>&|;]/;
const assignmentShape = /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=/;
const redirectShape = /^\d*(&>>?|>>|>\||>&|<&|<>|<<<|<<-?|>|<)/;
const operatorShape = /^(;;&|;;|;&|&&|\|\||\|&|[;&|])/;

class PosixReader {
  readonly #text: string;
  readonly #end: number;
  readonly #out: CommandCollector;
  readonly inner: { start: number; end: number }[] = [];
  #at: number;
  /** Words that name what a loop or a `case` goes through are skipped. */
  #skipping: 'for' | 'case' | '' = '';
  #cases = 0;
  /** Terminators of here-documents whose bodies begin after the next line end. */
  readonly #heredocs: { name: string; tabs: boolean }[] = [];

  constructor(text: string, start: number, end: number, before: string, depth: number) {
    this.#text = text;
    this.#at = start;
    this.#end = end;
    this.#out = new CommandCollector(before, depth);
  }

  read(): ShellText {
    while (this.#at < this.#end) this.#step();
    return this.#out.finish();
  }

  #step(): void {
    const char = this.#text[this.#at]!;
    if (char === '\n') {
      this.#operator('\n');
      this.#skipHeredocs();
    } else if (plainStart.test(char)) this.#word();
    else if (/\s/.test(char)) this.#at++;
    else if (char === '\\' && this.#text[this.#at + 1] === '\n') this.#at += 2;
    else if (char === '#') this.#skipLine();
    else if (char === '(') this.#bracket();
    else if (char === ')') this.#operator(')');
    else if (!this.#redirect()) {
      const operator = operatorShape.exec(this.#text.slice(this.#at, this.#at + 3))?.[0];
      if (operator === undefined) this.#word();
      else {
        this.#operator(operator);
        if (this.#cases > 0 && operator.startsWith(';') && operator.length > 1) this.#pattern();
      }
    }
  }

  #operator(text: string): void {
    this.#out.operator(text, this.#at);
    this.#at += text.length;
    this.#skipping = '';
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#end : Math.min(end, this.#end);
  }

  /** A subshell, an arithmetic command, or the brackets of a function's definition. */
  #bracket(): void {
    const rest = this.#text.slice(this.#at, this.#at + 40);
    const empty = /^\(\s*\)/.exec(rest);
    if (rest.startsWith('((') && this.#out.count === 0) this.#at = this.#endOf(this.#at, ')');
    else if (empty !== null && this.#out.count === 1) {
      this.#out.forget();
      this.#at += empty[0].length;
    } else if (empty !== null) this.#at += empty[0].length;
    else this.#operator('(');
  }

  #redirect(): boolean {
    const match = redirectShape.exec(this.#text.slice(this.#at, this.#at + 8));
    if (match === null) return false;
    const operator = match[1]!;
    const after = this.#at + match[0].length;
    // `<(…)` and `>(…)` are words.
    if (/^[<>]$/.test(operator) && this.#text[after] === '(') return false;
    this.#at = after;
    const fd = /&$/.test(operator) ? /^(\d+|-)/.exec(this.#text.slice(after, after + 4)) : null;
    if (fd !== null) this.#at += fd[0].length;
    else if (operator === '<<' || operator === '<<-') {
      this.#at += /^[ \t]*/.exec(this.#text.slice(after, after + 80))![0].length;
      const word = readPosixWord(this.#text, this.#at, this.#end);
      if (word.value !== '') this.#heredocs.push({ name: word.value, tabs: operator === '<<-' });
      this.#at = word.end;
    } else this.#out.redirect();
    return true;
  }

  #skipHeredocs(): void {
    for (const { name, tabs } of this.#heredocs.splice(0)) {
      while (this.#at < this.#end) {
        const start = this.#at;
        this.#skipLine();
        const line = this.#text.slice(start, this.#at);
        if (this.#at < this.#end) this.#at++;
        if ((tabs ? line.replace(/^\t+/, '') : line) === name) break;
      }
    }
  }

  #word(): void {
    const word = this.#read();
    if (this.#skipping !== '') {
      this.#skipped(word);
      return;
    }
    if (this.#out.count === 0 && !this.#out.redirecting) {
      if (openers.has(word.text) || closers.has(word.text)) {
        if (word.text === 'esac') this.#cases = Math.max(0, this.#cases - 1);
        this.#out.operator(word.text, word.start);
        return;
      }
      if (listed.has(word.text)) {
        this.#out.operator(word.text, word.start);
        this.#skipping = word.text === 'case' ? 'case' : 'for';
        return;
      }
      if (word.text === '[[') {
        this.#test(word);
        return;
      }
      if (assignmentShape.test(word.text)) {
        this.#out.assignment(word);
        return;
      }
    }
    this.#out.word(word);
  }

  #read(): PosixWord {
    const word = readPosixWord(this.#text, this.#at, this.#end);
    for (const substitution of word.substitutions) this.inner.push(substitution);
    this.#at = word.end;
    return word;
  }

  #skipped(word: PosixWord): void {
    if (this.#skipping === 'case' && word.text === 'in') {
      this.#cases++;
      this.#skipping = '';
      this.#pattern();
    } else if (this.#skipping === 'for' && (word.text === 'do' || word.text === '{')) {
      this.#out.operator(word.text, word.start);
      this.#skipping = '';
    }
  }

  /** The pattern of a `case` branch up to its bracket; or the `esac` that ends it. */
  #pattern(): void {
    while (this.#at < this.#end) {
      const char = this.#text[this.#at]!;
      if (/\s/.test(char) || char === '|' || char === '(') this.#at++;
      else if (char === '#') this.#skipLine();
      else if (char === ')') {
        this.#operator(')');
        return;
      } else if (/[;&<>]/.test(char)) return;
      else {
        const word = this.#read();
        if (word.text !== 'esac') continue;
        this.#cases = Math.max(0, this.#cases - 1);
        this.#out.operator('esac', word.start);
        return;
      }
    }
  }

  /** `[[ … ]]`: brackets and comparison signs are words there. */
  #test(first: PosixWord): void {
    this.#out.word(first);
    while (this.#at < this.#end) {
      const char = this.#text[this.#at]!;
      if (/[\s()<>&|;]/.test(char)) this.#at++;
      else {
        const word = this.#read();
        this.#out.word(word);
        if (word.text === ']]') return;
      }
    }
  }

  #endOf(start: number, closer: ')'): number {
    return endOfQuoted(this.#text, start + 1, this.#end, closer);
  }
}

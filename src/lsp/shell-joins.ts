import type { Shell } from '../lint/model.ts';

/**
 * Reads a shell's text piece by piece and tells whether more or fewer blanks at that place are nothing to the shell: outside of
 * quotes and, for cmd, whose `echo` and `set` keep blanks, only behind an operator. When in doubt they are something.
 */
export class JoinReader {
  readonly #shell: Shell;
  readonly #escape: string;
  #quote = '';
  #escaped = false;
  #comment = false;
  /** Something was seen after which nothing is certain: here-documents, here-strings, `--%`. */
  #lost = false;
  /** The last characters, without the blanks at the end, and whether such blanks follow. */
  #last = '';
  #blank = true;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#escape = shell === 'cmd' ? '' : shell === 'sh' || shell === 'bash' ? '\\' : '`';
  }

  read(text: string): void {
    for (const char of text) this.#character(char);
  }

  isFree(): boolean {
    if (this.#lost || this.#shell === 'other') return false;
    if (this.#shell === 'cmd') return this.#quote === '' && /(?:^|[^^])[&|(]$/.test(this.#last);
    return this.#comment || (this.#quote === '' && !this.#escaped);
  }

  #character(char: string): void {
    const blank = char === ' ' || char === '\t';
    const first = this.#blank;
    const { length } = this.#last;
    const previous = this.#blank ? '' : this.#last.slice(length - 1);
    if (!blank) this.#last = (this.#blank ? char : this.#last + char).slice(-3);
    this.#blank = blank;
    if (this.#comment || this.#lost) return;
    if (this.#shell === 'cmd') {
      if (char === '"') this.#quote = this.#quote === '' ? '"' : '';
      return;
    }
    if (this.#escaped) {
      this.#escaped = false;
    } else if (char === this.#escape && this.#quote !== "'") {
      this.#escaped = true;
    } else if (this.#quote !== '') {
      if (char === this.#quote) this.#quote = '';
    } else if (char === '"' || char === "'") {
      // `@'` may begin a here-string.
      if (previous === '@' && this.#escape === '`') this.#lost = true;
      this.#quote = char;
    } else if (char === '#' && first) {
      // Whatever is moved in a comment is part of it.
      this.#comment = true;
    } else {
      this.#lost = this.#escape === '`' ? this.#last === '--%' : this.#last.endsWith('<<');
    }
  }
}

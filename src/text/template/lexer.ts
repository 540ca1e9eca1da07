import { quoteGo } from '../go-quote.ts';

/** Tokens of Go's text/template (https://pkg.go.dev/text/template): text outside actions, and the words inside them. */
export type TokenType =
  | 'error'
  | 'bool'
  | 'char' // a single ASCII character that is nothing else: the comma
  | 'charConstant'
  | 'declare'
  | 'assign'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | 'dot'
  | 'nil'
  | 'keyword';

export interface Token {
  readonly type: TokenType;
  /** Offset in the template text. */
  readonly position: number;
  readonly value: string;
  readonly line: number;
}

const keywords = new Set('block break continue define else end if range template with'.split(' '));
const opensTrimmed = /^\{\{-[ \t\r\n]/;
const numberForm =
  /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/;

/** One template text cut into tokens; a failure is a last token of type `error`. */
export function tokenize(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Token[] {
    while (this.#outside());
    return this.#tokens;
  }

  #emit(type: TokenType, end: number): void {
    const value = this.#text.slice(this.#position, end);
    this.#tokens.push({ type, position: this.#position, value, line: this.#line });
    this.#line += value.split('\n').length - 1;
    this.#position = end;
  }

  #skip(end: number): void {
    this.#line += this.#text.slice(this.#position, end).split('\n').length - 1;
    this.#position = end;
  }

  #fail(message: string): false {
    this.#tokens.push({ type: 'error', position: this.#position, value: message, line: this.#line });
    return false;
  }

  /** Text up to the next action, then the action. False at the end. */
  #outside(): boolean {
    const open = this.#text.indexOf('{{', this.#position);
    if (open < 0) {
      if (this.#position < this.#text.length) this.#emit('text', this.#text.length);
      this.#emit('eof', this.#text.length);
      return false;
    }
    const trims = opensTrimmed.test(this.#text.slice(open, open + 4));
    const kept = trims ? this.#position + this.#text.slice(this.#position, open).trimEnd().length : open;
    if (kept > this.#position) this.#emit('text', kept);
    this.#skip(open);
    const inner = open + (trims ? 4 : 2);
    if (this.#text.startsWith('/*', inner)) return this.#comment(inner);
    this.#emit('leftDelim', open + 2);
    if (trims) this.#skip(inner);
    return this.#action();
  }

  #comment(start: number): boolean {
    const end = this.#text.indexOf('*/', start);
    if (end < 0) return this.#fail('unclosed comment');
    const close = /^(?:[ \t\r\n]-)?\}\}/.exec(this.#text.slice(end + 2));
    if (!close) return this.#fail('comment ends before closing delimiter');
    this.#skip(end + 2 + close[0].length);
    if (close[0].length > 2) this.#trimLeft();
    return true;
  }

  #trimLeft(): void {
    this.#skip(this.#text.length - this.#text.slice(this.#position).replace(/^[ \t\r\n]+/, '').length);
  }

  /** Everything up to and with the closing delimiter. */
  #action(): boolean {
    let depth = 0;
    for (;;) {
      const rest = this.#text.slice(this.#position);
      const trims = /^[ \t\r\n]-\}\}/.test(rest);
      if (trims || rest.startsWith('}}')) {
        if (depth > 0) return this.#fail('unclosed left paren');
        if (trims) this.#skip(this.#position + 2);
        this.#emit('rightDelim', this.#position + 2);
        if (trims) this.#trimLeft();
        return true;
      }
      if (rest === '') return this.#fail('unclosed action');
      const first = rest[0]!;
      if (first === '(') depth++;
      if (first === ')' && --depth < 0) return this.#fail('unexpected right paren');
      if (!this.#inside(rest, first)) return false;
    }
  }

  /** One token inside an action. */
  #inside(rest: string, first: string): boolean {
    const at = this.#position;
    const space = /^[ \t\r\n]+/.exec(rest);
    if (space) {
      // A space before a trimming close belongs to the delimiter.
      const length = /^-\}\}/.test(rest.slice(space[0].length)) ? space[0].length - 1 : space[0].length;
      this.#emit('space', at + length);
      return true;
    }
    if (rest.startsWith(':=')) return this.#done('declare', at + 2);
    if (first === ':') return this.#fail('expected :=');
    if (first === '=') return this.#done('assign', at + 1);
    if (first === '|') return this.#done('pipe', at + 1);
    if (first === '(') return this.#done('leftParen', at + 1);
    if (first === ')') return this.#done('rightParen', at + 1);
    if (first === '"') return this.#quoted(rest, '"', 'string', 'unterminated quoted string');
    if (first === "'") return this.#quoted(rest, "'", 'charConstant', 'unterminated character constant');
    if (first === '`') {
      const end = rest.indexOf('`', 1);
      return end < 0 ? this.#fail('unterminated raw quoted string') : this.#done('rawString', at + end + 1);
    }
    if (first === '$') return this.#name(rest, 'variable');
    if (first === '.' && !/^[0-9]/.test(rest.slice(1, 2))) return this.#name(rest, 'field');
    if (/^[.+\-0-9]/.test(first)) return this.#number(rest);
    if (isWord(characterAt(rest, 0))) return this.#identifier(rest);
    if (/^[\x20-\x7e]/.test(first)) return this.#done('char', at + 1);
    return this.#fail(`unrecognized character in action: ${unicodeName(rest.codePointAt(0)!)}`);
  }

  #done(type: TokenType, end: number): true {
    this.#emit(type, end);
    return true;
  }

  #quoted(rest: string, quote: string, type: TokenType, unterminated: string): boolean {
    for (let index = 1; index < rest.length; index++) {
      if (rest[index] === '\n') break;
      if (rest[index] === '\\' && rest[index + 1] !== '\n') index++;
      else if (rest[index] === quote) return this.#done(type, this.#position + index + 1);
    }
    return this.#fail(unterminated);
  }

  #name(rest: string, type: 'field' | 'variable'): boolean {
    const length = 1 + wordLength(rest.slice(1));
    if (!this.#terminated(rest.slice(length))) return this.#badCharacter(rest, length);
    return this.#done(type === 'field' && length === 1 ? 'dot' : type, this.#position + length);
  }

  #identifier(rest: string): boolean {
    const length = wordLength(rest);
    const name = rest.slice(0, length);
    if (!this.#terminated(rest.slice(length))) return this.#badCharacter(rest, length);
    if (name === 'true' || name === 'false') return this.#done('bool', this.#position + length);
    if (name === 'nil') return this.#done('nil', this.#position + length);
    return this.#done(keywords.has(name) ? 'keyword' : 'identifier', this.#position + length);
  }

  #terminated(after: string): boolean {
    return after === '' || /^[ \t\r\n.,|:)(]/.test(after) || after.startsWith('}}');
  }

  #badCharacter(rest: string, length: number): false {
    return this.#fail(`bad character ${unicodeName(rest.codePointAt(length)!)}`);
  }

  #number(rest: string): boolean {
    const scan = (from: number): number => {
      const end = from + numberForm.exec(rest.slice(from))![0].length;
      const after = characterAt(rest, end);
      return isWord(after) ? -(end + after.length) : end;
    };
    let length = scan(0);
    // A sign right behind would make it a complex constant, which no template of ours needs.
    if (length > 0 && /^[+-]/.test(rest.slice(length))) length = -Math.abs(scan(length));
    if (length <= 0) return this.#fail(`bad number syntax: ${quoteGo(rest.slice(0, -length || 1))}`);
    return this.#done('number', this.#position + length);
  }
}

/** Go's letters, digits and the underscore; the class is only compiled for text outside ASCII. */
function isWord(character: string): boolean {
  return character < '\x80' ? /^[A-Za-z0-9_]$/.test(character) : /^[\p{L}\p{Nd}]$/u.test(character);
}

function characterAt(text: string, index: number): string {
  const code = text.codePointAt(index);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function wordLength(text: string): number {
  let length = 0;
  for (const character of text) {
    if (!isWord(character)) break;
    length += character.length;
  }
  return length;
}

/** Go's `%#U`: `U+0023 '#'`. */
function unicodeName(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

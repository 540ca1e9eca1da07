import { quoteGo } from '../text/go-quote.ts';
import { compilePattern, replaceMatches, trimPrefix, trimSuffix } from './pattern.ts';
import { isSpace } from './whitespace.ts';

/**
 * Word expansion (dockerfile.md 1.7): quotes and escapes are resolved and `$v`, `${v…}` replaced. The same lexer, told to
 * keep quotes and escapes, finds here-document words.
 */
export type EscapeCharacter = '\\' | '`';

/** A `$v` or `${v…}` in a word. Offsets are in the word's text. */
export interface VariableUse {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly found: boolean;
  /** `''` for `$v` and `${v}`; otherwise the operator as written: `:-`, `+`, `#`, `/`… */
  readonly operator: string;
}

export interface ExpandOptions {
  readonly escape: EscapeCharacter;
  /** The value of a variable, undefined = not set. */
  readonly get: (name: string) => string | undefined;
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean;
  /** Keep escape characters in the result. */
  readonly rawEscapes?: boolean;
  /** Take quotes as ordinary characters: here-document bodies. */
  readonly plainQuotes?: boolean;
  /** Leave variables that are not set as they are written. */
  readonly keepUnset?: boolean;
}

export interface Expansion {
  readonly result: string;
  /** The result split at blanks that were not quoted. A quoted empty word is lost, as in the reference. */
  readonly words: readonly string[];
  readonly uses: readonly VariableUse[];
}

/** A word that cannot be expanded. The message is the reference's, with `failed to process "…": ` in front. */
export class ExpansionError extends Error {
  /** Offsets in the word of the part that is wrong. */
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.name = 'ExpansionError';
    this.start = start;
    this.end = end;
  }
}

export function expandWord(word: string, options: ExpandOptions): Expansion {
  return expand(word, options, new WordList());
}

/** The same without its words. */
export function expandText(word: string, options: ExpandOptions): Pick<Expansion, 'result' | 'uses'> {
  return expand(word, options, undefined);
}

function expand(word: string, options: ExpandOptions, list: WordList | undefined): Expansion {
  const lexer = new WordLexer(word, options);
  try {
    const { result, words } = lexer.readUntil(undefined, options.rawEscapes ?? false, list);
    return { result, words, uses: lexer.uses };
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    throw new ExpansionError(`failed to process ${quoteGo(word)}: ${error.message}`, error.start, error.end);
  }
}

const noUses: readonly VariableUse[] = [];

/** The variables that a word uses, as if none was set; none of a word that cannot be expanded. */
export function variableUses(word: string, escape: EscapeCharacter): readonly VariableUse[] {
  if (!word.includes('$')) return noUses;
  const lexer = new WordLexer(word, { escape, get: () => undefined });
  try {
    lexer.readUntil(undefined, false);
    return lexer.uses;
  } catch (error) {
    if (error instanceof ExpansionError) return noUses;
    throw error;
  }
}

/** Substitutions inside substitutions: deeper ones are refused, so that no input exhausts the stack. */
const nestingLimit = 500;

/** What may end a run of plain characters. */
const mayMean = /[$'"<`\\}/]/g;
/** Of those: where they are the escape character, or end a substitution. */
const inSomeWords = '`\\}/';

/** Names that people write, and any name. */
const plainName = /[A-Za-z_]\w*(?![\w\x80-\uffff])/y;
const anyName = /\p{Nd}+|[\p{L}_][\p{L}\p{Nd}_]*/uy;
const specialParameters = '@*#?-$!0';

/** Collects words while characters come: blanks end a word, raw text never does. */
class WordList {
  private readonly words: string[] = [];
  private word = '';
  private inWord = false;

  addRaw(text: string): void {
    this.word += text;
    this.inWord = true;
  }

  addSplit(text: string): void {
    let start = 0;
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && !isSpace(text.charCodeAt(at))) continue;
      if (at > start) this.addRaw(text.slice(start, at));
      start = at + 1;
      if (at < text.length && this.inWord && this.word !== '') this.endWord();
    }
  }

  private endWord(): void {
    this.words.push(this.word);
    this.word = '';
    this.inWord = false;
  }

  finish(): readonly string[] {
    if (this.word !== '') this.endWord();
    return this.words;
  }
}

class WordLexer {
  readonly uses: VariableUse[] = [];
  private readonly text: string;
  private readonly options: ExpandOptions;
  private position = 0;
  private rawEscapes = false;
  private depth = 0;

  constructor(text: string, options: ExpandOptions) {
    this.text = text;
    this.options = options;
  }

  /** Reads to `stop` (consumed) or, without one, to the end. */
  readUntil(
    stop: string | undefined,
    rawEscapes: boolean,
    words?: WordList,
  ): { result: string; words: readonly string[] } {
    const before = this.rawEscapes;
    const begin = this.position;
    this.rawEscapes = rawEscapes;
    let result = '';
    try {
      while (this.position < this.text.length) {
        const character = this.text[this.position]!;
        if (character === stop) {
          this.position++;
          return { result, words: words?.finish() ?? [] };
        }
        if (character === '$') {
          const value = this.dollar();
          result += value;
          words?.addSplit(value);
        } else if (character === "'" && !this.options.plainQuotes) {
          const value = this.singleQuoted();
          result += value;
          words?.addRaw(value);
        } else if (character === '"' && !this.options.plainQuotes) {
          const value = this.doubleQuoted();
          result += value;
          words?.addRaw(value);
        } else if (character === '<') {
          const value = this.redirection();
          result += value;
          words?.addRaw(value);
        } else if (character === this.options.escape) {
          const value = this.escaped();
          result += value;
          words?.addRaw(value);
        } else {
          const value = this.plain(stop);
          result += value;
          words?.addSplit(value);
        }
      }
    } finally {
      this.rawEscapes = before;
    }
    if (stop !== undefined) {
      throw this.error(`unexpected end of statement while looking for matching ${stop}`, begin);
    }
    return { result, words: words?.finish() ?? [] };
  }

  /** The longest run of characters that mean nothing. */
  private plain(stop: string | undefined): string {
    const start = this.position;
    const text = this.text;
    const escape = this.options.escape;
    let at = start;
    do {
      mayMean.lastIndex = at + 1;
      at = mayMean.test(text) ? mayMean.lastIndex - 1 : text.length;
    } while (at < text.length && text[at] !== escape && text[at] !== stop && inSomeWords.includes(text[at]!));
    this.position = at;
    return text.slice(start, at);
  }

  /** The escape character and what follows; a final one is dropped. */
  private escaped(): string {
    const kept = this.rawEscapes ? this.options.escape : '';
    this.position++;
    return kept + this.next();
  }

  /** `<<` or `<<-` takes the blanks after it into the word: `RUN << EOF` opens a here-document. */
  private redirection(): string {
    const start = this.position++;
    if (this.text[this.position] !== '<') return '<';
    this.position++;
    if (this.text[this.position] === '-') this.position++;
    while (this.position < this.text.length && isSpace(this.text.charCodeAt(this.position))) this.position++;
    return this.text.slice(start, this.position);
  }

  private singleQuoted(): string {
    const start = this.position;
    const end = this.text.indexOf("'", start + 1);
    if (end < 0) {
      this.position = this.text.length;
      throw this.error('unexpected end of statement while looking for matching single-quote', start);
    }
    this.position = end + 1;
    return this.options.rawQuotes ? this.text.slice(start, end + 1) : this.text.slice(start + 1, end);
  }

  private doubleQuoted(): string {
    const start = this.position++;
    const quote = this.options.rawQuotes ? '"' : '';
    const escape = this.options.escape;
    let result = quote;
    while (this.position < this.text.length) {
      const character = this.text[this.position]!;
      if (character === '"') {
        this.position++;
        return result + quote;
      }
      if (character === '$') {
        result += this.dollar();
      } else if (character === escape) {
        this.position++;
        const next = this.text[this.position];
        if (this.rawEscapes) result += escape;
        if (next === undefined) break;
        if (next === '"' || next === '$' || next === escape) result += this.next();
        else result += escape;
      } else {
        const from = this.position;
        this.position = this.quotedStop(from);
        result += this.text.slice(from, this.position);
      }
    }
    throw this.error('unexpected end of statement while looking for matching double-quote', start);
  }

  /** Where between double quotes something means more than itself, from `from` on. */
  private quotedStop(from: number): number {
    const text = this.text;
    for (let at = from; ; at++) {
      mayStop.lastIndex = at;
      if (!mayStop.test(text)) return text.length;
      at = mayStop.lastIndex - 1;
      if (isQuotedStop(text[at]!, this.options.escape)) return at;
    }
  }

  private dollar(): string {
    if (++this.depth > nestingLimit) throw this.error('substitutions are nested too deeply', this.position);
    const start = this.position++;
    const value = this.text[this.position] === '{' ? this.braced(start) : this.bare(start);
    this.depth--;
    return value;
  }

  private bare(start: number): string {
    const name = this.name();
    if (name === '') return '$';
    const value = this.look(name, start, '');
    if (value === undefined && this.options.keepUnset) return '$' + name;
    return value ?? '';
  }

  private braced(start: number): string {
    this.position++;
    const first = this.text[this.position];
    if (first === undefined) throw this.error("syntax error: missing '}'", start);
    if (first === '{' || first === '}' || first === ':') {
      throw this.error('syntax error: bad substitution', start, this.position + 1);
    }
    const name = this.name();
    let operator = this.next() || '\uFFFD';
    switch (operator) {
      case '}': {
        const value = this.look(name, start, '');
        if (value === undefined && this.options.keepUnset) return '${' + name + '}';
        return value ?? '';
      }
      case '/':
        return this.replacement(name, start);
      case ':':
        operator += this.next() || '\uFFFD';
        return this.modified(name, operator, start);
      case '+':
      case '-':
      case '?':
      case '#':
      case '%':
        return this.modified(name, operator, start);
      default:
        throw this.error(`unsupported modifier (${operator}) in substitution`, start);
    }
  }

  private modified(name: string, operator: string, start: number): string {
    const kind = operator.at(-1)!;
    const emptyIsUnset = operator.length > 1;
    const pattern = kind === '#' || kind === '%';
    const word = this.part('}', pattern, "syntax error: missing '}'", start);
    const value = this.look(name, start, operator);
    if (value === undefined && this.options.keepUnset) return '${' + name + operator + word + '}';
    const absent = value === undefined || (emptyIsUnset && value === '');
    if (kind === '-') return absent ? word : value;
    if (kind === '+') return absent ? '' : word;
    if (kind === '?') {
      if (!absent) return value;
      const fallback = value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty';
      throw this.error(`${name}: ${word || fallback}`, start);
    }
    if (!pattern || emptyIsUnset)
      throw this.error(`unsupported modifier (${operator}) in substitution`, start);
    const longest = word.startsWith(kind);
    const compiled = this.compile(longest ? word.slice(1) : word, start);
    return this.guard(start, () => (kind === '#' ? trimPrefix : trimSuffix)(compiled, value ?? '', longest));
  }

  private replacement(name: string, start: number): string {
    const all = this.text[this.position] === '/';
    if (all) this.position++;
    const pattern = this.part('/', true, "syntax error: missing '/' in ${}", start);
    const replacement = this.part('}', true, "syntax error: missing '}'", start);
    const value = this.look(name, start, all ? '//' : '/');
    if (value === undefined && this.options.keepUnset) return `\${${name}/${pattern}/${replacement}}`;
    const compiled = this.compile(pattern, start);
    return this.guard(start, () => replaceMatches(compiled, value ?? '', replacement, all));
  }

  /** One part of a substitution; an error at the very end of the word is a missing terminator. */
  private part(stop: string, rawEscapes: boolean, missing: string, start: number): string {
    try {
      return this.readUntil(stop, rawEscapes).result;
    } catch (error) {
      if (!(error instanceof ExpansionError) || this.position < this.text.length) throw error;
      throw this.error(missing, start);
    }
  }

  private compile(pattern: string, start: number): ReturnType<typeof compilePattern> {
    return this.guard(start, () => compilePattern(pattern));
  }

  private guard<T>(start: number, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw this.error(error instanceof Error ? error.message : String(error), start);
    }
  }

  private look(name: string, start: number, operator: string): string | undefined {
    const value = this.options.get(name);
    this.uses.push({ name, start, end: this.position, found: value !== undefined, operator });
    return value;
  }

  /** Letters, digits and `_`; digits only when the first is one; or one special parameter. */
  private name(): string {
    const { text, position: start } = this;
    if (start >= text.length) return '';
    plainName.lastIndex = start;
    anyName.lastIndex = start;
    if (plainName.test(text)) this.position = plainName.lastIndex;
    else if (anyName.test(text)) this.position = anyName.lastIndex;
    else if (specialParameters.includes(text[start]!)) this.position++;
    return text.slice(start, this.position);
  }

  /** Reads one character (both halves of a pair), `''` at the end. */
  private next(): string {
    const { text, position } = this;
    this.position += (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
    if (this.position > text.length) this.position = text.length;
    return text.slice(position, this.position);
  }

  private error(message: string, start: number, end = this.position): ExpansionError {
    return new ExpansionError(message, start, Math.max(end, Math.min(start + 1, this.text.length)));
  }
}

const mayStop = /["$`\\]/g;

function isQuotedStop(character: string, escape: string): boolean {
  return character === '"' || character === '$' || character === escape;
}

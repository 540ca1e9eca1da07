import { MappedTextBuilder } from './mapped-text.ts';
import type { MappedText } from './mapped-text.ts';
import type { EscapeCharacter } from './expand.ts';
import { isBlank, isSpace, skipSpaces, trimEndIndex } from './whitespace.ts';

/** How the text after an instruction's keyword is cut into flags and words (dockerfile.md 1.4). Nothing is expanded here. */

/** The text without the spaces around it. */
export function trimMapped(text: MappedText): MappedText {
  const start = skipSpaces(text.text);
  return text.slice(start, trimEndIndex(text.text, start));
}

const double = 34;
const single = 39;

/** Words between blanks, quotes meaning nothing: COPY, ADD, VOLUME, EXPOSE, FROM. */
export function splitBlanks(source: MappedText): MappedText[] {
  const words: MappedText[] = [];
  const text = source.text;
  let start = 0;
  const { length } = text;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x20 || !isBlank(code)) continue;
    if (at > start) words.push(source.slice(start, at));
    start = at + 1;
  }
  if (text.length > start) words.push(source.slice(start));
  return words;
}

/** The first word and the rest after the blanks; no rest when there are none. */
export function splitFirst(source: MappedText): { first: MappedText; rest: MappedText | undefined } {
  const text = source.text;
  let end = 0;
  while (end < text.length && !isBlank(text.charCodeAt(end))) end++;
  let next = end;
  while (next < text.length && isBlank(text.charCodeAt(next))) next++;
  return { first: source.slice(0, end), rest: next === end ? undefined : source.slice(next) };
}

/**
 * Words of ENV, LABEL and ARG: blanks in quotes or after the escape character do not end a word. Quotes and escapes stay;
 * an escape character at the very end is dropped.
 */
export function splitQuoted(source: MappedText, escape: EscapeCharacter): MappedText[] {
  const text = source.text;
  const words: MappedText[] = [];
  const escaping = escape.charCodeAt(0);
  let start = -1;
  /** The quote that is open, 0 for none. */
  let quote = 0;
  const { length } = text;
  let end = length;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    // Letters are nearly all that comes: they need no call.
    const space = (code <= 0x20 || code >= 0x80) && isSpace(code);
    if (start < 0) {
      if (space) continue;
      start = at;
    }
    if (space) {
      if (quote !== 0) continue;
      words.push(source.slice(start, at));
      start = -1;
    } else if (code === escaping && quote !== single) {
      if (at + 1 === length) end = at;
      else at++;
    } else if (code === double || code === single) {
      if (quote === 0) quote = code;
      else if (quote === code) quote = 0;
    }
  }
  if (start >= 0 && end > start) words.push(source.slice(start, end));
  return words;
}

/**
 * Builder flags: words that begin with `--`, their quotes removed and escapes resolved. The escape is always a backslash,
 * whatever the directive says, and quotes do not protect it. A bare `--` ends the flags and is dropped. They are looked for
 * from `start` to `stop`; `end` is where the rest begins.
 */
export function splitFlags(
  source: MappedText,
  start: number,
  stop: number,
): { flags: readonly MappedText[]; end: number } {
  const text = source.text;
  let flags: MappedText[] | undefined;
  let at = start;
  for (;;) {
    at = skipSpaces(text, at, stop);
    if (at + 2 > stop || !text.startsWith('--', at)) return { flags: flags ?? none, end: at };
    const { flag, end } = readFlag(source, at, stop);
    at = end;
    if (flag.text === '--') return { flags: flags ?? none, end: at };
    (flags ??= []).push(flag);
  }
}

const none: readonly never[] = [];

function readFlag(source: MappedText, start: number, stop: number): { flag: MappedText; end: number } {
  const text = source.text;
  const builder = new MappedTextBuilder();
  const take = (from: number, to: number) => {
    for (const piece of source.pieces(from, to)) builder.append(piece.text, piece.source);
  };
  let quote = '';
  let run = start;
  let at = start;
  for (; at < stop; at++) {
    const character = text[at]!;
    if (quote === '' && isSpace(text.charCodeAt(at))) break;
    const isQuote = quote === '' ? character === '"' || character === "'" : character === quote;
    if (!isQuote && character !== '\\') continue;
    take(run, at);
    run = at + 1;
    if (character === '\\') at++;
    else quote = quote === '' ? character : '';
  }
  take(run, Math.min(at, stop));
  return { flag: builder.build(source.offsetOf(start)), end: Math.min(at, stop) };
}

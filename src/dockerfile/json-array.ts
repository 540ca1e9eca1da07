import { MappedTextBuilder } from './mapped-text.ts';
import type { MappedText } from './mapped-text.ts';
import { skipSpaces, trimEndIndex } from './whitespace.ts';

/** dockerfile.md 1.4: text that decodes as a JSON array of anything but strings. */
export class NotStringArrayError extends Error {
  constructor() {
    super('when using JSON array syntax, arrays must be comprised of strings only');
    this.name = 'NotStringArrayError';
  }
}

/**
 * The strings of a JSON array, each with its place in the file; undefined when the text is not one, which the reference
 * takes silently as the shell form. Throws `NotStringArrayError` for an array that holds something else.
 */
export function parseJsonArray(source: MappedText): MappedText[] | undefined {
  const text = source.text;
  const begin = skipSpaces(text);
  if (text[begin] !== '[') return undefined;
  // PowerShell's `[Net.ServicePointManager]::…` begins like an array, and what JSON.parse throws is dear.
  if (text[trimEndIndex(text, begin) - 1] !== ']' || !firstElement.test(text)) return undefined;
  let decoded: unknown;
  try {
    decoded = JSON.parse(text.slice(begin));
  } catch {
    return undefined;
  }
  if (!Array.isArray(decoded)) return undefined;
  if (!decoded.every((element) => typeof element === 'string')) throw new NotStringArrayError();
  const elements: MappedText[] = [];
  let at = begin + 1;
  for (let left = decoded.length; left > 0; left--) {
    at = text.indexOf('"', at);
    const value = decoded[decoded.length - left] as string;
    // Nearly all strings stand there as they are.
    if (text.startsWith(value, at + 1) && text[at + 1 + value.length] === '"' && value.isWellFormed()) {
      elements.push(source.slice(at + 1, at + 1 + value.length));
      at += value.length + 2;
      continue;
    }
    const { string, end } = readString(source, at);
    elements.push(string);
    at = end;
  }
  return elements;
}

/** What may follow the opening bracket of a JSON array. */
const firstElement = /^\s*\[\s*[\]["{\-\dtfn]/;

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads the (valid) JSON string whose opening quote is at `quote`. */
function readString(source: MappedText, quote: number): { string: MappedText; end: number } {
  const text = source.text;
  const builder = new MappedTextBuilder();
  let at = quote + 1;
  while (text[at] !== '"') {
    const run = at;
    while (text[at] !== '"' && text[at] !== '\\') at++;
    if (at > run) appendRun(builder, source, run, at);
    if (text[at] !== '\\') break;
    const letter = text[at + 1]!;
    let length = 2;
    let value = escapes[letter] ?? letter;
    if (letter === 'u') {
      length = 6;
      value = String.fromCharCode(parseInt(text.slice(at + 2, at + 6), 16));
    }
    builder.append(value, source.offsetOf(at));
    at += length;
  }
  const string = builder.build(source.offsetOf(quote + 1));
  return { string: replaceLoneSurrogates(string), end: at + 1 };
}

/** A run of plain characters may itself be broken by continuations of the line. */
function appendRun(builder: MappedTextBuilder, source: MappedText, start: number, end: number): void {
  for (const piece of source.pieces(start, end)) builder.append(piece.text, piece.source);
}

/** The reference's decoder turns unpaired surrogates into U+FFFD: one character each, so places stay. */
function replaceLoneSurrogates(element: MappedText): MappedText {
  const text = element.text.replace(loneSurrogate, '\uFFFD');
  return text === element.text ? element : element.withText(text);
}

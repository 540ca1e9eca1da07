import { quoteGo } from '../text/go-quote.ts';
import { none } from './exact-list.ts';
import type { EscapeCharacter } from './expand.ts';
import { NotStringArrayError, parseJsonArray } from './json-array.ts';
import type { MappedText } from './mapped-text.ts';
import type { PairNode } from './tree.ts';
import { isBlank, isSpace, skipSpaces, trimEndIndex } from './whitespace.ts';
import { splitBlanks, splitFirst, splitFlags, splitQuoted } from './words.ts';

/** What one logical line says: the part of an `InstructionNode` that does not depend on its surroundings. Offsets are in `text`. */
export interface LineContent {
  /** The keyword, and where it begins. */
  readonly written: string;
  readonly keywordStart: number;
  readonly name: string;
  readonly flags: readonly MappedText[];
  readonly restStart: number;
  readonly restEnd: number;
  readonly args: readonly MappedText[];
  readonly pairs: readonly PairNode[];
  readonly json: boolean;
  readonly inner: LineContent | undefined;
  readonly text: MappedText;
  readonly problem: { readonly message: string; readonly at: MappedText } | undefined;
}

interface Arguments {
  readonly args?: readonly MappedText[];
  readonly pairs?: readonly PairNode[];
  readonly json?: boolean;
  readonly inner?: LineContent;
  readonly problem?: LineContent['problem'];
}

type Splitter = (rest: MappedText, escape: EscapeCharacter, nesting: number) => Arguments;

/** dockerfile.md 1.4. Unknown keywords have no words: the error comes with the meaning. */
const splitters: Readonly<Record<string, Splitter>> = {
  add: jsonOrWords,
  arg: (rest, escape) => ({ args: splitQuoted(rest, escape) }),
  cmd: jsonOrText,
  copy: jsonOrWords,
  entrypoint: jsonOrText,
  env: (rest, escape) => pairs(rest, escape, 'ENV'),
  expose: (rest) => ({ args: splitBlanks(rest) }),
  from: (rest) => ({ args: splitBlanks(rest) }),
  healthcheck,
  label: (rest, escape) => pairs(rest, escape, 'LABEL'),
  maintainer: wholeText,
  onbuild: (rest, escape, nesting) => {
    if (rest.text === '') return {};
    // Chained triggers are an error of meaning; deeper ones need no tree of their own.
    if (nesting > 1) return { args: [rest] };
    const inner = readLine(rest, escape, nesting + 1);
    return { inner, problem: inner.problem };
  },
  run: jsonOrText,
  shell: jsonOrText,
  stopsignal: wholeText,
  user: wholeText,
  volume: jsonOrWords,
  workdir: wholeText,
};

export const instructionNames: readonly string[] = Object.keys(splitters);

export function isInstructionName(name: string): boolean {
  return Object.hasOwn(splitters, name);
}

/** Keywords in the cases that people write, so that the nodes of a file share their strings. */
const keywords = new Map(
  instructionNames.flatMap((name) => [
    [name, { written: name, name }],
    [name.toUpperCase(), { written: name.toUpperCase(), name }],
  ]),
);

const nothing: Arguments = {};

/** Cuts a joined line into keyword, flags and words. `nesting` counts ONBUILDs around it. */
export function readLine(line: MappedText, escape: EscapeCharacter, nesting = 0): LineContent {
  const text = line.text;
  const keywordStart = skipSpaces(text);
  const stop = trimEndIndex(text, keywordStart);
  let end = keywordStart;
  while (end < stop && !isBlank(text.charCodeAt(end))) end++;
  const first = text.slice(keywordStart, end);
  const known = keywords.get(first);
  const written = known === undefined ? first : known.written;
  const name = known === undefined ? first.toLowerCase() : known.name;
  const { flags, end: flagsEnd } = end < stop ? splitFlags(line, end, stop) : { flags: none, end };
  const restStart = skipSpaces(text, flagsEnd, stop);
  const rest = line.slice(restStart, stop);
  const split = isInstructionName(name) ? splitters[name]!(rest, escape, nesting) : nothing;
  return {
    written,
    keywordStart,
    name,
    flags,
    restStart,
    restEnd: stop,
    args: split.args ?? none,
    pairs: split.pairs ?? none,
    json: split.json ?? false,
    inner: split.inner,
    text: line,
    problem: split.problem,
  };
}

function wholeText(rest: MappedText): Arguments {
  return rest.text === '' ? {} : { args: [rest] };
}

function jsonOr(rest: MappedText, otherwise: (rest: MappedText) => readonly MappedText[]): Arguments {
  if (rest.text === '') return {};
  try {
    const elements = parseJsonArray(rest);
    return elements ? { args: elements, json: true } : { args: otherwise(rest) };
  } catch (error) {
    if (!(error instanceof NotStringArrayError)) throw error;
    return { args: [rest], problem: { message: error.message, at: rest } };
  }
}

function jsonOrText(rest: MappedText): Arguments {
  return jsonOr(rest, (text) => [text]);
}

function jsonOrWords(rest: MappedText): Arguments {
  return jsonOr(rest, splitBlanks);
}

function healthcheck(rest: MappedText): Arguments {
  const text = rest.text;
  let end = 0;
  while (end < text.length && !isSpace(text.charCodeAt(end))) end++;
  if (end === 0) return {};
  let next = end;
  while (next < text.length && isSpace(text.charCodeAt(next))) next++;
  const command = jsonOrText(rest.slice(next));
  return { ...command, args: [rest.slice(0, end), ...(command.args ?? [])] };
}

function pairs(rest: MappedText, escape: EscapeCharacter, instruction: string): Arguments {
  const words = splitQuoted(rest, escape);
  if (words.length === 0) return {};
  if (!words[0]!.text.includes('=')) {
    const { first, rest: value } = splitFirst(rest);
    if (!value) return { problem: { message: `${instruction} must have two arguments`, at: rest } };
    return { pairs: [{ key: first, value, legacy: true }] };
  }
  const found: PairNode[] = [];
  for (const word of words) {
    const equals = word.text.indexOf('=');
    if (equals < 0) {
      const message = `Syntax error - can't find = in ${quoteGo(word.text)}. Must be of the form: name=value`;
      return { pairs: found, problem: { message, at: word } };
    }
    found.push({ key: word.slice(0, equals), value: word.slice(equals + 1), legacy: false });
  }
  return { pairs: found };
}

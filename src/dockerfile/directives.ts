import type { EscapeCharacter } from './expand.ts';
import type { SourceRange, SourceText } from './source.ts';
import { lineEndIndex, skipSpaces, trimSpaces } from './whitespace.ts';

/** Parser directives (dockerfile.md 1.2): `# syntax=…`, `# escape=…`, `# check=…` at the top of the file. */
export type DirectiveName = 'syntax' | 'escape' | 'check';

export interface Directive {
  readonly name: DirectiveName;
  readonly value: string;
  /** The comment line without its line end. */
  readonly range: SourceRange;
  readonly valueRange: SourceRange;
}

const shape = /^#[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=([\t\n\f\r ]*)/;
const blankAtEnd = /[\t\n\f\r ]/;

/**
 * The directive that a line is, if it is one. `line` has no line end and begins with `#`; `start` is its place in the file.
 * A value of blanks only is a value (one blank), as in the reference; no value at all makes it a comment.
 */
export function matchDirective(line: string, start: number): Directive | undefined {
  const match = shape.exec(line);
  if (!match) return undefined;
  const name = match[1]!.toLowerCase();
  if (name !== 'syntax' && name !== 'escape' && name !== 'check') return undefined;
  const from = match[0].length;
  let end = line.length;
  while (end > from && blankAtEnd.test(line[end - 1]!)) end--;
  const begin = end > from ? from : line.length - (match[2] === '' ? 0 : 1);
  const stop = end > from ? end : line.length;
  if (begin >= stop) return undefined;
  return {
    name,
    value: line.slice(begin, stop),
    range: { start, end: start + line.length },
    valueRange: { start: start + begin, end: start + stop },
  };
}

/** Reads directives until the first line that is none. Errors are texts in the reference's words. */
export class DirectiveReader {
  escape: EscapeCharacter = '\\';
  readonly directives: Directive[] = [];
  /** No later line is one. */
  isDone = false;

  /** Looks at one more line (left-trimmed, without its line end). */
  read(line: string, start: number): { readonly error: string; readonly range: SourceRange } | undefined {
    if (this.isDone) return undefined;
    const directive = matchDirective(line, start);
    if (!directive) {
      this.isDone = true;
      return undefined;
    }
    const repeated = this.directives.some((earlier) => earlier.name === directive.name);
    this.directives.push(directive);
    if (repeated) {
      return { error: `only one ${directive.name} parser directive can be used`, range: directive.range };
    }
    if (directive.name !== 'escape') return undefined;
    if (directive.value !== '\\' && directive.value !== '`') {
      return {
        error: `invalid escape token '${directive.value}' does not match \` or \\`,
        range: directive.valueRange,
      };
    }
    this.escape = directive.value;
    return undefined;
  }
}

export interface DirectiveLookup {
  /** First blank-separated word of the value. */
  readonly value: string;
  /** The whole value. */
  readonly commandLine: string;
  /** Undefined when the file is a JSON object. */
  readonly range: SourceRange | undefined;
}

/**
 * The look-up that front ends do before parsing: `syntax` may also stand after a `#!` line, in `//` comments, or in a file
 * that is one JSON object; `check` only in `#` comments. Unlike the parser's own, it does not trim lines.
 */
export function lookUpDirective(source: SourceText, name: 'syntax' | 'check'): DirectiveLookup | undefined {
  let first = 1;
  if (source.text.startsWith('#!', source.markLength)) first = 2;
  const inHashes = lookIn(source, name, first, '#');
  if (inHashes || name === 'check') return inHashes;
  const inSlashes = lookIn(source, name, first, '//');
  if (inSlashes) return inSlashes;
  return lookInJson(source.text.slice(source.markLength));
}

function lookIn(
  source: SourceText,
  name: string,
  firstLine: number,
  mark: '#' | '//',
): DirectiveLookup | undefined {
  for (let line = firstLine; line <= source.lineCount; line++) {
    const start = line === 1 ? source.markLength : source.lineStart(line);
    const text = source.line(line).slice(start - source.lineStart(line));
    if (!text.startsWith(mark)) return undefined;
    const end = lineEndIndex(text);
    const directive = matchDirective('#' + text.slice(mark.length, end), start + mark.length - 1);
    if (!directive) return undefined;
    if (directive.name !== name) continue;
    const value = directive.value.split(/[\t\n\v\f\r ]+/).find((word) => word !== '') ?? '';
    return { value, commandLine: directive.value, range: directive.range };
  }
  return undefined;
}

function lookInJson(text: string): DirectiveLookup | undefined {
  if (text[skipSpaces(text)] !== '{') return undefined;
  try {
    const document = JSON.parse(text) as { syntax?: unknown };
    if (typeof document.syntax !== 'string' || trimSpaces(document.syntax) === '') return undefined;
    const value = trimSpaces(document.syntax).split(/[\t\n\v\f\r ]+/)[0]!;
    return { value, commandLine: document.syntax, range: undefined };
  } catch {
    return undefined;
  }
}

import { isUtf8 } from 'node:buffer';

/**
 * The text of one Dockerfile and its coordinates. Offsets are UTF-16 code units from the start of the text (a byte-order
 * mark is offset 0); lines and columns are 1-based, a column counts UTF-16 code units, as editors do.
 */
export interface SourceRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface SourcePosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** `binary`: the bytes were not UTF-8; every character is one byte, so that printing gives them back. */
export type SourceEncoding = 'utf-8' | 'binary';

export class SourceText {
  readonly text: string;
  readonly encoding: SourceEncoding;
  /** Length of the byte-order mark at the start: 0, 1 (UTF-8) or 3 (bytes). */
  readonly markLength: number;
  /** Offset of the first character of each line. A text that ends with a line feed has an empty last line. */
  readonly lineStarts: Uint32Array;

  constructor(text: string, encoding: SourceEncoding = 'utf-8') {
    this.text = text;
    this.encoding = encoding;
    this.markLength = text.startsWith('\uFEFF') ? 1 : encoding === 'binary' && text.startsWith('ï»¿') ? 3 : 0;
    this.lineStarts = findLineStarts(text);
  }

  get lineCount(): number {
    return this.lineStarts.length;
  }

  /** 1-based line that holds `offset`; offsets past the end belong to the last line. */
  lineAt(offset: number): number {
    const starts = this.lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  position(offset: number): SourcePosition {
    const line = this.lineAt(offset);
    return { line, column: offset - this.lineStarts[line - 1]! + 1, offset };
  }

  /** Start of a 1-based line; the end of the text for a line past the last. */
  lineStart(line: number): number {
    return this.lineStarts[line - 1] ?? this.text.length;
  }

  /** The line without its line feed (a carriage return stays). */
  line(line: number): string {
    const end = this.lineStarts[line];
    return this.text.slice(this.lineStart(line), end === undefined ? this.text.length : end - 1);
  }

  slice(range: SourceRange): string {
    return this.text.slice(range.start, range.end);
  }
}

function findLineStarts(text: string): Uint32Array {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  const starts = new Uint32Array(count);
  let line = 1;
  for (let at = 0; at < text.length && line < count; at++) {
    at = text.indexOf('\n', at);
    starts[line++] = at + 1;
  }
  return starts;
}

/** Bytes as text. Bytes that are not UTF-8 are kept one character each, so that no input is refused or altered. */
export function decodeSource(bytes: Uint8Array): SourceText {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? new SourceText(buffer.toString('utf8'))
    : new SourceText(buffer.toString('latin1'), 'binary');
}

/** The inverse of `decodeSource` for any text made from its result. */
export function encodeSource(text: string, encoding: SourceEncoding): Uint8Array {
  return Buffer.from(text, encoding === 'binary' ? 'latin1' : 'utf8');
}

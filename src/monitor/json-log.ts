/**
 * Docker's json-file log records: `{"log":"text\n","stream":"stdout","time":"…Z"}` and a newline (performance.md 8).
 *
 * A line longer than 16 KiB becomes several records, of which only the last ends in `\n`; output that ends without a newline
 * ends in a record without one. Pieces are cut between characters. Bytes that are no UTF-8 become U+FFFD, as in Docker.
 */
import { isUtf8 } from 'node:buffer';

const begin = '{"log":"';
const longestPiece = 16 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;
const empty = Buffer.alloc(0);

/** 1 for control characters, except the line ends that are handled apart. */
const escaped = new Uint8Array(256);
for (let byte = 0; byte < 0x20; byte += 1)
  escaped[byte] = byte === newline || byte === carriageReturn ? 0 : 1;

export type LogStream = 'stdout' | 'stderr';

/** One piece of memory for all results: making a new one for each chunk costs more than filling it. */
let scratch = Buffer.allocUnsafeSlow(256 * 1024);

function intoScratch(...parts: readonly string[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length > scratch.length) scratch = Buffer.allocUnsafeSlow(length * 2);
  let at = 0;
  for (const part of parts) at += scratch.write(part, at, 'latin1');
  return scratch.subarray(0, at);
}

/** Turns one stream's chunks into records. Keeps the unfinished line until more comes or `end`. */
export class JsonLogEncoder {
  readonly #stream: LogStream;
  readonly #attributes: string;
  #carry: Buffer[] = [];
  #carried = 0;

  /** `attributes`: what log options ask for (`labels`, `env`, `tag`); written into every record. */
  constructor(stream: LogStream, attributes: Readonly<Record<string, string>> = {}) {
    this.#stream = stream;
    this.#attributes = Object.keys(attributes).length === 0 ? '' : `"attrs":${JSON.stringify(attributes)},`;
  }

  /**
   * Complete records of everything up to the last newline; empty when there is none yet. The bytes are good until the next
   * call of any encoder.
   */
  push(chunk: Buffer, time: string): Buffer {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0 && this.#carried + chunk.length < longestPiece) {
      this.#keep(chunk);
      return empty;
    }
    const bytes = this.#take(chunk);
    const lines = bytes.length - (chunk.length - end);
    const head = end === 0 ? empty : this.#lines(bytes.subarray(0, lines), time);
    let rest = end === 0 ? bytes : bytes.subarray(lines);
    let pieces = '';
    while (rest.length >= longestPiece) {
      const cut = characterBoundary(rest, longestPiece);
      pieces += this.#record(rest.subarray(0, cut).toString(), time);
      rest = rest.subarray(cut);
    }
    this.#keep(rest);
    return pieces === '' ? head : Buffer.concat([head, Buffer.from(pieces)]);
  }

  /** The unfinished last line, when the stream ends. */
  end(time: string): Buffer {
    if (this.#carried === 0) return empty;
    return Buffer.from(this.#record(this.#take(empty).toString(), time));
  }

  /** Copied: the chunk's memory belongs to the stream's pool. */
  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#carry.push(Buffer.from(bytes));
    this.#carried += bytes.length;
  }

  /** The unfinished line with `chunk` behind it. */
  #take(chunk: Buffer): Buffer {
    if (this.#carried === 0) return chunk;
    const bytes = Buffer.concat([...this.#carry, chunk]);
    this.#carry = [];
    this.#carried = 0;
    return bytes;
  }

  /**
   * `bytes` ends in a newline. Three roads, the fastest for what servers print all day (goal G1): replacing a single character
   * by a text with a global regular expression is the one form that V8 does in one pass of native code.
   */
  #lines(bytes: Buffer, time: string): Buffer {
    if (hasLongLine(bytes)) return Buffer.from(this.#longLines(bytes, time));
    const after = this.#after(time);
    const end = `\\n"${after}`;
    // `$` means something in replacements, and log attributes may hold it.
    const between = `${end}${begin}`.replaceAll('$', '$$$$');
    if (needsNoEscapes(bytes)) {
      // Valid UTF-8 is taken through as bytes: latin1 maps each byte to one character and back.
      let text = bytes.toString('latin1', 0, bytes.length - 1);
      if (bytes.includes(carriageReturn)) text = text.replace(/\r/g, '\\r');
      return intoScratch(begin, text.replace(/\n/g, between), end);
    }
    const text = bytes.toString();
    if (!text.includes('\\')) {
      // Without a backslash in the text every `\n` in the JSON string is a line end.
      const quoted = JSON.stringify(text).slice(1, -3);
      return Buffer.from(`${begin}${quoted.replace(/\\n/g, between)}${end}`);
    }
    let records = '';
    for (let from = 0; from < text.length;) {
      const to = text.indexOf('\n', from) + 1;
      records += `{"log":${JSON.stringify(text.slice(from, to))}${after}`;
      from = to;
    }
    return Buffer.from(records);
  }

  #longLines(bytes: Buffer, time: string): string {
    let records = '';
    for (let from = 0; from < bytes.length;) {
      const to = bytes.indexOf(newline, from) + 1;
      for (; to - from > longestPiece;) {
        const cut = characterBoundary(bytes.subarray(from, to), longestPiece);
        records += this.#record(bytes.subarray(from, from + cut).toString(), time);
        from += cut;
      }
      records += this.#record(bytes.subarray(from, to).toString(), time);
      from = to;
    }
    return records;
  }

  #record(text: string, time: string): string {
    return `{"log":${JSON.stringify(text)}${this.#after(time)}`;
  }

  #after(time: string): string {
    return `,"stream":"${this.#stream}",${this.#attributes}"time":"${time}"}\n`;
  }
}

/** Largest cut at or below `limit` that does not split a UTF-8 character. */
function characterBoundary(bytes: Buffer, limit: number): number {
  if (limit >= bytes.length) return bytes.length;
  let cut = limit;
  while (cut > limit - 4 && (bytes[cut]! & 0xc0) === 0x80) cut -= 1;
  return (bytes[cut]! & 0xc0) === 0x80 ? limit : cut;
}

/** Jumps in steps of a piece instead of walking every line. */
function hasLongLine(bytes: Buffer): boolean {
  for (let from = 0; bytes.length - from > longestPiece;) {
    const end = bytes.lastIndexOf(newline, from + longestPiece - 1);
    if (end < from) return true;
    from = end + 1;
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;

function needsNoEscapes(bytes: Buffer): boolean {
  if (bytes.includes(quote) || bytes.includes(backslash)) return false;
  return !hasControls(bytes) && isUtf8(bytes);
}

/** Looks at four bytes at once: of all that a line costs, looking at each byte was the most. */
function hasControls(bytes: Buffer): boolean {
  const { buffer, byteOffset, length } = bytes;
  const start = Math.min(length, -byteOffset & 3);
  const words = new Int32Array(buffer, byteOffset + start, (length - start) >> 2);
  const end = start + words.length * 4;
  let found = 0;
  for (let at = 0; at < start; at += 1) found |= escaped[bytes[at]!]!;
  for (let at = end; at < length; at += 1) found |= escaped[bytes[at]!]!;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    // A high bit for each byte below 0x20, and perhaps for one above such a byte.
    if (((word - 0x20202020) & ~word & 0x80808080) === 0) continue;
    for (let byte = start + at * 4, last = byte + 4; byte < last; byte += 1) found |= escaped[bytes[byte]!]!;
  }
  return found !== 0;
}

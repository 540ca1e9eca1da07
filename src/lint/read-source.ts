/** From the bytes of a file to text: UTF-8 as it is, UTF-16 converted (what PowerShell 5.1's `>` writes), binary refused. */
import { readFileSync } from 'node:fs';
import { decodeSource, SourceText } from '../dockerfile/source.ts';

export interface ReadSource {
  readonly source: SourceText;
  readonly wasUtf16: boolean;
}

/** The bytes hold NULs and are no UTF-16 text. */
export class BinaryFileError extends Error {
  constructor() {
    super('is a binary file, not a Dockerfile');
    this.name = 'BinaryFileError';
  }
}

/** Reads a regular file. Throws `BinaryFileError` or a system error. */
export function readSourceFile(path: string): ReadSource {
  // Of all ways to a text the quickest.
  const text = readFileSync(path, 'utf8');
  // What is no UTF-8, or has NULs and may be UTF-16, is looked at byte by byte.
  if (text.includes('\uFFFD') || text.includes('\0')) return readSource(readFileSync(path));
  return { source: new SourceText(text), wasUtf16: false };
}

/** How far into a file NUL bytes are looked for: git's own limit for calling a file binary. */
const probed = 8000;

/** Throws `BinaryFileError`. */
export function readSource(bytes: Uint8Array): ReadSource {
  const order = utf16Order(bytes);
  if (order !== undefined) {
    // The mark is left out: as UTF-8 the file needs none.
    const text = new TextDecoder(order).decode(bytes);
    if (!text.includes('\0')) return { source: new SourceText(text), wasUtf16: true };
  }
  if (bytes.subarray(0, probed).includes(0)) throw new BinaryFileError();
  return { source: decodeSource(bytes), wasUtf16: false };
}

/** By the mark, or by NUL bytes at every other place of the first characters. */
function utf16Order(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes.length < 4 || bytes.length % 2 !== 0) return undefined;
  if (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0) return 'utf-16le';
  if (bytes[0] === 0 && bytes[1] !== 0 && bytes[2] === 0 && bytes[3] !== 0) return 'utf-16be';
  return undefined;
}

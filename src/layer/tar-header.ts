/**
 * One 512-byte tar header block (POSIX.1-2001 ustar, GNU, star, v7), read as Go's archive/tar reads it, because Docker
 * does so: two readers that disagree about a name are a security hole.
 */
import { LayerError } from './layer-error.ts';

export const blockSize = 512;

/** Byte offsets and lengths of the fields of a header block. */
export const headerField = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeFlag: [156, 1],
  linkName: [157, 100],
  magic: [257, 6],
  version: [263, 2],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

export interface RawHeader {
  readonly typeFlag: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
}

/** True when all 512 bytes at `at` are zero: half of the end marker. */
export function isZeroBlock(block: Buffer, at: number): boolean {
  for (let i = at; i < at + blockSize; i += 1) if (block[i] !== 0) return false;
  return true;
}

/** Reads the header at `at`. A wrong checksum or number is `archive/tar: invalid tar header`. */
export function parseHeader(block: Buffer, at: number): RawHeader {
  verifyChecksum(block, at);
  const size = parseNumber(block, at, headerField.size);
  if (size < 0) throw invalidHeader('negative size');
  return {
    typeFlag: String.fromCharCode(block[at + headerField.typeFlag[0]]!),
    mode: parseNumber(block, at, headerField.mode),
    size,
    mtime: parseNumber(block, at, headerField.mtime),
  };
}

/** Bytes of the name with the ustar prefix joined. Most entries of a layer have theirs in a record: read only when needed. */
export function headerName(block: Buffer, at: number): Buffer {
  const name = fieldBytes(block, at, headerField.name);
  const prefix = prefixBytes(block, at);
  return prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]);
}

export function headerLinkName(block: Buffer, at: number): Buffer {
  return fieldBytes(block, at, headerField.linkName);
}

export function invalidHeader(why: string): LayerError {
  return new LayerError('LAYER_TAR_INVALID', 'archive/tar: invalid tar header', {
    hint: `layer tar: ${why}`,
  });
}

const slash = Buffer.from('/');

function verifyChecksum(block: Buffer, at: number): void {
  const stored = parseNumber(block, at, headerField.checksum);
  // Some old writers summed signed bytes: both are accepted, as POSIX and Go do.
  if (stored !== sumOf(block, at) && stored !== sumOf(block, at, true)) throw invalidHeader('wrong checksum');
}

/** Of all bytes, with the checksum's own as blanks. */
function sumOf(block: Buffer, at: number, signed = false): number {
  const [offset, length] = headerField.checksum;
  let sum = length * 0x20;
  let above = 0;
  for (let i = at; i < at + blockSize; i += 1) {
    const byte = block[i]!;
    sum += byte;
    above += byte >> 7;
  }
  for (let i = at + offset; i < at + offset + length; i += 1) {
    const byte = block[i]!;
    sum -= byte;
    above -= byte >> 7;
  }
  return signed ? sum - above * 256 : sum;
}

/** The prefix field means a path only in ustar blocks; in star blocks it is shorter, in GNU blocks it holds times. */
function prefixBytes(block: Buffer, at: number): Buffer {
  const [magicAt] = headerField.magic;
  if (block.toString('latin1', at + magicAt, at + magicAt + 6) !== 'ustar\0') return block.subarray(0, 0);
  const [offset, length] = headerField.prefix;
  const isStar = block.toString('latin1', at + 508, at + 512) === 'tar\0';
  return fieldBytes(block, at, [offset, isStar ? 131 : length]);
}

function fieldBytes(block: Buffer, at: number, [offset, length]: readonly [number, number]): Buffer {
  const start = at + offset;
  let end = start;
  while (end < start + length && block[end] !== 0) end += 1;
  return block.subarray(start, end);
}

/** Octal text, or base-256 (two's complement, big endian) when the top bit of the first byte is set. */
export function parseNumber(block: Buffer, at: number, [offset, length]: readonly [number, number]): number {
  const start = at + offset;
  if ((block[start]! & 0x80) !== 0) return parseBase256(block, start, length);
  let i = start;
  let end = start + length;
  while (i < end && isPadding(block[i]!)) i += 1;
  while (end > i && isPadding(block[end - 1]!)) end -= 1;
  let value = 0;
  for (; i < end; i += 1) {
    const byte = block[i]!;
    // A NUL ends the number, whatever follows it.
    if (byte === 0) break;
    if (byte < 0x30 || byte > 0x37) throw invalidHeader('a number is not octal');
    value = value * 8 + (byte - 0x30);
  }
  if (value > Number.MAX_SAFE_INTEGER) throw invalidHeader('a number is too large');
  return value;
}

function isPadding(byte: number): boolean {
  return byte === 0x20 || byte === 0;
}

function parseBase256(block: Buffer, start: number, length: number): number {
  const invert = (block[start]! & 0x40) === 0 ? 0 : 0xff;
  let value = 0;
  for (let i = 0; i < length; i += 1) {
    let byte = block[start + i]! ^ invert;
    if (i === 0) byte &= 0x7f;
    value = value * 256 + byte;
    if (value > Number.MAX_SAFE_INTEGER) throw invalidHeader('a number is too large');
  }
  return invert === 0 ? value : -value - 1;
}

/**
 * Win32 backup streams (windows-layers.md 3): what BackupWrite takes and what the legacy layer format holds. Pure: layer
 * metadata to bytes and back. Emission order of an import: SECURITY, EA, REPARSE, DATA, then named streams.
 */
import { LayerError } from '../../layer/layer-error.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';

export const streamId = {
  data: 1,
  extendedAttributes: 2,
  security: 3,
  alternateData: 4,
  link: 5,
  property: 6,
  objectId: 7,
  reparse: 8,
  sparseBlock: 9,
  txfs: 10,
} as const;

const headerSize = 20;
const sparseAttribute = 8;

/** WIN32_STREAM_ID with its name; `size` counts the bytes after the name. */
export function streamHeader(id: number, size: number, name = '', attributes = 0): Buffer {
  const nameBytes = Buffer.from(name, 'utf16le');
  const header = Buffer.alloc(headerSize + nameBytes.length);
  header.writeUInt32LE(id, 0);
  header.writeUInt32LE(attributes, 4);
  header.writeBigUInt64LE(BigInt(size), 8);
  header.writeUInt32LE(nameBytes.length, 16);
  nameBytes.copy(header, headerSize);
  return header;
}

export interface BackupEntry {
  readonly type: 'file' | 'directory' | 'symlink';
  readonly metadata: WindowsMetadata;
  /** Body bytes that the caller writes after this prefix (files only). */
  readonly size: number;
  readonly linkName: string;
}

/** Everything that comes before a file's body; for directories and links, everything. */
export function backupPrefix(entry: BackupEntry): Buffer {
  const parts: Buffer[] = [];
  const { securityDescriptor, extendedAttributes } = entry.metadata;
  if (securityDescriptor !== undefined) {
    const bytes = Buffer.from(securityDescriptor, 'base64');
    parts.push(streamHeader(streamId.security, bytes.length), bytes);
  }
  if (extendedAttributes !== undefined && Object.keys(extendedAttributes).length > 0) {
    const bytes = encodeExtendedAttributes(extendedAttributes);
    parts.push(streamHeader(streamId.extendedAttributes, bytes.length), bytes);
  }
  if (entry.type === 'symlink') {
    const bytes = encodeReparsePoint(entry.linkName, entry.metadata.mountPoint === true);
    parts.push(streamHeader(streamId.reparse, bytes.length), bytes);
  }
  if (entry.type === 'file') parts.push(streamHeader(streamId.data, entry.size));
  return Buffer.concat(parts);
}

/** `:name:$DATA` of a named stream whose body follows. */
export function alternateStreamHeader(name: string, size: number): Buffer {
  return streamHeader(streamId.alternateData, size, `:${name}:$DATA`);
}

/** FILE_FULL_EA_INFORMATION list: entries padded to four bytes, the last one too, its next offset 0. */
export function encodeExtendedAttributes(attributes: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(attributes).map(([name, value]) => {
    const nameBytes = Buffer.from(name, 'latin1');
    const valueBytes = Buffer.from(value, 'base64');
    const length = 8 + nameBytes.length + 1 + valueBytes.length;
    const entry = Buffer.alloc((length + 3) & ~3);
    entry.writeUInt8(0, 4);
    entry.writeUInt8(nameBytes.length, 5);
    entry.writeUInt16LE(valueBytes.length, 6);
    nameBytes.copy(entry, 8);
    valueBytes.copy(entry, 8 + nameBytes.length + 1);
    return entry;
  });
  entries.slice(0, -1).forEach((entry) => entry.writeUInt32LE(entry.length, 0));
  return Buffer.concat(entries);
}

export function decodeExtendedAttributes(bytes: Buffer): Record<string, string> {
  const found = Object.create(null) as Record<string, string>;
  for (let at = 0; at + 8 <= bytes.length;) {
    const next = bytes.readUInt32LE(at);
    const nameLength = bytes.readUInt8(at + 5);
    const valueLength = bytes.readUInt16LE(at + 6);
    const valueAt = at + 8 + nameLength + 1;
    if (valueAt + valueLength > bytes.length)
      throw new RangeError('extended attributes end in the middle of an entry');
    const name = bytes.toString('latin1', at + 8, at + 8 + nameLength);
    found[name] = bytes.toString('base64', valueAt, valueAt + valueLength);
    if (next === 0) break;
    at += next;
  }
  return found;
}

const tagMountPoint = 0xa0000003;
const tagSymlink = 0xa000000c;
/** MAXIMUM_REPARSE_DATA_BUFFER_SIZE. */
const maxReparseBytes = 16 << 10;

/** REPARSE_DATA_BUFFER of a junction or symbolic link (windows-layers.md 3.4). Slashes of the target become backslashes. */
export function encodeReparsePoint(target: string, mountPoint: boolean): Buffer {
  const print = target.replaceAll('/', '\\');
  const { substitute, relative } = substituteName(print);
  const printBytes = Buffer.from(print, 'utf16le');
  const substituteBytes = Buffer.from(substitute, 'utf16le');
  const flagsSize = mountPoint ? 0 : 4;
  const pathAt = 16 + flagsSize;
  const length = pathAt + substituteBytes.length + 2 + printBytes.length + 2;
  if (length > maxReparseBytes) {
    throw new LayerError(
      'LAYER_METADATA_INVALID',
      `the link target ${print.slice(0, 40)}... is longer than a reparse point can hold`,
    );
  }
  const buffer = Buffer.alloc(length);
  buffer.writeUInt32LE(mountPoint ? tagMountPoint : tagSymlink, 0);
  buffer.writeUInt16LE(buffer.length - 8, 4);
  buffer.writeUInt16LE(0, 8);
  buffer.writeUInt16LE(substituteBytes.length, 10);
  buffer.writeUInt16LE(substituteBytes.length + 2, 12);
  buffer.writeUInt16LE(printBytes.length, 14);
  if (!mountPoint) buffer.writeUInt32LE(relative ? 1 : 0, 16);
  substituteBytes.copy(buffer, pathAt);
  printBytes.copy(buffer, pathAt + substituteBytes.length + 2);
  return buffer;
}

function substituteName(print: string): { substitute: string; relative: boolean } {
  if (print.startsWith('\\\\?\\')) return { substitute: `\\??\\${print.slice(4)}`, relative: false };
  if (print.startsWith('\\\\')) return { substitute: `\\??\\UNC\\${print.slice(2)}`, relative: false };
  if (/^[a-z]:/i.test(print)) return { substitute: `\\??\\${print}`, relative: false };
  return { substitute: print, relative: true };
}

export interface ReparsePoint {
  readonly target: string;
  readonly mountPoint: boolean;
}

/** The print name of a junction or symbolic link; undefined for other reparse tags. */
export function decodeReparsePoint(bytes: Buffer): ReparsePoint | undefined {
  if (bytes.length < 16) return undefined;
  const tag = bytes.readUInt32LE(0);
  if (tag !== tagMountPoint && tag !== tagSymlink) return undefined;
  const mountPoint = tag === tagMountPoint;
  const at = 16 + (mountPoint ? 0 : 4) + bytes.readUInt16LE(12);
  const end = at + bytes.readUInt16LE(14);
  if (end > bytes.length) throw new RangeError('a reparse point ends in the middle of its name');
  return { target: bytes.toString('utf16le', at, end), mountPoint };
}

/** One stream of a backup stream: the header's facts and where its data lies. */
export interface StreamRecord {
  readonly id: number;
  readonly sparse: boolean;
  /** `:name:$DATA` for alternate data. */
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** The streams of a whole backup stream in memory or of its headers, read through `at(offset, length)`. */
export function* readStreams(
  length: number,
  at: (offset: number, bytes: number) => Buffer,
): Generator<StreamRecord> {
  for (let offset = 0; offset + headerSize <= length;) {
    const header = at(offset, headerSize);
    const id = header.readUInt32LE(0);
    const size = Number(header.readBigUInt64LE(8));
    const nameSize = header.readUInt32LE(16);
    if (id < streamId.data || id > streamId.txfs) throw new RangeError(`unknown stream ID ${id}`);
    const start = offset + headerSize + nameSize;
    if (start + size > length) throw new RangeError('a backup stream ends in the middle of its data');
    const name = nameSize === 0 ? '' : at(offset + headerSize, nameSize).toString('utf16le');
    yield { id, sparse: (header.readUInt32LE(4) & sparseAttribute) !== 0, name, start, size };
    offset = start + size;
  }
}

const filetimeOfUnixEpoch = 116_444_736_000_000_000n;

/** Unix seconds with a fraction (a PAX time) as 100 ns since 1601; the lowest digit is truncated. */
export function filetimeOf(paxTime: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(paxTime);
  if (match === null) throw new RangeError(`not a time: ${paxTime}`);
  const [, sign, seconds = '0', fraction = ''] = match;
  const ticks = BigInt(seconds) * 10_000_000n + BigInt(fraction.padEnd(7, '0').slice(0, 7));
  return filetimeOfUnixEpoch + (sign === '-' ? -ticks : ticks);
}

/** 100 ns since 1601 as a PAX time without trailing zeros. */
export function paxTimeOf(filetime: bigint): string {
  const ticks = filetime - filetimeOfUnixEpoch;
  const magnitude = ticks < 0n ? -ticks : ticks;
  const fraction = (magnitude % 10_000_000n).toString().padStart(7, '0').replace(/0+$/, '');
  return `${ticks < 0n ? '-' : ''}${magnitude / 10_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Creates VHDX files (MS-VHDX; layout of windows-layers.md 6.1): file identifier, two headers, two region tables, an empty
 * log, metadata, block allocation table, then payload blocks. What is not written stays a hole.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { structureChecksum } from './crc32c.ts';
import {
  MiB,
  batShape,
  blockState,
  fileFlag,
  fileSignature,
  headerOffsets,
  headerSize,
  itemFlag,
  itemGuid,
  layerBlockSize,
  locatorType,
  maxBlockSize,
  maxVirtualSize,
  metadataTableSize,
  minBlockSize,
  payloadIndex,
  regionGuid,
  regionTableOffsets,
  regionTableSize,
  roundUp,
} from './format.ts';
import { guidBytes, nilGuid } from './guid.ts';
import { VhdxError } from './vhdx-error.ts';

export interface VhdxOptions {
  /** Bytes; a multiple of the sector size, at most 64 TiB. */
  readonly virtualSize: number;
  /** A power of two, 1 to 256 MiB; 1 MiB by default. */
  readonly blockSize?: number;
  /** Page 83 identifier: the same in a parent and its children. */
  readonly identifier: string;
  /** What a child's `parent_linkage` refers to. */
  readonly dataWriteGuid: string;
  readonly fileWriteGuid: string;
}

export interface DynamicVhdxOptions extends VhdxOptions {
  /** Whole payload blocks by number; the rest reads as zeros. */
  readonly blocks?: ReadonlyMap<number, Buffer>;
}

export interface DifferencingVhdxOptions extends VhdxOptions {
  readonly parent: {
    readonly dataWriteGuid: string;
    /** From the child's folder, as Windows writes it: `.\blank-base.vhdx`. */
    readonly relativePath: string;
    /** Absolute path on this host. */
    readonly absolutePath: string;
  };
}

interface MetadataItem {
  readonly guid: string;
  readonly data: Buffer;
  readonly flags: number;
}

const logicalSectorSize = 512;
const physicalSectorSize = 4096;
const logRegion = { offset: MiB, length: MiB };
const metadataRegion = { offset: 2 * MiB, length: MiB };
const batOffset = 3 * MiB;
const creator = 'Porthole';

/** Writes a new dynamic disk. `path` must not exist. */
export function createDynamicVhdx(path: string, options: DynamicVhdxOptions): void {
  create(path, options, undefined, options.blocks ?? new Map());
}

/** Writes a new, empty differencing disk. `path` must not exist; the parent is named, not opened. */
export function createDifferencingVhdx(path: string, options: DifferencingVhdxOptions): void {
  create(path, options, parentLocator(options.parent), new Map());
}

function create(
  path: string,
  options: VhdxOptions,
  locator: Buffer | undefined,
  blocks: ReadonlyMap<number, Buffer>,
): void {
  const blockSize = options.blockSize ?? layerBlockSize;
  checkOptions(path, options.virtualSize, blockSize);
  const shape = batShape(options.virtualSize, blockSize, logicalSectorSize, locator !== undefined);
  const batLength = roundUp(shape.entries * 8, MiB);
  const bat = Buffer.alloc(shape.entries * 8);
  const payload = batOffset + batLength;
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    let next = payload;
    for (const [number, bytes] of blocks) {
      writeAt(descriptor, bytes, next);
      const entry = BigInt(next) | BigInt(blockState.fullyPresent);
      bat.writeBigUInt64LE(entry, payloadIndex(number, shape.chunkRatio) * 8);
      next += blockSize;
    }
    if (blocks.size > 0) writeAt(descriptor, bat, batOffset);
    const metadata = formatMetadata(options, blockSize, locator);
    writeAt(descriptor, metadata, metadataRegion.offset);
    const regions = formatRegionTable(batLength);
    for (const offset of regionTableOffsets) writeAt(descriptor, regions, offset);
    for (const [index, offset] of headerOffsets.entries())
      writeAt(descriptor, formatHeader(options, index), offset);
    writeAt(descriptor, formatIdentifier(), 0);
    ftruncateSync(descriptor, next);
  } finally {
    closeSync(descriptor);
  }
}

function checkOptions(path: string, virtualSize: number, blockSize: number): void {
  const isPowerOfTwo = (blockSize & (blockSize - 1)) === 0;
  if (!isPowerOfTwo || blockSize < minBlockSize || blockSize > maxBlockSize)
    throw new VhdxError(path, `a block size of ${blockSize} bytes is not allowed`);
  if (virtualSize <= 0 || virtualSize > maxVirtualSize || virtualSize % logicalSectorSize !== 0)
    throw new VhdxError(path, `a disk size of ${virtualSize} bytes is not allowed`);
}

function formatIdentifier(): Buffer {
  const bytes = Buffer.alloc(520);
  bytes.write(fileSignature, 0, 'latin1');
  bytes.write(creator, 8, 'utf16le');
  return bytes;
}

/** The slot with the larger sequence number is the active one. */
export function formatHeader(
  guids: { readonly fileWriteGuid: string; readonly dataWriteGuid: string },
  sequenceNumber: number,
): Buffer {
  const header = Buffer.alloc(headerSize);
  header.write('head', 0, 'latin1');
  header.writeBigUInt64LE(BigInt(sequenceNumber), 8);
  guidBytes(guids.fileWriteGuid).copy(header, 16);
  guidBytes(guids.dataWriteGuid).copy(header, 32);
  guidBytes(nilGuid).copy(header, 48);
  header.writeUInt16LE(0, 64);
  header.writeUInt16LE(1, 66);
  header.writeUInt32LE(logRegion.length, 68);
  header.writeBigUInt64LE(BigInt(logRegion.offset), 72);
  header.writeUInt32LE(structureChecksum(header), 4);
  return header;
}

export function formatRegionTable(batLength: number): Buffer {
  const table = Buffer.alloc(regionTableSize);
  table.write('regi', 0, 'latin1');
  const regions = [
    { guid: regionGuid.bat, offset: batOffset, length: batLength },
    { guid: regionGuid.metadata, ...metadataRegion },
  ];
  table.writeUInt32LE(regions.length, 8);
  for (const [index, region] of regions.entries()) {
    const at = 16 + index * 32;
    guidBytes(region.guid).copy(table, at);
    table.writeBigUInt64LE(BigInt(region.offset), at + 16);
    table.writeUInt32LE(region.length, at + 24);
    table.writeUInt32LE(1, at + 28);
  }
  table.writeUInt32LE(structureChecksum(table), 4);
  return table;
}

function formatMetadata(options: VhdxOptions, blockSize: number, locator: Buffer | undefined): Buffer {
  const parameters = Buffer.alloc(8);
  parameters.writeUInt32LE(blockSize, 0);
  parameters.writeUInt32LE(locator === undefined ? 0 : fileFlag.hasParent, 4);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(options.virtualSize));
  const ofDisk = itemFlag.isVirtualDisk | itemFlag.isRequired;
  const items: MetadataItem[] = [
    { guid: itemGuid.fileParameters, data: parameters, flags: itemFlag.isRequired },
    { guid: itemGuid.virtualDiskSize, data: size, flags: ofDisk },
    { guid: itemGuid.logicalSectorSize, data: uint32(logicalSectorSize), flags: ofDisk },
    { guid: itemGuid.physicalSectorSize, data: uint32(physicalSectorSize), flags: ofDisk },
    { guid: itemGuid.virtualDiskId, data: guidBytes(options.identifier), flags: ofDisk },
  ];
  if (locator !== undefined)
    items.push({ guid: itemGuid.parentLocator, data: locator, flags: itemFlag.isRequired });
  const table = Buffer.alloc(metadataTableSize);
  table.write('metadata', 0, 'latin1');
  table.writeUInt16LE(items.length, 10);
  let offset = metadataTableSize;
  for (const [index, item] of items.entries()) {
    const at = 32 + index * 32;
    guidBytes(item.guid).copy(table, at);
    table.writeUInt32LE(offset, at + 16);
    table.writeUInt32LE(item.data.length, at + 20);
    table.writeUInt32LE(item.flags, at + 24);
    offset += item.data.length;
  }
  return Buffer.concat([table, ...items.map((item) => item.data)]);
}

/** Keys and values of windows-layers.md 6.6. */
export function parentLocator(parent: DifferencingVhdxOptions['parent']): Buffer {
  return formatLocator([
    ['parent_linkage', `{${parent.dataWriteGuid.toLowerCase()}}`],
    ['relative_path', parent.relativePath],
    ['absolute_win32_path', parent.absolutePath],
  ]);
}

export function formatLocator(pairs: readonly (readonly [key: string, value: string])[]): Buffer {
  const header = Buffer.alloc(20 + pairs.length * 12);
  guidBytes(locatorType).copy(header);
  header.writeUInt16LE(pairs.length, 18);
  const texts: Buffer[] = [];
  let offset = header.length;
  const add = (text: string): { offset: number; length: number } => {
    const bytes = Buffer.from(text, 'utf16le');
    texts.push(bytes);
    offset += bytes.length;
    return { offset: offset - bytes.length, length: bytes.length };
  };
  for (const [index, [keyText, valueText]] of pairs.entries()) {
    const key = add(keyText);
    const value = add(valueText);
    const at = 20 + index * 12;
    header.writeUInt32LE(key.offset, at);
    header.writeUInt32LE(value.offset, at + 4);
    header.writeUInt16LE(key.length, at + 8);
    header.writeUInt16LE(value.length, at + 10);
  }
  return Buffer.concat([header, ...texts]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const page = 4096;
const zeroPage = Buffer.alloc(page);

/** Writes the pages that hold anything: the others stay holes. */
function writeAt(descriptor: number, bytes: Buffer, offset: number): void {
  for (let at = 0; at < bytes.length; at += page) {
    const end = Math.min(at + page, bytes.length);
    if (bytes.compare(zeroPage, 0, end - at, at, end) === 0) continue;
    for (let from = at; from < end;) from += writeSync(descriptor, bytes, from, end - from, offset + from);
  }
}

/** Parsers of the parts of a VHDX file. Each throws a plain `Error` with the reason; the reader adds the path. */
import { structureChecksum } from './crc32c.ts';
import {
  MiB,
  fileFlag,
  itemFlag,
  itemGuid,
  locatorType,
  maxBlockSize,
  maxMetadataItems,
  maxRegions,
  maxVirtualSize,
  metadataTableSize,
  minBlockSize,
  regionGuid,
} from './format.ts';
import { guidText, nilGuid } from './guid.ts';

export interface VhdxHeader {
  readonly sequenceNumber: bigint;
  readonly fileWriteGuid: string;
  readonly dataWriteGuid: string;
  /** The log holds writes that are not in place yet. */
  readonly isLogDirty: boolean;
  readonly log: VhdxRegion;
}

export interface VhdxRegion {
  readonly offset: number;
  readonly length: number;
}

export interface VhdxRegions {
  readonly bat: VhdxRegion;
  readonly metadata: VhdxRegion;
  /** All of them, unknown ones too. */
  readonly all: readonly VhdxRegion[];
}

export interface VhdxMetadata {
  readonly blockSize: number;
  readonly isFixed: boolean;
  readonly hasParent: boolean;
  readonly virtualSize: number;
  readonly identifier: string;
  readonly logicalSectorSize: number;
  readonly physicalSectorSize: number;
  readonly locator: ParentLocator | undefined;
}

/** Where a differencing disk's parent is; at least one path. */
export interface ParentLocator {
  /** The parent's DataWriteGuid, lower case, no braces. */
  readonly linkage: string;
  readonly linkage2: string | undefined;
  readonly relativePath: string | undefined;
  readonly absolutePath: string | undefined;
  readonly volumePath: string | undefined;
}

/** The header in `bytes`, or undefined when its signature, checksum or version is wrong. */
export function parseHeader(bytes: Buffer): VhdxHeader | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'head' || bytes.readUInt32LE(4) !== structureChecksum(bytes))
    return undefined;
  if (bytes.readUInt16LE(66) !== 1) return undefined;
  return {
    sequenceNumber: bytes.readBigUInt64LE(8),
    fileWriteGuid: guidText(bytes.subarray(16)),
    dataWriteGuid: guidText(bytes.subarray(32)),
    isLogDirty: guidText(bytes.subarray(48)) !== nilGuid,
    log: { offset: safeNumber(bytes.readBigUInt64LE(72)), length: bytes.readUInt32LE(68) },
  };
}

/** The regions in `bytes`, or undefined when signature or checksum is wrong. An unknown required region is an error. */
export function parseRegionTable(bytes: Buffer): VhdxRegions | undefined {
  if (bytes.toString('latin1', 0, 4) !== 'regi' || bytes.readUInt32LE(4) !== structureChecksum(bytes))
    return undefined;
  const count = bytes.readUInt32LE(8);
  if (count > maxRegions) throw new Error(`the region table claims ${count} entries`);
  let bat: VhdxRegion | undefined;
  let metadata: VhdxRegion | undefined;
  const all: VhdxRegion[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = 16 + index * 32;
    const guid = guidText(bytes.subarray(at));
    const region = {
      offset: safeNumber(bytes.readBigUInt64LE(at + 16)),
      length: bytes.readUInt32LE(at + 24),
    };
    const isRequired = (bytes.readUInt32LE(at + 28) & 1) !== 0;
    if (region.offset < MiB || region.offset % MiB !== 0 || region.length === 0 || region.length % MiB !== 0)
      throw new Error(`region ${guid} lies at ${region.offset} with ${region.length} bytes`);
    all.push(region);
    if (guid === regionGuid.bat) bat = onlyOne(bat, region, 'block allocation tables');
    else if (guid === regionGuid.metadata) metadata = onlyOne(metadata, region, 'metadata regions');
    else if (isRequired) throw new Error(`unknown required region ${guid}`);
  }
  if (bat === undefined) throw new Error('there is no block allocation table');
  if (metadata === undefined) throw new Error('there is no metadata region');
  return { bat, metadata, all };
}

/** `region`: the whole metadata region, or as much of it as the file has. */
export function parseMetadata(region: Buffer): VhdxMetadata {
  if (region.toString('latin1', 0, 8) !== 'metadata') throw new Error('the metadata table has no signature');
  const count = region.readUInt16LE(10);
  if (count > maxMetadataItems) throw new Error(`the metadata table claims ${count} items`);
  const items = new Map<string, Buffer>();
  for (let index = 0; index < count; index += 1) {
    const at = 32 + index * 32;
    const guid = guidText(region.subarray(at));
    const offset = region.readUInt32LE(at + 16);
    const length = region.readUInt32LE(at + 20);
    const flags = region.readUInt32LE(at + 24);
    const isEmpty = offset === 0 && length === 0;
    if (!isEmpty && (offset < metadataTableSize || length > MiB || offset + length > region.length))
      throw new Error(`metadata item ${guid} lies outside the metadata region`);
    const isKnown = (Object.values(itemGuid) as string[]).includes(guid);
    if (!isKnown && (flags & itemFlag.isRequired) !== 0)
      throw new Error(`unknown required metadata item ${guid}`);
    if (items.has(guid)) throw new Error(`metadata item ${guid} is there twice`);
    items.set(guid, region.subarray(offset, offset + length));
  }
  return checkedMetadata(items);
}

function checkedMetadata(items: ReadonlyMap<string, Buffer>): VhdxMetadata {
  const item = (guid: string, length: number, what: string): Buffer => {
    const data = items.get(guid);
    if (data === undefined || data.length < length) throw new Error(`the metadata has no ${what}`);
    return data;
  };
  const parameters = item(itemGuid.fileParameters, 8, 'file parameters');
  const blockSize = parameters.readUInt32LE(0);
  const flags = parameters.readUInt32LE(4);
  if ((blockSize & (blockSize - 1)) !== 0 || blockSize < minBlockSize || blockSize > maxBlockSize)
    throw new Error(`the block size is ${blockSize}`);
  const logicalSectorSize = item(itemGuid.logicalSectorSize, 4, 'logical sector size').readUInt32LE();
  const physicalSectorSize = item(itemGuid.physicalSectorSize, 4, 'physical sector size').readUInt32LE();
  for (const size of [logicalSectorSize, physicalSectorSize])
    if (size !== 512 && size !== 4096) throw new Error(`the sector size is ${size}`);
  const virtualSize = safeNumber(item(itemGuid.virtualDiskSize, 8, 'disk size').readBigUInt64LE());
  if (virtualSize === 0 || virtualSize > maxVirtualSize || virtualSize % logicalSectorSize !== 0)
    throw new Error(`the disk size is ${virtualSize}`);
  const hasParent = (flags & fileFlag.hasParent) !== 0;
  return {
    blockSize,
    isFixed: (flags & fileFlag.leaveBlocksAllocated) !== 0,
    hasParent,
    virtualSize,
    identifier: guidText(item(itemGuid.virtualDiskId, 16, 'disk identifier')),
    logicalSectorSize,
    physicalSectorSize,
    locator: hasParent ? parseLocator(item(itemGuid.parentLocator, 20, 'parent locator')) : undefined,
  };
}

export function parseLocator(bytes: Buffer): ParentLocator {
  const type = guidText(bytes);
  if (type !== locatorType) throw new Error(`the parent locator has the unknown type ${type}`);
  const count = bytes.readUInt16LE(18);
  if (count > 256 || 20 + count * 12 > bytes.length)
    throw new Error(`the parent locator claims ${count} entries`);
  const values = new Map<string, string>();
  for (let index = 0; index < count; index += 1) {
    const at = 20 + index * 12;
    const key = locatorText(bytes, bytes.readUInt32LE(at), bytes.readUInt16LE(at + 8));
    const value = locatorText(bytes, bytes.readUInt32LE(at + 4), bytes.readUInt16LE(at + 10));
    if (values.has(key)) throw new Error(`the parent locator has the key ${key} twice`);
    values.set(key, value);
  }
  const linkage = values.get('parent_linkage');
  if (linkage === undefined) throw new Error('the parent locator has no parent_linkage');
  const locator: ParentLocator = {
    linkage: plainGuid(linkage),
    linkage2: values.get('parent_linkage2'),
    relativePath: values.get('relative_path'),
    absolutePath: values.get('absolute_win32_path'),
    volumePath: values.get('volume_path'),
  };
  if ((locator.relativePath ?? locator.absolutePath ?? locator.volumePath) === undefined)
    throw new Error('the parent locator has no path');
  return locator;
}

function locatorText(bytes: Buffer, offset: number, length: number): string {
  if (length === 0 || length % 2 !== 0 || offset + length > bytes.length)
    throw new Error('the parent locator has an entry outside itself');
  const text = bytes.toString('utf16le', offset, offset + length);
  if (text.includes('\0')) throw new Error('the parent locator has a NUL in an entry');
  return text;
}

function plainGuid(text: string): string {
  return text.replace(/^\{|\}$/g, '').toLowerCase();
}

function onlyOne(earlier: VhdxRegion | undefined, region: VhdxRegion, what: string): VhdxRegion {
  if (earlier !== undefined) throw new Error(`there are two ${what}`);
  return region;
}

/** Valid offsets and sizes stay below 64 TiB. */
export function safeNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`an offset or size of ${value} is impossible`);
  return Number(value);
}

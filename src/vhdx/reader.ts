/** Opens VHDX files for looking at them and for reading their sectors, through the parents of differencing disks. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { asError } from '../errors/porthole-error.ts';
import {
  batShape,
  bitmapIndex,
  blockState,
  fileSignature,
  headerOffsets,
  headerSize,
  payloadIndex,
  regionTableOffsets,
  regionTableSize,
} from './format.ts';
import { sameGuid } from './guid.ts';
import { parseHeader, parseMetadata, parseRegionTable } from './structures.ts';
import { VhdxError } from './vhdx-error.ts';
import type { BatShape } from './format.ts';
import type { ParentLocator, VhdxHeader, VhdxMetadata, VhdxRegion } from './structures.ts';

export interface VhdxInfo {
  readonly path: string;
  readonly type: 'dynamic' | 'differencing' | 'fixed';
  readonly virtualSize: number;
  readonly fileSize: number;
  readonly blockSize: number;
  readonly logicalSectorSize: number;
  readonly physicalSectorSize: number;
  readonly identifier: string;
  readonly dataWriteGuid: string;
  readonly creator: string;
  /** Bytes of payload blocks in this file. */
  readonly allocatedBytes: number;
  /** The log holds writes that are not in place: what is read may be old. */
  readonly isLogDirty: boolean;
  readonly locator: ParentLocator | undefined;
}

const maxChain = 256;

/** Everything that the file says of itself, checked. Damaged: `VhdxError`. The parent is not opened. */
export function inspectVhdx(path: string): VhdxInfo {
  using disk = new Vhdx(path);
  return disk.info;
}

/**
 * The file and its parents, child first. A parent that is missing or is not the one that the child was made from (linkage)
 * is a `VhdxError`. Close what you open.
 */
export function openVhdxChain(path: string): VhdxChain {
  const disks: Vhdx[] = [];
  try {
    let disk = new Vhdx(path);
    disks.push(disk);
    while (disk.info.locator !== undefined) {
      if (disks.length === maxChain) throw new VhdxError(path, `its chain has more than ${maxChain} disks`);
      const parent = openParent(disk, disk.info.locator);
      disks.push(parent);
      disk = parent;
    }
    return new VhdxChain(disks);
  } catch (error) {
    for (const disk of disks) disk[Symbol.dispose]();
    throw error;
  }
}

/** Absolute paths at which a disk's parent may be, in the order of MS-VHDX 2.6.2.6.3. */
export function parentPaths(path: string, locator: ParentLocator): string[] {
  const paths: string[] = [];
  if (locator.relativePath !== undefined)
    paths.push(resolve(dirname(path), locator.relativePath.replaceAll('\\', '/')));
  for (const absolute of [locator.volumePath, locator.absolutePath])
    if (absolute !== undefined) paths.push(absolute);
  return paths;
}

export class VhdxChain implements Disposable {
  readonly disks: readonly Vhdx[];

  constructor(disks: readonly Vhdx[]) {
    this.disks = disks;
  }

  get virtualSize(): number {
    return this.disks[0]!.info.virtualSize;
  }

  /** Bytes of the virtual disk; offset and length are multiples of the sector size. */
  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    const { logicalSectorSize } = this.disks[0]!.info;
    for (let at = 0; at < length; at += logicalSectorSize)
      this.#readSector(offset + at, bytes.subarray(at, at + logicalSectorSize));
    return bytes;
  }

  [Symbol.dispose](): void {
    for (const disk of this.disks) disk[Symbol.dispose]();
  }

  /** From the topmost disk that has the sector. A child may be larger than its parent: zeros lie beyond. */
  #readSector(offset: number, target: Buffer): void {
    for (const disk of this.disks) {
      if (offset >= disk.info.virtualSize) return;
      if (disk.readSector(offset, target)) return;
    }
  }
}

/** One open file, all of whose structures were checked. */
export class Vhdx implements Disposable {
  readonly info: VhdxInfo;
  readonly #descriptor: number;
  readonly #path: string;
  readonly #shape: BatShape;
  readonly #bat: Buffer;

  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openFile(path);
    try {
      const fileSize = fstatSync(this.#descriptor).size;
      const identifier = this.#bytes(0, 520);
      if (identifier.toString('latin1', 0, 8) !== fileSignature) throw new Error('this is no VHDX file');
      const header = this.#activeHeader();
      const regions = this.#regions();
      checkPlaces([header.log, ...regions.all], fileSize);
      const metadata = parseMetadata(this.#bytes(regions.metadata.offset, regions.metadata.length));
      this.#shape = batShape(
        metadata.virtualSize,
        metadata.blockSize,
        metadata.logicalSectorSize,
        metadata.hasParent,
      );
      if (this.#shape.entries * 8 > regions.bat.length)
        throw new Error('the block allocation table is too short');
      this.#bat = this.#bytes(regions.bat.offset, this.#shape.entries * 8);
      const allocatedBytes = this.#checkBlocks(metadata, fileSize, [header.log, ...regions.all]);
      this.info = {
        path,
        type: metadata.hasParent ? 'differencing' : metadata.isFixed ? 'fixed' : 'dynamic',
        virtualSize: metadata.virtualSize,
        fileSize,
        blockSize: metadata.blockSize,
        logicalSectorSize: metadata.logicalSectorSize,
        physicalSectorSize: metadata.physicalSectorSize,
        identifier: metadata.identifier,
        dataWriteGuid: header.dataWriteGuid,
        creator: identifier.toString('utf16le', 8).replace(/\0.*$/s, ''),
        allocatedBytes,
        isLogDirty: header.isLogDirty,
        locator: metadata.locator,
      };
    } catch (error) {
      closeSync(this.#descriptor);
      throw error instanceof VhdxError ? error : new VhdxError(path, asError(error).message, error);
    }
  }

  /** Fills `target` with the sector at `offset`; false when it is the parent's to give. */
  readSector(offset: number, target: Buffer): boolean {
    const { blockSize, logicalSectorSize, type } = this.info;
    const block = Math.floor(offset / blockSize);
    const { state, place } = this.#entry(payloadIndex(block, this.#shape.chunkRatio));
    if (state === blockState.fullyPresent) this.#read(target, place + (offset % blockSize));
    else if (state === blockState.partiallyPresent) {
      if (!this.#isPresent(block, offset / logicalSectorSize)) return false;
      this.#read(target, place + (offset % blockSize));
    } else if (state === blockState.notPresent && type === 'differencing') return false;
    return true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #isPresent(block: number, sector: number): boolean {
    const chunk = Math.floor(block / this.#shape.chunkRatio);
    const { place } = this.#entry(bitmapIndex(chunk, this.#shape.chunkRatio));
    const inChunk = sector % 2 ** 23;
    const byte = Buffer.alloc(1);
    this.#read(byte, place + (inChunk >> 3));
    return ((byte[0]! >> (inChunk & 7)) & 1) === 1;
  }

  #activeHeader(): VhdxHeader {
    const [first, second] = headerOffsets.map((offset) => parseHeader(this.#bytes(offset, headerSize)));
    if (first !== undefined && (second === undefined || first.sequenceNumber > second.sequenceNumber))
      return first;
    if (second === undefined) throw new Error('both headers are damaged');
    return second;
  }

  #regions(): NonNullable<ReturnType<typeof parseRegionTable>> {
    for (const offset of regionTableOffsets) {
      const regions = parseRegionTable(this.#bytes(offset, regionTableSize));
      if (regions !== undefined) return regions;
    }
    throw new Error('both region tables are damaged');
  }

  /** Blocks lie inside the file, on no structure and not on each other. Gives the bytes they take. */
  #checkBlocks(metadata: VhdxMetadata, fileSize: number, structures: readonly VhdxRegion[]): number {
    const { blockSize, hasParent } = metadata;
    const { chunkRatio } = this.#shape;
    const blocks: VhdxRegion[] = [];
    let allocated = 0;
    for (let index = 0; index < this.#shape.entries; index += 1) {
      const { state, place } = this.#entry(index);
      const isBitmap = index % (chunkRatio + 1) === chunkRatio;
      if (!isKnownState(state, isBitmap, hasParent))
        throw new Error(`block table entry ${index} has state ${state}`);
      if (state !== blockState.fullyPresent && state !== blockState.partiallyPresent) continue;
      blocks.push({ offset: place, length: isBitmap ? 2 ** 20 : blockSize });
      if (!isBitmap) allocated += blockSize;
      if (state !== blockState.partiallyPresent) continue;
      const bitmap = this.#entry(bitmapIndex(Math.floor(index / (chunkRatio + 1)), chunkRatio));
      if (bitmap.state !== blockState.fullyPresent)
        throw new Error(`block table entry ${index} has no sector bitmap`);
    }
    checkPlaces([...structures, ...blocks], fileSize);
    return allocated;
  }

  #entry(index: number): { state: number; place: number } {
    const low = this.#bat.readUInt32LE(index * 8);
    const high = this.#bat.readUInt32LE(index * 8 + 4);
    return { state: low & 7, place: high * 2 ** 32 + Math.floor(low / 2 ** 20) * 2 ** 20 };
  }

  #bytes(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#read(bytes, offset);
    return bytes;
  }

  #read(target: Buffer, offset: number): void {
    for (let at = 0; at < target.length;) {
      const count = readSync(this.#descriptor, target, at, target.length - at, offset + at);
      if (count === 0)
        throw new VhdxError(this.#path, `it ends at ${offset + at} in the middle of a structure`);
      at += count;
    }
  }
}

function isKnownState(state: number, isBitmap: boolean, hasParent: boolean): boolean {
  if (isBitmap) return state === blockState.notPresent || (hasParent && state === blockState.fullyPresent);
  return (
    state <= blockState.unmapped ||
    state === blockState.fullyPresent ||
    (hasParent && state === blockState.partiallyPresent)
  );
}

function checkPlaces(regions: readonly VhdxRegion[], fileSize: number): void {
  const sorted = [...regions].filter((region) => region.length > 0).sort((a, b) => a.offset - b.offset);
  let end = 2 ** 20;
  for (const region of sorted) {
    if (region.offset < end) throw new Error(`two structures overlap at ${region.offset}`);
    end = region.offset + region.length;
  }
  if (end > fileSize) throw new Error(`it has ${fileSize} bytes where ${end} are needed`);
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new VhdxError(path, asError(error).message, error);
  }
}

function openParent(child: Vhdx, locator: ParentLocator): Vhdx {
  const { path } = child.info;
  let failure: unknown;
  for (const candidate of parentPaths(path, locator)) {
    try {
      const parent = new Vhdx(candidate);
      const { dataWriteGuid } = parent.info;
      if (
        [locator.linkage, locator.linkage2].some(
          (linkage) => linkage !== undefined && sameGuid(linkage, dataWriteGuid),
        )
      )
        return parent;
      parent[Symbol.dispose]();
      throw new VhdxError(path, `${candidate} is not the parent that it was made from`);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure instanceof VhdxError ? failure : new VhdxError(path, 'its parent cannot be opened', failure);
}

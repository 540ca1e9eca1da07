/** Places, sizes and names of the VHDX format (MS-VHDX 2; windows-layers.md 6). All integers are little endian. */

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

export const fileSignature = 'vhdxfile';
export const headerOffsets = [64 * KiB, 128 * KiB] as const;
export const headerSize = 4 * KiB;
export const regionTableOffsets = [192 * KiB, 256 * KiB] as const;
export const regionTableSize = 64 * KiB;
export const metadataTableSize = 64 * KiB;
export const maxRegions = 2047;
export const maxMetadataItems = 2047;
export const maxVirtualSize = 64 * 1024 * GiB;
export const minBlockSize = MiB;
export const maxBlockSize = 256 * MiB;
/** What container layers use. */
export const layerBlockSize = MiB;
/** What Windows gives a container's disk by itself. */
export const defaultDiskSize = 20 * GiB;

export const regionGuid = {
  bat: '2dc27766-f623-4200-9d64-115e9bfd4a08',
  metadata: '8b7ca206-4790-4b9a-b8fe-575f050f886e',
} as const;

export const itemGuid = {
  fileParameters: 'caa16737-fa36-4d43-b3b6-33f0aa44e76b',
  virtualDiskSize: '2fa54224-cd1b-4876-b211-5dbed83bf4b8',
  virtualDiskId: 'beca12ab-b2e6-4523-93ef-c309e000c746',
  logicalSectorSize: '8141bf1d-a96f-4709-ba47-f233a8faab5f',
  physicalSectorSize: 'cda348c7-445d-4471-9cc9-e9885251c556',
  parentLocator: 'a8d35f2d-b30b-454d-abf7-d3d84834ab0c',
} as const;

export const itemFlag = { isUser: 1, isVirtualDisk: 2, isRequired: 4 } as const;
export const fileFlag = { leaveBlocksAllocated: 1, hasParent: 2 } as const;
export const locatorType = 'b04aefb7-d19e-4a81-b789-25b8e9445913';

/** States of a payload block in the block allocation table. */
export const blockState = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  fullyPresent: 6,
  partiallyPresent: 7,
} as const;

/** Shape of the block allocation table (windows-layers.md 6.5). */
export interface BatShape {
  /** Payload blocks for one sector-bitmap block. */
  readonly chunkRatio: number;
  readonly dataBlocks: number;
  readonly bitmapBlocks: number;
  /** Entries of 8 bytes. */
  readonly entries: number;
}

export function batShape(
  virtualSize: number,
  blockSize: number,
  logicalSectorSize: number,
  hasParent: boolean,
): BatShape {
  const chunkRatio = (2 ** 23 * logicalSectorSize) / blockSize;
  const dataBlocks = Math.ceil(virtualSize / blockSize);
  const bitmapBlocks = Math.ceil(dataBlocks / chunkRatio);
  const entries = hasParent
    ? bitmapBlocks * (chunkRatio + 1)
    : dataBlocks + Math.floor((dataBlocks - 1) / chunkRatio);
  return { chunkRatio, dataBlocks, bitmapBlocks, entries };
}

/** Index of a payload block's entry: every `chunkRatio` of them are followed by a bitmap's. */
export function payloadIndex(block: number, chunkRatio: number): number {
  return block + Math.floor(block / chunkRatio);
}

/** Index of the entry of a chunk's sector bitmap. */
export function bitmapIndex(chunk: number, chunkRatio: number): number {
  return chunk * (chunkRatio + 1) + chunkRatio;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

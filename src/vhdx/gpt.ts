/** A GUID partition table as Windows lays it out on a container's disk: a reserved partition and one for data. */
import { crc32 } from 'node:zlib';
import { guidBytes } from './guid.ts';
import { MiB } from './format.ts';

const sector = 512;
const entryCount = 128;
const entrySize = 128;
const tableSectors = (entryCount * entrySize) / sector;
const microsoftReserved = 'e3c9e316-0b5c-4db8-817d-f92df00215ae';
const basicData = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';
const reservedEnd = (16 * MiB) / sector;

export interface GptIds {
  readonly disk: string;
  readonly reserved: string;
  readonly data: string;
}

/**
 * The first and the last MiB of a disk of `diskSize` bytes (a multiple of 1 MiB, at least 32 MiB): protective MBR, primary
 * and backup table. The data partition is *not formatted*: making NTFS needs Windows (windows-layers.md 6.8).
 */
export function formatGpt(diskSize: number, ids: GptIds): { first: Buffer; last: Buffer } {
  const sectors = diskSize / sector;
  const firstUsable = 2 + tableSectors;
  const lastUsable = sectors - tableSectors - 2;
  const dataEnd = Math.floor((lastUsable + 1) / (MiB / sector)) * (MiB / sector) - 1;
  const entries = Buffer.alloc(entryCount * entrySize);
  writeEntry(
    entries,
    0,
    microsoftReserved,
    ids.reserved,
    firstUsable,
    reservedEnd - 1,
    'Microsoft reserved partition',
  );
  writeEntry(entries, 1, basicData, ids.data, reservedEnd, dataEnd, 'Basic data partition');

  const header = (own: number, other: number, table: number): Buffer => {
    const bytes = Buffer.alloc(sector);
    bytes.write('EFI PART', 0, 'latin1');
    bytes.writeUInt32LE(0x0001_0000, 8);
    bytes.writeUInt32LE(92, 12);
    bytes.writeBigUInt64LE(BigInt(own), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(BigInt(firstUsable), 40);
    bytes.writeBigUInt64LE(BigInt(lastUsable), 48);
    guidBytes(ids.disk).copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(table), 72);
    bytes.writeUInt32LE(entryCount, 80);
    bytes.writeUInt32LE(entrySize, 84);
    bytes.writeUInt32LE(crc32(entries), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
    return bytes;
  };

  const first = Buffer.alloc(MiB);
  protectiveMbr(sectors).copy(first);
  header(1, sectors - 1, 2).copy(first, sector);
  entries.copy(first, 2 * sector);
  const last = Buffer.alloc(MiB);
  entries.copy(last, MiB - sector - entries.length);
  header(sectors - 1, 1, sectors - 1 - tableSectors).copy(last, MiB - sector);
  return { first, last };
}

function writeEntry(
  entries: Buffer,
  index: number,
  type: string,
  id: string,
  start: number,
  end: number,
  name: string,
): void {
  const at = index * entrySize;
  guidBytes(type).copy(entries, at);
  guidBytes(id).copy(entries, at + 16);
  entries.writeBigUInt64LE(BigInt(start), at + 32);
  entries.writeBigUInt64LE(BigInt(end), at + 40);
  entries.write(name, at + 56, 72, 'utf16le');
}

/** One partition of type 0xEE over the whole disk, so that old tools leave it alone. */
function protectiveMbr(sectors: number): Buffer {
  const mbr = Buffer.alloc(sector);
  mbr.write('000200eeffffff01000000', 446, 'hex');
  mbr.writeUInt32LE(Math.min(sectors - 1, 0xffff_ffff), 446 + 12);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

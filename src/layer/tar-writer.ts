/**
 * Header bytes of layer tars, laid out as Go's archive/tar writes PAX archives, so that layers look like those of every
 * other tool (windows-layers.md 1.6). Deterministic: the same entry gives the same bytes.
 */
import { blockSize, headerField } from './tar-header.ts';
import { LayerError } from './layer-error.ts';
import { formatPaxRecords } from './pax.ts';
import type { PaxTime } from './metadata.ts';

export interface TarHeader {
  readonly name: string;
  readonly linkName?: string;
  /** `0` file, `1` hard link, `2` symbolic link, `3` character device 0:0 (an overlay's whiteout), `5` directory. */
  readonly type: '0' | '1' | '2' | '3' | '5';
  readonly mode: number;
  readonly size?: number;
  readonly mtime: PaxTime;
  /** Beside `path`, `linkpath`, `size` and `mtime`, which are added where the block cannot hold them. */
  readonly records?: ReadonlyMap<string, string>;
}

/** Two zero blocks: the end marker. */
export const tarEnd = Buffer.alloc(2 * blockSize);

const nonAscii = /[^\x00-\x7f]/;
const maxOctal = (digits: number): number => 8 ** digits - 1;

/** Zero bytes that follow a body of `size` bytes. */
export function paddingOf(size: number): number {
  return -size & (blockSize - 1);
}

/** The header of one entry: an `x` block with its records when there are any, then the entry's own block. */
export function formatHeader(header: TarHeader): Buffer {
  const records = new Map(header.records);
  const size = header.size ?? 0;
  if (header.name.includes('\0') || header.linkName?.includes('\0') === true)
    throw new LayerError('LAYER_PATH_INVALID', `${header.name}: a name cannot contain NUL`, {
      entry: header.name,
    });
  if (needsRecord(header.name)) records.set('path', header.name);
  if (header.linkName !== undefined && needsRecord(header.linkName)) records.set('linkpath', header.linkName);
  if (size > maxOctal(11)) records.set('size', String(size));
  const seconds = Math.floor(Number(header.mtime));
  const mtimeFits = seconds >= 0 && seconds <= maxOctal(11);
  if (!mtimeFits || header.mtime.includes('.')) records.set('mtime', header.mtime);

  const main = Buffer.alloc(blockSize);
  writeString(main, headerField.name, toAscii(header.name));
  writeOctal(main, headerField.mode, header.mode);
  writeOctal(main, headerField.uid, 0);
  writeOctal(main, headerField.gid, 0);
  writeOctal(main, headerField.size, size > maxOctal(11) ? 0 : size);
  writeOctal(main, headerField.mtime, mtimeFits ? seconds : 0);
  writeString(main, headerField.linkName, toAscii(header.linkName ?? ''));
  writeOctal(main, headerField.devMajor, 0);
  writeOctal(main, headerField.devMinor, 0);
  finish(main, header.type);
  if (records.size === 0) return main;

  const payload = formatPaxRecords(records);
  const extended = Buffer.alloc(blockSize);
  writeString(extended, headerField.name, toAscii(extendedName(header.name)));
  writeOctal(extended, headerField.mode, 0);
  writeOctal(extended, headerField.uid, 0);
  writeOctal(extended, headerField.gid, 0);
  writeOctal(extended, headerField.size, payload.length);
  writeOctal(extended, headerField.mtime, 0);
  finish(extended, 'x');
  return Buffer.concat([extended, payload, Buffer.alloc(paddingOf(payload.length)), main]);
}

function needsRecord(name: string): boolean {
  return name.length > headerField.name[1] || nonAscii.test(name);
}

/** `<dir>/PaxHeaders.0/<base>`; a name ending in `/` has an empty base. */
function extendedName(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  const path = `${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`;
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** As Go does for blocks whose real name is in a record: characters above ASCII are left out. */
function toAscii(text: string): string {
  return nonAscii.test(text) ? text.replace(/[^\x00-\x7f]/g, '') : text;
}

/** Cut to the field. A cut name loses trailing slashes, since some readers take those for directories. */
function writeString(block: Buffer, [offset, length]: readonly [number, number], text: string): void {
  let cut = text.slice(0, length);
  if (text.length > length) cut = cut.replace(/\/+$/, '');
  block.write(cut, offset, 'latin1');
}

function writeOctal(block: Buffer, [offset, length]: readonly [number, number], value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, length - 1, 'latin1');
}

function finish(block: Buffer, type: string): void {
  block.write(type, headerField.typeFlag[0], 'latin1');
  block.write('ustar\0' + '00', headerField.magic[0], 'latin1');
  const [offset, length] = headerField.checksum;
  let sum = length * 0x20;
  for (let i = 0; i < blockSize; i += 1) if (i < offset || i >= offset + length) sum += block[i]!;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, offset, 'latin1');
}

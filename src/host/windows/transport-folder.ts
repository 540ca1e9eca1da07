/**
 * The folder that ExportLayer fills (windows-layers.md 2.5, 3.1): legacy files, `.$wcidirs$` files that describe directories,
 * `tombstones.txt`, hives as they are. Read in the order in which a layer tar has them: a directory, its deletions, its other
 * children by code units.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byCodeUnits } from '../../layer/export-changes.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { fileAttribute } from '../../layer/metadata.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import { decodeExtendedAttributes, decodeReparsePoint, paxTimeOf, streamId } from './backup-stream.ts';
import { access } from './ffi/ntdll.ts';
import { NtFile } from './nt-file.ts';
import type { BasicInformation } from './nt-file.ts';
import { errorCode } from '../../state/atomic-file.ts';

/** The list of what a layer deletes, and its first line. */
export const tombstonesName = 'tombstones.txt';
export const tombstonesHeader = '\ufeffVersion 1.0';
/** Of the files that describe directories. */
export const directorySuffix = '.$wcidirs$';
const headerSize = 20;
const sparseStream = 8;

/** Bytes of a stream inside its carrier; those between pieces are zeros. */
export interface Piece {
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

export interface ExportedStream {
  readonly name: string;
  readonly size: number;
  readonly pieces: readonly Piece[];
}

export interface ExportedObject {
  readonly kind: 'file' | 'directory' | 'symlink' | 'whiteout';
  /** Below the layer, `/` between names: `Files/Windows`. */
  readonly path: string;
  readonly metadata: WindowsMetadata;
  /** Carrier of its bytes, below the transport folder. */
  readonly carrier: string;
  readonly size: number;
  readonly pieces: readonly Piece[];
  readonly streams: readonly ExportedStream[];
  readonly target?: string;
  /** What the names of one file share; undefined for files with one name. */
  readonly fileId?: string;
}

const nothing = { carrier: '', size: 0, pieces: [], streams: [] } as const;

/** Times that do not differ from export to export: Windows sets the others whenever it likes. */
function timesOf(basic: BasicInformation): Pick<WindowsMetadata, 'modified' | 'created'> {
  return { modified: paxTimeOf(basic.modified), created: paxTimeOf(basic.created) };
}

/** Everything in the folder, `Files` first, then `Hives`. `folder` is the transport folder, `root` a handle of it. */
export async function* readTransport(
  root: NtFile,
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<ExportedObject> {
  const tombstones = readTombstones(folder);
  yield* readDirectory(root, 'Files', tombstones, signal);
  yield* readHives(root);
}

async function* readDirectory(
  root: NtFile,
  path: string,
  tombstones: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExportedObject> {
  signal?.throwIfAborted();
  yield describedDirectory(path, await describe(root, path));
  for (const name of tombstones.get(path.toUpperCase()) ?? [])
    yield { ...nothing, kind: 'whiteout', path: name, metadata: { attributes: 0, modified: '0' } };
  const found = await NtFile.tryOpen(root, windowsPath(path), { access: access.listDirectory });
  if (!(found instanceof NtFile)) return;
  const items = await found.list();
  await found.close();
  items.sort((a, b) => byCodeUnits(a.name, b.name));
  const directories = new Set(items.filter(isDirectory).map(({ name }) => name));
  for (const item of items) {
    const child = `${path}/${item.name}`;
    if (isRecycleBin(child)) continue;
    if (isDirectory(item)) {
      const description = await describe(root, child);
      // A directory that is described as a link is a link.
      if (description?.kind === 'symlink') yield { ...description, path: child };
      else yield* readDirectory(root, child, tombstones, signal);
    } else if (!item.name.endsWith(directorySuffix)) {
      yield { ...(await readLegacyFile(root, child)), path: child };
    } else if (!directories.has(item.name.slice(0, -directorySuffix.length))) {
      const name = child.slice(0, -directorySuffix.length);
      yield { ...(await readLegacyFile(root, child)), path: name };
    }
  }
}

/** No image has any use for it, and names in it may be no text (windows-layers.md 7.5). */
const isRecycleBin = (path: string): boolean => /^Files\/\$Recycle\.Bin(?:\.\$wcidirs\$)?$/i.test(path);
const isDirectory = ({ attributes }: { attributes: number }): boolean =>
  (attributes & fileAttribute.directory) !== 0;
const windowsPath = (path: string): string => path.replaceAll('/', '\\');

function describedDirectory(path: string, description: ExportedObject | undefined): ExportedObject {
  const metadata = description?.metadata ?? { attributes: fileAttribute.directory, modified: '0' };
  return {
    ...nothing,
    kind: 'directory',
    path,
    metadata: { ...metadata, attributes: metadata.attributes | fileAttribute.directory },
    carrier: description?.carrier ?? '',
    streams: description?.streams ?? [],
  };
}

async function describe(root: NtFile, path: string): Promise<ExportedObject | undefined> {
  const file = `${path}${directorySuffix}`;
  const found = await NtFile.tryOpen(root, windowsPath(file), { access: access.readAttributes });
  if (!(found instanceof NtFile)) return undefined;
  await found.close();
  return readLegacyFile(root, file);
}

/** Attributes, then a backup stream; its bodies are not read, only where they are. */
async function readLegacyFile(root: NtFile, path: string): Promise<ExportedObject> {
  await using file = await NtFile.open(root, windowsPath(path), { access: access.read });
  const basic = await file.basicInformation();
  const { size: length, links } = await file.standardInformation();
  const reader = new CarrierReader(file, length, path);
  const attributes = (await reader.take(0, 4)).readUInt32LE(0);
  let metadata: WindowsMetadata = { ...timesOf(basic), attributes };
  let target: string | undefined;
  let size = 0;
  const pieces: Piece[] = [];
  const streams: ExportedStream[] = [];
  for (let offset = 4; offset + headerSize <= length;) {
    const header = await reader.take(offset, headerSize);
    const id = header.readUInt32LE(0);
    const isSparse = (header.readUInt32LE(4) & sparseStream) !== 0;
    const bytes = Number(header.readBigUInt64LE(8));
    const nameBytes = header.readUInt32LE(16);
    const start = offset + headerSize + nameBytes;
    if (start + bytes > length) throw reader.torn();
    switch (id) {
      case streamId.data:
        size += bytes;
        if (bytes > 0) pieces.push({ at: start, offset: 0, size: bytes });
        break;
      case streamId.sparseBlock: {
        const block = Number((await reader.take(start, 8)).readBigInt64LE(0));
        if (bytes > 8) pieces.push({ at: start + 8, offset: block, size: bytes - 8 });
        // The last block is empty and says where the file ends.
        size = Math.max(size, block + bytes - 8);
        break;
      }
      case streamId.security:
        metadata = { ...metadata, securityDescriptor: (await reader.take(start, bytes)).toString('base64') };
        break;
      case streamId.extendedAttributes:
        metadata = {
          ...metadata,
          extendedAttributes: decodeExtendedAttributes(await reader.take(start, bytes)),
        };
        break;
      case streamId.reparse: {
        const buffer = await reader.take(start, bytes);
        const link = decodeReparsePoint(buffer);
        if (link === undefined)
          throw new LayerError(
            'LAYER_ENTRY_TYPE',
            `${path}: unsupported reparse point ${buffer.readUInt32LE(0).toString(16)}`,
            { entry: path, hint: 'only symbolic links and junctions can be part of an image' },
          );
        target = link.target;
        if (link.mountPoint) metadata = { ...metadata, mountPoint: true };
        break;
      }
      case streamId.alternateData: {
        const name = (await reader.take(offset + headerSize, nameBytes)).toString('utf16le');
        if (isSparse)
          throw new LayerError(
            'LAYER_ENTRY_TYPE',
            `${path}: tar of sparse alternate data streams is unsupported`,
            { entry: path },
          );
        streams.push({
          name: name.replace(/^:/, '').replace(/:\$DATA$/i, ''),
          size: bytes,
          pieces: bytes === 0 ? [] : [{ at: start, offset: 0, size: bytes }],
        });
        break;
      }
      case streamId.link:
      case streamId.property:
      case streamId.objectId:
      case streamId.txfs:
        break;
      default:
        throw new LayerError('LAYER_ENTRY_TYPE', `${path}: unknown stream ID ${id}`, { entry: path });
    }
    offset = start + bytes;
  }
  return {
    kind: target === undefined ? 'file' : 'symlink',
    path,
    metadata,
    carrier: windowsPath(path),
    size,
    pieces,
    streams,
    ...(target === undefined ? {} : { target }),
    ...(links > 1 ? { fileId: await file.fileId() } : {}),
  };
}

/** Small reads of a carrier, through a window that is as large as most carriers. */
class CarrierReader {
  readonly #file: NtFile;
  readonly #length: number;
  readonly #path: string;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: NtFile, length: number, path: string) {
    this.#file = file;
    this.#length = length;
    this.#path = path;
  }

  async take(at: number, bytes: number): Promise<Buffer> {
    if (at + bytes > this.#length) throw this.torn();
    if (at < this.#start || at + bytes > this.#start + this.#window.length) {
      const buffer = Buffer.alloc(Math.max(bytes, Math.min(4096, this.#length - at)));
      const read = await readFully(this.#file, buffer, at);
      if (read < bytes) throw this.torn();
      this.#window = buffer.subarray(0, read);
      this.#start = at;
    }
    return Buffer.from(this.#window.subarray(at - this.#start, at - this.#start + bytes));
  }

  torn(): LayerError {
    return new LayerError('LAYER_TAR_INVALID', `${this.#path}: the exported file ends in the middle`, {
      entry: this.#path,
    });
  }
}

async function readFully(file: NtFile, buffer: Buffer, at: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const read = await file.read(buffer.subarray(done), at + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

const chunkBytes = 1 << 20;

/** The bytes of a stream, with zeros where nothing was exported. */
export async function* readPieces(
  root: NtFile,
  carrier: string,
  pieces: readonly Piece[],
  size: number,
): AsyncGenerator<Buffer> {
  await using file = await NtFile.open(root, carrier, { access: access.read });
  let position = 0;
  function* zeros(until: number): Generator<Buffer> {
    for (; position < until; position += Math.min(chunkBytes, until - position))
      yield Buffer.alloc(Math.min(chunkBytes, until - position));
  }
  for (const piece of [...pieces].sort((a, b) => a.offset - b.offset)) {
    yield* zeros(piece.offset);
    for (let done = 0; done < piece.size;) {
      const buffer = Buffer.alloc(Math.min(chunkBytes, piece.size - done));
      const read = await file.read(buffer, piece.at + done);
      if (read === 0) return;
      yield buffer.subarray(0, read);
      done += read;
      position += read;
    }
  }
  yield* zeros(size);
}

async function* readHives(root: NtFile): AsyncGenerator<ExportedObject> {
  const found = await NtFile.tryOpen(root, 'Hives', { access: access.read, kind: 'directory' });
  const folder = { attributes: fileAttribute.directory, modified: '0' };
  if (!(found instanceof NtFile)) {
    yield { ...nothing, kind: 'directory', path: 'Hives', metadata: folder };
    return;
  }
  await using hives = found;
  const items = (await hives.list()).filter(
    ({ attributes, size }) => !isDirectory({ attributes }) && size > 0,
  );
  items.sort((a, b) => byCodeUnits(a.name, b.name));
  const newest = items.reduce((time, { information }) => maximum(time, information.modified), 0n);
  const modified = newest === 0n ? '0' : paxTimeOf(newest);
  yield { ...nothing, kind: 'directory', path: 'Hives', metadata: { ...folder, modified } };
  for (const { name, size, information } of items)
    yield {
      ...nothing,
      kind: 'file',
      path: `Hives/${name}`,
      metadata: { attributes: fileAttribute.archive, modified: paxTimeOf(information.modified) },
      carrier: `Hives\\${name}`,
      size,
      pieces: [{ at: 0, offset: 0, size }],
    };
}

const maximum = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Deleted names by the folded path of their directory, `Files/…`, sorted. */
function readTombstones(folder: string): Map<string, string[]> {
  const tombstones = new Map<string, string[]>();
  let text: string;
  try {
    text = readFileSync(join(folder, tombstonesName), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return tombstones;
    throw error;
  }
  const [first, ...lines] = text.split(/\r?\n/);
  if (first !== tombstonesHeader) throw new LayerError('LAYER_TAR_INVALID', 'invalid tombstones file');
  for (const line of lines) {
    if (line === '') continue;
    const path = `Files${line.startsWith('\\') ? '' : '\\'}${line}`.replaceAll('\\', '/');
    const parent = path.slice(0, path.lastIndexOf('/')).toUpperCase();
    tombstones.set(parent, [...(tombstones.get(parent) ?? []), path]);
  }
  for (const names of tombstones.values()) names.sort(byCodeUnits);
  return tombstones;
}

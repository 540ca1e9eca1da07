import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { asError, PortholeError } from '../errors/porthole-error.ts';
import { inflateInto } from '../layer/inflate-into.ts';
import { LayerError } from '../layer/layer-error.ts';
import { defaultLayerLimits, uncompressedLimit } from '../layer/limits.ts';
import { MemoryTree, splitPath } from './source-tree.ts';
import type { SourceEntry } from './source-tree.ts';

export interface TarContext {
  readonly tree: MemoryTree;
  /** Bytes that were read. */
  readonly size: number;
  dispose(): Promise<void>;
}

/**
 * Reads an archive (tar, also in gzip, zstd, bzip2 or xz) whose entries COPY can then take. Nothing is unpacked: contents are put
 * aside in one file below `folder`, which is made here and removed by `dispose`, so names in the archive can do no harm.
 * Errors: kind `invalid`, code `ARCHIVE_INVALID`, for what is no archive, is cut short, leads out of its
 * root, or inflates beyond measure.
 */
export async function readTarContext(
  stream: Readable,
  folder: string,
  signal?: AbortSignal,
): Promise<TarContext> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const { tree, size } = await spool(stream, join(folder, 'content'), signal);
    return { tree, size, dispose };
  } catch (error) {
    stream.destroy();
    await dispose();
    signal?.throwIfAborted();
    if (error instanceof LayerError) throw invalidArchive(asError(error.cause ?? error).message, error);
    throw error instanceof PortholeError ? error : invalidArchive(asError(error).message, error);
  }
}

async function spool(
  stream: Readable,
  hostPath: string,
  signal: AbortSignal | undefined,
): Promise<{ tree: MemoryTree; size: number }> {
  const { extract } = await import('tar-stream');
  const parser = extract();
  const tree = new MemoryTree();
  const spooled = createWriteStream(hostPath, { mode: 0o600 });
  let size = 0;
  let inflated = 0;
  const chunks = countBytes(stream, (count) => (size += count));
  const feed = inflateInto(parser as unknown as Writable, chunks, {
    signal,
    onInflated: (bytes) => {
      inflated += bytes;
      const limit = uncompressedLimit(defaultLayerLimits, size);
      if (inflated > limit) throw invalidArchive(`it inflates to more than ${limit} bytes`);
    },
  });
  // The entries end with the same error.
  feed.catch(() => undefined);
  let offset = 0;
  try {
    for await (const entry of parser) {
      const { header } = entry;
      const source = readHeader(tree, header, { hostPath, offset });
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        if (source?.type !== 'file') continue;
        offset += chunk.length;
        if (!spooled.write(chunk)) await once(spooled, 'drain');
      }
      if (source) tree.add(source);
    }
    await feed;
  } finally {
    spooled.end();
    await once(spooled, 'close');
  }
  return { tree, size };
}

async function* countBytes(stream: Readable, add: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk);
    add(bytes.length);
    yield bytes;
  }
}

interface TarHeader {
  readonly name: string;
  readonly type?: string | null | undefined;
  readonly size?: number | undefined;
  readonly mode?: number | undefined;
  readonly mtime?: Date | undefined;
  readonly linkname?: string | null | undefined;
}

/** Undefined for an entry that holds nothing of its own (global headers, the root). */
function readHeader(
  tree: MemoryTree,
  header: TarHeader,
  content: { hostPath: string; offset: number },
): SourceEntry | undefined {
  const path = safePath(header.name);
  const common = {
    path,
    mode: (header.mode ?? 0o644) & 0o777,
    ...(header.mtime ? { modified: String(Math.floor(header.mtime.getTime() / 1000)) } : {}),
  };
  if (path === '') return undefined;
  switch (header.type) {
    case 'directory':
      return { ...common, type: 'directory', size: 0 };
    case 'symlink':
      return { ...common, type: 'symlink', size: 0, target: header.linkname ?? '' };
    case 'link': {
      const target = tree.get(safePath(header.linkname ?? ''));
      if (target?.type !== 'file') throw invalidArchive(`${header.name} is a link to nothing`);
      return { ...target, path };
    }
    case 'file':
    case 'contiguous-file':
    case undefined:
    case null:
      return { ...common, type: 'file', size: header.size ?? 0, content };
    case 'pax-global-header':
    case 'pax-header':
      return undefined;
    default:
      return { ...common, type: 'other', size: 0 };
  }
}

function safePath(name: string): string {
  const names = splitPath(name);
  if (names.includes('..')) throw invalidArchive(`${JSON.stringify(name)} leads out of the archive`);
  return names.join('/');
}

function invalidArchive(reason: string, cause?: unknown): PortholeError {
  return new PortholeError('invalid', 'ARCHIVE_INVALID', `failed to read archive: ${reason}`, { cause });
}

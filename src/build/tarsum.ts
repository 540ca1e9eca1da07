import { createHash, hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { PortholeError } from '../errors/porthole-error.ts';
import type { SourceEntry } from './source-tree.ts';

/**
 * Content digests for the build cache: tarsum version 1 (dockerfile.md 2.8). The header fields but the time, then the
 * content, so that touching a file changes nothing and renaming it does.
 */
const typeFlags: Readonly<Record<SourceEntry['type'], string>> = {
  file: '0',
  directory: '5',
  symlink: '2',
  other: '6',
};

const chunkSize = 1 << 20;
let buffer: Buffer | undefined;

/** 64 hex digits. `name`: the path as the cache key holds it. */
export function tarsum(entry: SourceEntry, name: string): string | Promise<string> {
  const { content } = entry;
  const header = headerText(entry, name);
  if (content === undefined) return hash('sha256', header);
  if ('bytes' in content) return createHash('sha256').update(header).update(content.bytes).digest('hex');
  if ('hostPath' in content) return hashFile(header, entry, content.hostPath, content.offset ?? 0);
  return hashStream(header, content.open());
}

function headerText(entry: SourceEntry, name: string): string {
  const shown = entry.type === 'directory' ? name + '/' : name;
  return (
    `name${shown}mode${entry.mode}uid0gid0size${entry.size}typeflag${typeFlags[entry.type]}` +
    `linkname${entry.target ?? ''}unamegnamedevmajor0devminor0`
  );
}

async function hashStream(header: string, stream: Readable): Promise<string> {
  const digest = createHash('sha256').update(header);
  for await (const chunk of stream as AsyncIterable<Buffer>) digest.update(chunk);
  return digest.digest('hex');
}

/** Docker's digest of a list: of several files, or of everything in a folder. */
export function listDigest(prefix: 'dir' | 'multi', digests: readonly string[]): string {
  return `${prefix}:${createHash('sha256').update(digests.join(',')).digest('hex')}`;
}

/**
 * Synchronous on purpose: for thousands of small files a call each into the thread pool costs more than the reading. What
 * fits the buffer is hashed in one call.
 */
function hashFile(header: string, entry: SourceEntry, hostPath: string, offset: number): string {
  buffer ??= Buffer.allocUnsafe(chunkSize);
  let file: number | undefined;
  try {
    file = openSync(hostPath, 'r');
    const start = buffer.write(header);
    if (start + entry.size <= chunkSize) {
      readExactly(file, buffer, start, entry.size, offset, entry.path);
      return hash('sha256', buffer.subarray(0, start + entry.size));
    }
    const digest = createHash('sha256').update(header);
    for (let done = 0; done < entry.size;) {
      const size = Math.min(chunkSize, entry.size - done);
      readExactly(file, buffer, 0, size, offset + done, entry.path);
      digest.update(buffer.subarray(0, size));
      done += size;
    }
    return digest.digest('hex');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'EACCES' ? `no permission to read from '${hostPath}'` : (error as Error).message;
    throw new PortholeError('invalid', 'BUILD_CONTEXT_UNREADABLE', `checking context: ${reason}`, {
      cause: error,
    });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readExactly(
  file: number,
  into: Buffer,
  start: number,
  size: number,
  position: number,
  path: string,
): void {
  for (let done = 0; done < size;) {
    const count = readSync(file, into, start + done, size - done, position + done);
    if (count === 0) throw new Error(`${path} became shorter while it was read`);
    done += count;
  }
}

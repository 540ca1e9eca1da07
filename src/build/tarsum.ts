import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
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
export async function tarsum(entry: SourceEntry, name: string): Promise<string> {
  const hash = createHash('sha256');
  const fields: readonly (readonly [string, string])[] = [
    ['name', entry.type === 'directory' ? name + '/' : name],
    ['mode', String(entry.mode)],
    ['uid', '0'],
    ['gid', '0'],
    ['size', String(entry.size)],
    ['typeflag', typeFlags[entry.type]],
    ['linkname', entry.target ?? ''],
    ['uname', ''],
    ['gname', ''],
    ['devmajor', '0'],
    ['devminor', '0'],
  ];
  for (const [key, value] of fields) hash.update(key + value);
  const { content } = entry;
  if (content === undefined) return hash.digest('hex');
  if ('bytes' in content) hash.update(content.bytes);
  else if ('hostPath' in content) hashFile(hash, entry, content.hostPath, content.offset ?? 0);
  else for await (const chunk of content.open() as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

/** Docker's digest of a list: of several files, or of everything in a folder. */
export function listDigest(prefix: 'dir' | 'multi', digests: readonly string[]): string {
  return `${prefix}:${createHash('sha256').update(digests.join(',')).digest('hex')}`;
}

/** Synchronous on purpose: for thousands of small files a call each into the thread pool costs more than the reading. */
function hashFile(hash: Hash, entry: SourceEntry, hostPath: string, offset: number): void {
  buffer ??= Buffer.allocUnsafe(chunkSize);
  let file: number | undefined;
  try {
    file = openSync(hostPath, 'r');
    for (let done = 0; done < entry.size;) {
      const count = readSync(file, buffer, 0, Math.min(chunkSize, entry.size - done), offset + done);
      if (count === 0) throw new Error(`${entry.path} became shorter while it was read`);
      hash.update(buffer.subarray(0, count));
      done += count;
    }
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

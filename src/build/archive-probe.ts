import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import {
  detectCompression,
  inflateOther,
  isTarHeader,
  UnsupportedCompression,
} from '../layer/compression.ts';
import type { SourceEntry } from './source-tree.ts';

const blockSize = 512;

/**
 * Whether ADD unpacks the file: a tar, plain or compressed. Told by the first block of the content, never by name. Throws
 * `UnsupportedCompression` for one that cannot be looked into.
 */
export async function isArchive(entry: SourceEntry): Promise<boolean> {
  if (entry.type !== 'file' || entry.size < 6) return false;
  const head = await firstBytes(openContent(entry, blockSize), blockSize);
  const compression = detectCompression(head);
  if (compression === 'none') return isTarHeader(head);
  const input = openContent(entry);
  try {
    return isTarHeader(await firstBytes(await inflated(compression, input), blockSize));
  } catch (error) {
    if (error instanceof UnsupportedCompression) throw error;
    // Not what its first bytes promise: an ordinary file.
    return false;
  } finally {
    input.destroy();
  }
}

async function inflated(
  compression: 'gzip' | 'zstd' | 'bzip2' | 'xz',
  input: Readable,
): Promise<AsyncIterable<Uint8Array>> {
  if (compression === 'bzip2' || compression === 'xz') return inflateOther(compression, input);
  const inflate = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  input.on('error', (error) => inflate.destroy(error));
  return input.pipe(inflate);
}

/** The content from its start; `length` bounds it. */
export function openContent(entry: SourceEntry, length = entry.size): Readable {
  const { content } = entry;
  const end = Math.min(length, entry.size);
  if (content === undefined || end === 0) return Readable.from([]);
  if ('bytes' in content) return Readable.from([Buffer.from(content.bytes.subarray(0, end))]);
  if ('open' in content) return content.open();
  const start = content.offset ?? 0;
  return createReadStream(content.hostPath, { start, end: start + end - 1 });
}

async function firstBytes(stream: AsyncIterable<Uint8Array>, size: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= size) break;
  }
  return Buffer.concat(chunks).subarray(0, size);
}

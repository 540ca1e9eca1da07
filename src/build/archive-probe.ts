import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { SourceEntry } from './source-tree.ts';
import { compressionOf } from './tar-context.ts';

/** What ADD makes of a local file: `tar` is unpacked, `unsupported` would be if this host could inflate it. */
export type ArchiveKind = 'tar' | 'unsupported' | 'none';

const blockSize = 512;

/** Looks at the first block of the content, inflated where it is compressed: by content, never by name. */
export async function probeArchive(entry: SourceEntry): Promise<ArchiveKind> {
  if (entry.type !== 'file' || entry.size < 6) return 'none';
  const head = await firstBytes(openContent(entry, blockSize), blockSize);
  switch (compressionOf(head)) {
    case 'none':
      return isTarHeader(head) ? 'tar' : 'none';
    case 'gzip':
      return (await isCompressedTar(entry, createGunzip())) ? 'tar' : 'none';
    case 'zstd':
      return (await isCompressedTar(entry, createZstdDecompress())) ? 'tar' : 'none';
    case 'bzip2':
    case 'xz':
      return 'unsupported';
  }
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

async function isCompressedTar(
  entry: SourceEntry,
  inflate: ReturnType<typeof createGunzip>,
): Promise<boolean> {
  const input = openContent(entry);
  input.on('error', (error) => inflate.destroy(error));
  try {
    return isTarHeader(await firstBytes(input.pipe(inflate), blockSize));
  } catch {
    // Not what its first bytes promise: an ordinary file.
    return false;
  } finally {
    input.destroy();
  }
}

async function firstBytes(stream: Readable, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= size) break;
  }
  return Buffer.concat(chunks).subarray(0, size);
}

/** The header's checksum holds (any tar, old ones without `ustar` too). */
function isTarHeader(block: Buffer): boolean {
  if (block.length < blockSize) return false;
  const stored = /^[ ]*([0-7]+)[ \0]*$/.exec(block.toString('latin1', 148, 156))?.[1];
  if (stored === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < blockSize; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum === parseInt(stored, 8);
}

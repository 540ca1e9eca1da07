/** How an archive is compressed: by its first bytes, never by its name or media type. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** Bytes that `detectCompression` looks at. */
export const compressionHeadBytes = 6;

/** By magic number; a plain tar has none. */
export function detectCompression(head: Uint8Array): Compression {
  const found = magics.find(([, magic]) => magic.every((byte, at) => head[at] === byte));
  return found?.[0] ?? 'none';
}

/** A whole archive, of a kind that this host cannot inflate. */
export class UnsupportedCompression extends Error {}

/** The content of what Node cannot inflate. Throws an Error in words for damaged input. */
export async function inflateOther(
  compression: 'bzip2' | 'xz',
  source: AsyncIterable<Uint8Array>,
): Promise<AsyncGenerator<Uint8Array, void>> {
  if (compression === 'bzip2') return (await import('./bzip2.ts')).inflateBzip2(source);
  return (await import('./xz.ts')).inflateXz(source);
}

const blockBytes = 512;

/** Whether a block is the header of a tar: its checksum holds (any tar, old ones without `ustar` too). */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockBytes) return false;
  const stored = /^[ ]*([0-7]+)[ \0]*$/.exec(block.toString('latin1', 148, 156))?.[1];
  if (stored === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum === parseInt(stored, 8);
}

/** Where a layer's compressed bytes are read from while it is unpacked: a finished blob, or one that is still arriving. */
import { closeSync, openSync, readSync } from 'node:fs';
import { damagedBlob } from '../../../content/blobs.ts';
import type { Digest } from '../../../image/digest.ts';

export interface BlobSource {
  /** Bytes of the whole blob. */
  readonly size: number;
  /** Changes when everything read so far is void. */
  readonly generation: number;
  /** Reads what is there at `position`; 0 = nothing yet. */
  readAt(target: Buffer, position: number): number;
  waitBeyond(position: number, generation: number): Promise<void>;
}

/** What the source held was replaced while it was read: everything handed on is void. */
export class SourceRestarted extends Error {}

const pieceBytes = 512 << 10;

/**
 * The bytes from the beginning, in whole pieces: what reads them can give the memory of each back at once, and has no need to
 * join small ones. `onProgress`: bytes so far.
 */
export async function* readBlob(
  source: BlobSource,
  onProgress?: (bytes: number) => void,
): AsyncGenerator<Buffer, undefined> {
  const { generation } = source;
  for (let position = 0; position < source.size;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, source.size - position));
    await fill(piece, source, position, generation);
    position += piece.length;
    onProgress?.(position);
    yield piece;
  }
  return undefined;
}

async function fill(piece: Buffer, source: BlobSource, from: number, generation: number): Promise<void> {
  for (let filled = 0; filled < piece.length;) {
    const count = source.readAt(piece.subarray(filled), from + filled);
    if (count === 0) await source.waitBeyond(from + filled, generation);
    if (source.generation !== generation) throw new SourceRestarted();
    filled += count;
  }
}

/** A file with the bytes of a blob: of the store, or put aside. */
export class FileBlobSource implements BlobSource {
  readonly size: number;
  readonly generation = 0;
  readonly #path: string;
  readonly #digest: Digest;
  readonly #fd: number;

  constructor(path: string, { digest, size }: { readonly digest: Digest; readonly size: number }) {
    this.#fd = openSync(path, 'r');
    this.#path = path;
    this.#digest = digest;
    this.size = size;
  }

  readAt(target: Buffer, position: number): number {
    return readSync(this.#fd, target, 0, Math.min(target.length, this.size - position), position);
  }

  async waitBeyond(): Promise<void> {
    throw damagedBlob(this.#digest, this.#path);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

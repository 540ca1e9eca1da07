/** Where a layer's compressed bytes are read from while it is unpacked: a finished blob, or one that is still arriving. */
import { closeSync, openSync, readSync } from 'node:fs';

export interface BlobSource {
  /** Bytes of the whole blob. */
  readonly size: number;
  /** Changes when everything read so far is void. */
  readonly generation: number;
  /** Reads what is there at `position`; 0 = nothing yet. */
  readAt(target: Buffer, position: number): number;
  waitBeyond(position: number, generation: number): Promise<void>;
}

/** A blob file of the store. */
export class FileBlobSource implements BlobSource {
  readonly size: number;
  readonly generation = 0;
  readonly #fd: number;

  constructor(path: string, size: number) {
    this.#fd = openSync(path, 'r');
    this.size = size;
  }

  readAt(target: Buffer, position: number): number {
    return readSync(this.#fd, target, 0, Math.min(target.length, this.size - position), position);
  }

  async waitBeyond(): Promise<void> {
    throw new Error('a stored blob ended before its size');
  }

  close(): void {
    closeSync(this.#fd);
  }
}

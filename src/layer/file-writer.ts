/** Bodies of layer files straight to disk with synchronous calls, which beat every other way for many small files
 *  (performance.md 1.3). Long runs of zeros become holes. */
import { closeSync, constants, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs';

const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);
/** Files below this size are written as they are: looking for holes would cost more than it saves. */
const sparseFrom = 1 << 20;
const holeBytes = 64 << 10;
const zeros = Buffer.alloc(holeBytes);

export class FileWriter {
  #descriptor: number | undefined;
  #size = 0;
  #position = 0;
  /** Seconds since the epoch. */
  #modified = 0;

  /** Creates `path`, which must not exist. */
  open(path: string, size: number, modified: number, mode: number): void {
    this.#descriptor = openSync(path, flags, mode);
    this.#size = size;
    this.#modified = modified;
    this.#position = 0;
  }

  write(chunk: Buffer, start: number, end: number): void {
    if (this.#size < sparseFrom) this.#writeRange(chunk, start, end);
    else this.#writeSparsely(chunk, start, end);
  }

  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor === undefined) return;
    this.#descriptor = undefined;
    try {
      if (this.#size >= sparseFrom) ftruncateSync(descriptor, this.#size);
      futimesSync(descriptor, this.#modified, this.#modified);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Gives the descriptor back without finishing the file. */
  abandon(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #writeSparsely(chunk: Buffer, start: number, end: number): void {
    let from = start;
    for (let at = start; at < end;) {
      const length = Math.min(holeBytes, end - at);
      if (length === holeBytes && chunk[at] === 0 && chunk.compare(zeros, 0, length, at, at + length) === 0) {
        this.#writeRange(chunk, from, at);
        this.#position += length;
        from = at + length;
      }
      at += length;
    }
    this.#writeRange(chunk, from, end);
  }

  #writeRange(chunk: Buffer, start: number, end: number): void {
    const descriptor = this.#descriptor!;
    for (let at = start; at < end;) {
      const written = writeSync(descriptor, chunk, at, end - at, this.#position);
      at += written;
      this.#position += written;
    }
  }
}

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { errorCode, explainWriteError, removeIfExists, renameRetrying } from '../state/atomic-file.ts';

export interface LogFileOptions {
  /** Bytes after which a new file begins. */
  readonly maxSize?: number;
  /** Files kept, the current one included. */
  readonly maxFiles: number;
  /** Older files as `.gz`. */
  readonly compress: boolean;
}

/**
 * An append-only log with rotation: `<path>` is current, `<path>.1` the one before (`.gz` when compressed). Writing is
 * synchronous: a chunk costs one system call and the order of records is the order of calls. When the disk is full output
 * is dropped, never the container; the number of dropped bytes is kept in `lostBytes`.
 */
export class LogFile {
  readonly #path: string;
  readonly #options: LogFileOptions;
  #descriptor: number;
  #size: number;
  #lostBytes = 0;

  constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#descriptor = open(path);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** Bytes in the current file. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of records that could not be written since the last call. */
  takeLostBytes(): number {
    const lost = this.#lostBytes;
    this.#lostBytes = 0;
    return lost;
  }

  /** False when (part of) the records were dropped. */
  write(records: Buffer): boolean {
    if (records.length === 0) return true;
    if (this.#options.maxSize !== undefined && this.#size >= this.#options.maxSize) this.#rotate();
    const before = this.#size;
    let written = 0;
    try {
      while (written < records.length) written += writeSync(this.#descriptor, records, written);
      this.#size += records.length;
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EIO') throw error;
      // Half a record would make the rest of the file unreadable.
      if (written > 0) this.#truncate(before);
      this.#lostBytes += records.length;
      return false;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #truncate(size: number): void {
    try {
      ftruncateSync(this.#descriptor, size);
      this.#size = size;
    } catch {
      this.#size = fstatSync(this.#descriptor).size;
    }
  }

  #rotate(): void {
    const { maxFiles, compress } = this.#options;
    const suffix = compress ? '.gz' : '';
    closeSync(this.#descriptor);
    if (maxFiles > 1) {
      removeIfExists(`${this.#path}.${maxFiles - 1}${suffix}`);
      for (let age = maxFiles - 2; age >= 1; age -= 1) {
        moveIfExists(`${this.#path}.${age}${suffix}`, `${this.#path}.${age + 1}${suffix}`);
      }
      moveIfExists(this.#path, `${this.#path}.1`);
      if (compress) this.#compress(`${this.#path}.1`);
    } else {
      removeIfExists(this.#path);
    }
    this.#descriptor = open(this.#path);
    this.#size = 0;
  }

  /** Readers take the plain file when the compressed one is not there yet. */
  #compress(path: string): void {
    try {
      writeFileSync(`${path}.gz.tmp`, gzipSync(readFileSync(path)), { mode: 0o600 });
      renameRetrying(`${path}.gz.tmp`, `${path}.gz`);
      removeIfExists(path);
    } catch {
      removeIfExists(`${path}.gz.tmp`);
    }
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

function moveIfExists(from: string, to: string): void {
  try {
    renameRetrying(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { getBuiltinModule } from 'node:process';
import { errorCode } from '../../../state/atomic-file.ts';
import { parseRecord, tailStart } from './log-records.ts';
import type { LogRecord } from './log-records.ts';

const piece = 256 * 1024;

/** The records of a log and its rotated files, in order, from a position that survives rotation. */
export class LogSource {
  readonly path: string;
  readonly #maxFiles: number;
  readonly #limit: number;
  /** Rotated files still to be read whole, oldest first. */
  #older: string[];
  #descriptor: number | undefined;
  #inode = 0;
  #offset = 0;
  #carry = Buffer.alloc(0);
  #pending: LogRecord[] = [];

  constructor(path: string, maxFiles: number, currentFileLimit = Infinity) {
    this.path = path;
    this.#limit = currentFileLimit;
    this.#maxFiles = maxFiles;
    this.#older = [];
    for (let age = maxFiles - 1; age >= 1; age -= 1) this.#older.push(`${path}.${age}`);
    this.#open();
  }

  /** Positions at the last `count` records that `wanted` takes. */
  seekTail(count: number, wanted: (record: LogRecord) => boolean): void {
    // With one stream left out, lines of the other must not be counted: more are read and the surplus dropped.
    let guess = count;
    for (;;) {
      const start = this.#startOfLast(guess);
      const all = this.#readAllFrom(start);
      const chosen = all.filter(wanted);
      if (chosen.length >= count || start.complete) {
        this.#pending = count === 0 ? [] : chosen.slice(-count);
        return;
      }
      guess = Math.max(guess * 4, 64);
    }
  }

  /** Next records, at most a piece of the file; empty = nothing more for now. */
  read(): LogRecord[] {
    if (this.#pending.length > 0) {
      const records = this.#pending;
      this.#pending = [];
      return records;
    }
    while (this.#older.length > 0) {
      const records = readWhole(this.#older.shift()!);
      if (records.length > 0) return records;
    }
    const records = this.#readCurrent();
    if (records.length > 0 || !this.#rotated()) return records;
    this.#followRotation();
    return this.read();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): void {
    try {
      this.#descriptor = openSync(this.path, 'r');
      this.#inode = fstatSync(this.#descriptor).ino;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#descriptor = undefined;
    }
    this.#offset = 0;
    this.#carry = Buffer.alloc(0);
  }

  #readCurrent(): LogRecord[] {
    if (this.#descriptor === undefined) {
      this.#open();
      if (this.#descriptor === undefined) return [];
    }
    const buffer = Buffer.allocUnsafe(piece);
    const wanted = Math.min(piece, this.#limit - this.#offset);
    const length = wanted <= 0 ? 0 : readSync(this.#descriptor, buffer, 0, wanted, this.#offset);
    if (length === 0) return [];
    this.#offset += length;
    const bytes = Buffer.concat([this.#carry, buffer.subarray(0, length)]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#carry = Buffer.from(bytes.subarray(end));
    const records = recordsOf(bytes.toString('utf8', 0, end));
    return records.length === 0 && length === piece ? this.#readCurrent() : records;
  }

  /** The open file is no longer the current one, or was cut off. */
  #rotated(): boolean {
    if (this.#descriptor === undefined || this.#limit !== Infinity) return false;
    if (fstatSync(this.#descriptor).size < this.#offset) return true;
    let probe: number;
    try {
      probe = openSync(this.path, 'r');
    } catch {
      return false;
    }
    const { ino } = fstatSync(probe);
    closeSync(probe);
    return ino !== this.#inode;
  }

  /** Files that were current in between are read whole; then the current one from its beginning. */
  #followRotation(): void {
    const seen = this.#inode;
    this.close();
    for (let age = 1; age < this.#maxFiles; age += 1) {
      const path = `${this.path}.${age}`;
      const inode = inodeOf(path);
      if (inode === undefined || inode === seen) break;
      this.#older.unshift(path);
    }
    this.#open();
  }

  #startOfLast(count: number): {
    readonly older: readonly string[];
    readonly skip: number;
    readonly offset: number;
    readonly complete: boolean;
  } {
    if (this.#descriptor === undefined) return { older: [], skip: 0, offset: 0, complete: true };
    const size = fstatSync(this.#descriptor).size;
    const { offset, lines } = tailStart(this.#descriptor, size, count);
    let missing = count - lines;
    const older: string[] = [];
    for (let age = 1; age < this.#maxFiles; age += 1) {
      const path = `${this.path}.${age}`;
      if (missing <= 0) break;
      const length = readWhole(path).length;
      if (length === 0) continue;
      older.unshift(path);
      if (length >= missing) return { older, skip: length - missing, offset, complete: false };
      missing -= length;
    }
    return { older, skip: 0, offset, complete: missing > 0 };
  }

  #readAllFrom(start: {
    readonly older: readonly string[];
    readonly skip: number;
    readonly offset: number;
  }): LogRecord[] {
    const records = start.older.flatMap((path, at) => readWhole(path).slice(at === 0 ? start.skip : 0));
    this.#older = [];
    this.#offset = start.offset;
    this.#carry = Buffer.alloc(0);
    for (;;) {
      const more = this.#readCurrent();
      if (more.length === 0) return records;
      records.push(...more);
    }
  }
}

function inodeOf(path: string): number | undefined {
  try {
    const descriptor = openSync(path, 'r');
    const { ino } = fstatSync(descriptor);
    closeSync(descriptor);
    return ino;
  } catch {
    return undefined;
  }
}

/** A rotated file, plain or compressed; nothing when it is not there (any more). */
function readWhole(path: string): LogRecord[] {
  try {
    return recordsOf(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  try {
    // Loaded only here: `logs` is a command that starts fast.
    const zlib = getBuiltinModule('node:zlib');
    return recordsOf(zlib.gunzipSync(readFileSync(`${path}.gz`)).toString());
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return [];
  }
}

function recordsOf(text: string): LogRecord[] {
  const records: LogRecord[] = [];
  for (const line of text.split('\n')) {
    const record = line === '' ? undefined : parseRecord(line);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/**
 * A blob on its way into the store (images-and-registries.md 8.2): `ingest/<algorithm>-<hex>.part`, hashed while written,
 * kept when the transfer breaks so that the next process resumes it, and renamed into `oci/blobs` when digest and size are
 * right. One writer a blob: the lock `locks/blob-<algorithm>-<hex>.lock`.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import type { Hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PortholeError } from '../errors/porthole-error.ts';
import type { Descriptor } from '../image/descriptor.ts';
import { digestAlgorithm, digestHex, hasherOf } from '../image/digest.ts';
import { errorCode, explainWriteError, listNames, renameRetrying } from '../state/atomic-file.ts';
import { acquireLock, tryLock } from '../state/lock.ts';
import type { Lock } from '../state/lock.ts';
import type { DataPaths } from '../state/paths.ts';
import type { BlobStore } from './blobs.ts';

type IngestPaths = Pick<DataPaths, 'ingest' | 'locks'>;
type Wanted = Pick<Descriptor, 'digest' | 'size'>;

const syncFile = promisify(fsync);
const rehashBytes = 1 << 20;

/**
 * Opens the ingest of a blob, waiting for whoever else writes it (`onWait` is told once). Undefined: the blob is in the
 * store now.
 */
export async function openIngest(
  paths: IngestPaths,
  blobs: BlobStore,
  wanted: Wanted,
  options: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
): Promise<Ingest | undefined> {
  if (blobs.has(wanted)) return undefined;
  const name = `${digestAlgorithm(wanted.digest)}-${digestHex(wanted.digest)}`;
  const lockPath = join(paths.locks, `blob-${name}.lock`);
  let lock = tryLock(lockPath);
  if (lock === undefined) {
    options.onWait?.();
    lock = await acquireLock(lockPath, {
      timeoutMs: Infinity,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }
  try {
    if (blobs.has(wanted)) {
      lock.release();
      return undefined;
    }
    const path = join(paths.ingest, `${name}.part`);
    const ingest = new Ingest(path, openPart(path), lock, blobs, wanted);
    await ingest.rehash(options.signal);
    return ingest;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export class Ingest {
  readonly path: string;
  /** Bytes that are in the file and in the hash. */
  offset = 0;
  /** Grows with every `restart`: what a reader has seen of an earlier one is void. */
  generation = 0;
  /** True when bytes of an earlier process or attempt were taken over. */
  resumed = false;
  readonly #wanted: Wanted;
  readonly #blobs: BlobStore;
  readonly #lock: Lock;
  #fd: number;
  #hash: Hash;
  #state: 'open' | 'committed' | 'closed' = 'open';
  #failure: unknown;
  #waiters: (() => void)[] = [];

  constructor(path: string, fd: number, lock: Lock, blobs: BlobStore, wanted: Wanted) {
    this.path = path;
    this.#fd = fd;
    this.#lock = lock;
    this.#blobs = blobs;
    this.#wanted = wanted;
    this.#hash = hasherOf(wanted.digest);
  }

  /** Takes over what an earlier attempt left. A part that is longer than the blob is thrown away. */
  async rehash(signal?: AbortSignal): Promise<void> {
    const { size } = fstatSync(this.#fd);
    if (size === 0) return;
    if (size > this.#wanted.size) {
      this.restart();
      return;
    }
    const buffer = Buffer.allocUnsafe(rehashBytes);
    for (;;) {
      const count = readSync(this.#fd, buffer, 0, rehashBytes, this.offset);
      if (count === 0) break;
      this.#hash.update(buffer.subarray(0, count));
      this.offset += count;
      signal?.throwIfAborted();
      await nextTurn();
    }
    this.resumed = this.offset > 0;
  }

  /** Appends. No space: kind `unavailable`, code `NO_SPACE`. */
  write(chunks: readonly Buffer[]): void {
    try {
      writeFully(this.#fd, chunks, this.offset);
    } catch (error) {
      throw explainWriteError(error, this.path);
    }
    for (const chunk of chunks) {
      this.#hash.update(chunk);
      this.offset += chunk.length;
    }
    this.#wake();
  }

  restart(): void {
    ftruncateSync(this.#fd, 0);
    this.offset = 0;
    this.resumed = false;
    this.generation += 1;
    this.#hash = hasherOf(this.#wanted.digest);
    this.#wake();
  }

  /**
   * Checks digest and size and puts the blob into the store. Kind `invalid`, code `BLOB_DIGEST_MISMATCH`,
   * `filesystem layer verification failed for digest …`: then the part is gone.
   */
  async commit(): Promise<void> {
    const digest = `${digestAlgorithm(this.#wanted.digest)}:${this.#hash.copy().digest('hex')}`;
    if (this.offset !== this.#wanted.size || digest !== this.#wanted.digest) {
      this.restart();
      throw new PortholeError(
        'invalid',
        'BLOB_DIGEST_MISMATCH',
        `filesystem layer verification failed for digest ${this.#wanted.digest}`,
        {
          hint: `the registry sent content with digest ${digest}`,
        },
      );
    }
    try {
      await syncFile(this.#fd);
      fchmodSync(this.#fd, 0o444);
      const target = this.#blobs.pathOf(this.#wanted.digest);
      mkdirSync(dirname(target), { recursive: true });
      renameRetrying(this.path, target);
    } catch (error) {
      throw explainWriteError(error, this.path);
    }
    this.#state = 'committed';
    this.#lock.release();
    this.#wake();
  }

  /** Ends an unfinished ingest: readers get `error`; the part is kept for resuming unless told otherwise. */
  fail(error: unknown, keep: boolean): void {
    if (this.#state !== 'open') return;
    this.#failure = error;
    this.#state = 'closed';
    if (!keep || this.offset === 0) unlinkQuietly(this.path);
    this.#lock.release();
    this.#wake();
  }

  /** Gives the file back; readers must have ended. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  get committed(): boolean {
    return this.#state === 'committed';
  }

  /** Reads what has been written. 0 = nothing at that position yet. */
  readAt(target: Buffer, position: number): number {
    const available = Math.min(this.offset - position, target.length);
    return available <= 0 ? 0 : readSync(this.#fd, target, 0, available, position);
  }

  /** Resolves when more than `position` bytes are there, the blob is committed or a restart happened; rejects on failure. */
  async waitBeyond(position: number, generation: number): Promise<void> {
    while (this.#state === 'open' && this.offset <= position && this.generation === generation) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    if (this.#state === 'closed') throw this.#failure;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

export interface SweepOptions {
  /** Milliseconds since the epoch: what was touched later stays. */
  readonly before: number;
  /** Only counts. */
  readonly dryRun?: boolean;
}

/** Parts that nobody has touched for long are removed; gives their bytes. Parts in use are locked and left alone. */
export function sweepIngests(paths: IngestPaths, { before, dryRun = false }: SweepOptions): number {
  let bytes = 0;
  for (const name of listNames(paths.ingest)) {
    const path = join(paths.ingest, name);
    const part = /^(.+)\.part$/.exec(name)?.[1];
    const stats = part === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.mtimeMs > before) continue;
    const lock = tryLock(join(paths.locks, `blob-${part}.lock`));
    if (lock === undefined) continue;
    try {
      if (!dryRun) unlinkQuietly(path);
      bytes += stats.size;
    } finally {
      lock.release();
    }
  }
  return bytes;
}

function openPart(path: string): number {
  try {
    return openSync(path, openFlags, 0o600);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw explainWriteError(error, path);
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, openFlags, 0o600);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

/** Read and write, made when missing, not truncated (`O_RDWR | O_CREAT`). */
const openFlags = constants.O_RDWR | constants.O_CREAT;

function writeFully(fd: number, chunks: readonly Buffer[], at: number): void {
  let rest = chunks;
  let position = at;
  while (rest.length > 0) {
    let written = writevSync(fd, rest, position);
    position += written;
    let whole = 0;
    while (whole < rest.length && written >= rest[whole]!.length) {
      written -= rest[whole]!.length;
      whole += 1;
    }
    rest = written === 0 ? rest.slice(whole) : [rest[whole]!.subarray(written), ...rest.slice(whole + 1)];
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

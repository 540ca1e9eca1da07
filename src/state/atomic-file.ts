import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { platform } from 'node:process';
import { PortholeError } from '../errors/porthole-error.ts';
import { pauseSync } from './pause.ts';
import { isAlive, ownIdentity } from './process-identity.ts';

export interface AtomicWriteOptions {
  /** fsync before the rename (about 0.4 ms): for configuration and image metadata, not for state transitions. */
  readonly durable?: boolean;
  /** Octal file mode; 0o600 by default, as state may hold environment variables of containers. */
  readonly mode?: number;
}

const temporaryName = /^\..+\.(\d+)\.(\d+)\.tmp$/;
const retryPatienceMs = 1000;
let counter = 0;

/**
 * Replaces a file in one step: readers see the old or the new content, never a part. Writes `.<name>.<pid>.<n>.tmp` in the
 * same folder (made when missing), then renames. No space: kind `unavailable`, code `NO_SPACE`, nothing left behind.
 */
export function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: AtomicWriteOptions = {},
): void {
  const temporary = temporaryPath(path);
  try {
    const descriptor = openTemporary(temporary, options.mode ?? 0o600);
    try {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      if (options.durable === true) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameRetrying(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw explainWriteError(error, path);
  }
}

/** `writeFileAtomic` of one JSON value and a final newline. */
export function writeJsonAtomic(path: string, value: unknown, options: AtomicWriteOptions = {}): void {
  writeFileAtomic(path, `${JSON.stringify(value)}\n`, options);
}

/**
 * Creates a file with its content in one step (written aside, then hard-linked), so that no reader meets it empty. False
 * when it exists. On file systems without hard links (FAT, some network shares) a tiny moment without content is accepted.
 */
export function createFileExclusive(path: string, data: string): boolean {
  const temporary = temporaryPath(path);
  try {
    const descriptor = openTemporary(temporary, 0o600);
    try {
      writeSync(descriptor, data);
    } finally {
      closeSync(descriptor);
    }
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EEXIST') return false;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
      return createWithoutLinks(path, data);
    } finally {
      removeIfExists(temporary);
    }
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

/** Deletes a file; false when there was none. On Windows a reader may hold it for a moment: tried again as renames are. */
export function removeIfExists(path: string): boolean {
  try {
    if (platform === 'win32') retrying(() => unlinkSync(path));
    else unlinkSync(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * A name beside `path` that `sweepTemporaries` recognises, and that begins as no name does which a user chooses: a container
 * may be called `web.7.1.tmp`.
 */
export function temporaryPath(path: string): string {
  counter += 1;
  return join(dirname(path), `.${basename(path)}.${ownIdentity().pid}.${counter}.tmp`);
}

/**
 * Renames over an existing file or folder name. On Windows the target may be open in a reader, which fails with EPERM,
 * EACCES or EBUSY for a moment: retried with 1-10 ms pauses for up to a second (performance.md 5).
 */
export function renameRetrying(from: string, to: string): void {
  retrying(() => renameSync(from, to));
}

function retrying(work: () => void): void {
  let waited = 0;
  for (let pause = 1; ; pause = Math.min(pause * 2, 10)) {
    try {
      work();
      return;
    } catch (error) {
      const code = errorCode(error);
      if ((code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY') || waited >= retryPatienceMs)
        throw error;
      // Without write permission on the folder a retry cannot help; only a moment is lost then.
      if (code === 'EACCES' && waited >= 50) throw error;
      pauseSync(pause);
      waited += pause;
    }
  }
}

/** The file's text, or undefined when it does not exist. */
export function readTextIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * Parsed JSON, or undefined when the file does not exist. Anything that does not parse is kind `internal`, code
 * `STATE_DAMAGED`: writers replace files whole, so a torn file means that something else wrote it.
 */
export function readJsonIfExists<T>(path: string): T | undefined {
  const text = readTextIfExists(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** The error for a state file whose content is not what Porthole wrote. */
export function damaged(path: string, cause?: unknown): PortholeError {
  return new PortholeError('internal', 'STATE_DAMAGED', `damaged state file ${path}`, {
    hint: 'move the file away, then run the command again',
    cause,
  });
}

/**
 * Removes temporaries in `folder` whose writer is gone, or that are older than a minute. Never needed for correctness: what
 * puts a folder in order after killed processes calls it.
 */
export function sweepTemporaries(folder: string, now: number): number {
  let removed = 0;
  for (const name of listNames(folder)) {
    const match = temporaryName.exec(name);
    if (match === null) continue;
    const path = join(folder, name);
    try {
      const writer = { pid: Number(match[1]), startTime: '' };
      if (isAlive(writer) && now - statSync(path).mtimeMs < 60_000) continue;
      unlinkSync(path);
      removed += 1;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return removed;
}

/** Names in a folder; none when it does not exist. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** `ENOSPC`, `EACCES` and the like in words; anything else as it is. */
export function explainWriteError(error: unknown, path: string): unknown {
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new PortholeError('unavailable', 'NO_SPACE', `write ${path}: no space left on device`, {
        hint: 'free some space (porthole image prune, porthole container prune) or use another --data-root',
        cause: error,
      });
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new PortholeError('forbidden', 'DATA_ROOT_DENIED', `open ${path}: permission denied`, {
        hint: 'run as the user who owns the data root, or use another --data-root',
        cause: error,
      });
    default:
      return error;
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

function createWithoutLinks(path: string, data: string): boolean {
  try {
    writeFileSync(path, data, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Makes the folder when it is missing. A file of this name was left by a killed process that had our ID. */
function openTemporary(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') unlinkSync(path);
    else if (code === 'ENOENT') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    else throw error;
    return openSync(path, 'wx', mode);
  }
}

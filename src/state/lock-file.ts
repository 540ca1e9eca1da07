/**
 * The file behind a lock: it appears with its owner's text in one step or not at all, so a lock without an owner never
 * exists. A symbolic link whose target is the text does that in one system call and is read back in one; where links need a
 * privilege (Windows) or do not exist, a file is written aside and hard-linked into its place.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { platform } from 'node:process';
import { createFileExclusive, errorCode, explainWriteError } from './atomic-file.ts';

const isWindows = platform === 'win32';
let symlinksWork = !isWindows;

/** False when the lock exists. */
export function placeLockFile(path: string, owner: string): boolean {
  if (!symlinksWork) return createFileExclusive(path, owner);
  for (;;) {
    try {
      symlinkSync(owner, path);
      return true;
    } catch (error) {
      switch (errorCode(error)) {
        case 'EEXIST':
          return false;
        case 'ENOENT':
          mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
          continue;
        case 'ENOSPC':
        case 'EDQUOT':
        case 'EROFS':
        case 'EACCES':
          throw explainWriteError(error, path);
        default:
          symlinksWork = false;
          return createFileExclusive(path, owner);
      }
    }
  }
}

/** The owner's text; undefined when there is no lock. */
export function readLockFile(path: string): string | undefined {
  if (!isWindows) {
    try {
      return readlinkSync(path);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') return undefined;
      if (code !== 'EINVAL' && code !== 'UNKNOWN') throw error;
    }
  }
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = errorCode(error);
    // On Windows a file that is being deleted cannot be opened any more: it is as good as gone.
    if (code === 'ENOENT' || (isWindows && (code === 'EPERM' || code === 'EBUSY'))) return undefined;
    throw error;
  }
}

/** The cheapest look: is somebody there? */
export function lockFileExists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

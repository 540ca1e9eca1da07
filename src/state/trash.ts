import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errorCode, listNames, renameRetrying } from './atomic-file.ts';
import { ownIdentity } from './process-identity.ts';

let counter = 0;

/**
 * Makes a file or tree disappear in one step by renaming it into the trash folder (same file system); deleted later by
 * `emptyTrash`, as deleting many files slows the creation of new ones for a minute (performance.md 1.10). False when
 * there is nothing at `path`.
 */
export function moveToTrash(trash: string, path: string): boolean {
  counter += 1;
  const target = join(
    trash,
    `${basename(path)}.${ownIdentity().pid}.${counter}.${Math.random().toString(36).slice(2, 8)}`,
  );
  try {
    renameRetrying(path, target);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  mkdirSync(trash, { recursive: true, mode: 0o700 });
  try {
    renameRetrying(path, target);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Deletes what is in the trash until done or `budgetMs` is spent (whole entries only). Entries that cannot be deleted
 * yet (still mounted, open on Windows) stay for the next time. Gives the number of entries left.
 */
export function emptyTrash(trash: string, budgetMs = Infinity): number {
  const end = performance.now() + budgetMs;
  const names = listNames(trash);
  let left = names.length;
  for (const name of names) {
    if (performance.now() > end) break;
    try {
      rmSync(join(trash, name), { recursive: true, force: true, maxRetries: 2 });
      left -= 1;
    } catch {
      continue;
    }
  }
  return left;
}

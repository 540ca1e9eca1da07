/**
 * The data root of an administrator. Below `%ProgramData%` anybody may create files; so the folder gets rights of its own
 * before anything is in it: layers, environments and the documents that later commands believe are nobody else's.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { win32 } from 'node:path';
import { createFolderWithRights, isElevated } from './ffi/advapi32.ts';
import { HostFileError } from './host-file-error.ts';

/** Full rights for administrators and the system, for everything below as well, and nothing from above; as Docker's. */
export const administratorsOnly = 'O:BAD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)';
const pathNotFound = 3;
const alreadyExists = 183;

/**
 * Makes the folder so when it is missing and this process is elevated. A folder that is there keeps its rights, and one that
 * somebody without elevation makes has those of its parent.
 */
export function protectNewFolder(path: string): void {
  if (existsSync(path) || !isElevated()) return;
  mkdirSync(win32.dirname(path), { recursive: true });
  const code = createFolderWithRights(path, administratorsOnly);
  // A drive that is not there is told of by whoever wants to write.
  if (code === 0 || code === alreadyExists || code === pathNotFound) return;
  throw new HostFileError('create', path, code);
}

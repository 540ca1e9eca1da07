import { renameSync } from 'node:fs';
import { errorCode } from '../../state/atomic-file.ts';

/** Renames; nothing there is success. */
export function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

import { readFileSync } from 'node:fs';

/** Latin-1: registry files and deltas are ASCII, and this is the fast way to read them. */
export function readTextIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

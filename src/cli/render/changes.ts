import type { FilesystemChange } from '../../api/types/index.ts';

const letters: Readonly<Record<FilesystemChange['Kind'], string>> = { 0: 'C', 1: 'A', 2: 'D' };

/** `docker diff`: a letter and a path a line. */
export function changeLines(changes: readonly FilesystemChange[]): string {
  return changes.map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join('');
}

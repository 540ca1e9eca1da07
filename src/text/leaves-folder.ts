import { isAbsolute, sep } from 'node:path';

/** Whether a path leads out of the folder that it is relative to (`path.relative`): on Windows, also to another drive. */
export function leavesFolder(relativePath: string): boolean {
  return relativePath === '..' || relativePath.startsWith(`..${sep}`) || isAbsolute(relativePath);
}

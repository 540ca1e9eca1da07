import { cleanPath, isAbsolutePath, joinPath } from './clean-path.ts';
import { splitPath } from './source-tree.ts';

/** Paths of WORKDIR, COPY and ADD as the classic builder reads them for Windows images (dockerfile.md 2.2, 2.3). */

/** Absolute also means `\x`: rooted on the current drive. */
function isRooted(path: string): boolean {
  return isAbsolutePath(path, 'windows') || path.startsWith('\\');
}

function refuseDriveAlone(path: string): void {
  if (!/^[a-zA-Z]:\.$/.test(path)) return;
  throw new Error(
    `${path} is not a directory. If you are specifying a drive letter, please add a trailing '\\'`,
  );
}

/** `C:\folder`: the new working directory. Throws an Error in Docker's words. */
export function normalizeWorkdir(current: string, requested: string): string {
  if (requested === '') throw new Error('cannot normalize nothing');
  const before = current === '' ? '' : cleanPath(current, 'windows');
  let path = cleanPath(requested, 'windows');
  refuseDriveAlone(before);
  refuseDriveAlone(path);
  if (before !== '' && !isRooted(path)) path = joinPath('windows', before, path);
  else if (path[1] !== ':' || path.startsWith('\\')) path = joinPath('windows', 'C:\\', path);
  return path[0]!.toUpperCase() + path.slice(1);
}

/**
 * Where COPY and ADD put things: below C:, without the drive letter; a trailing `\` (it means a folder) stays. Relative
 * without a working directory stays relative. Throws an Error in Docker's words.
 */
export function normalizeDestination(workdir: string, requested: string): string {
  let path = requested.replaceAll('/', '\\');
  const isFolder = path.endsWith('\\');
  if (isAbsolutePath(path, 'windows')) {
    if (path[0]!.toUpperCase() !== 'C') {
      throw new Error('Windows does not support destinations not on the system drive (C:)');
    }
    path = path.slice(2);
  }
  if (workdir === '') return path;
  if (workdir.length === 1 || !isRooted(workdir.slice(2))) {
    throw new Error(`Current WorkingDir ${workdir} is not platform consistent`);
  }
  if (isRooted(path)) return path;
  if (!workdir.startsWith('C')) {
    throw new Error('Windows does not support relative paths when WORKDIR is not the system drive');
  }
  path = joinPath('windows', '\\', workdir.slice(2), path);
  return isFolder && !path.endsWith('\\') ? path + '\\' : path;
}

/** A source as it is looked up: Windows separators, no separators or `.\` in front. */
export function normalizeSource(path: string): string {
  const styled = path.replaceAll('/', '\\');
  const rooted = styled.startsWith('\\') ? styled.slice(1) : styled;
  return rooted.startsWith('.\\') ? rooted.slice(2) : rooted;
}

/** Names of a source below its root; a drive letter is dropped. Undefined when it leads out of the root. */
export function sourceNames(path: string): string[] | undefined {
  const names: string[] = [];
  for (const name of splitPath(path.replace(/^[A-Za-z]:/, ''))) {
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

/** Whole system drives are never copied from an image. */
export function refuseSystemDrive(path: string): void {
  const rooted = path.replaceAll('/', '\\').toLowerCase();
  const absolute = cleanPath(
    rooted.startsWith('c:\\') ? rooted : joinPath('windows', 'c:\\', rooted),
    'windows',
  );
  if (absolute === 'c:\\' || absolute === 'c:\\windows') {
    throw new Error('copy from c:\\ or c:\\windows is not allowed on windows');
  }
}

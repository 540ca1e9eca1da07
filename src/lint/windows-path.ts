/** Windows paths as rules compare them. */

/** Quotes off, lower case, `/` between parts, a drive in front of rooted paths, no `/` at the end: `C:\App\` -> `c:/app`. */
export function normalizePath(path: string): string {
  const plain = path
    .replace(/^["']|["']$/g, '')
    .replaceAll(/[\\/]+/g, '/')
    .toLowerCase();
  const rooted = plain.startsWith('/') ? `c:${plain}` : plain;
  return rooted.replace(/\/+$/, '');
}

/** A normalized path and the folders above it, nearest first; not more than any path may have. */
export function foldersOf(path: string): string[] {
  const folders = [path];
  for (let at = path.lastIndexOf('/'); at > 0 && folders.length < 256; at = path.lastIndexOf('/', at - 1)) {
    folders.push(path.slice(0, at));
  }
  return folders;
}

/** True for `path` itself and everything below; both normalized. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

export function hasDrive(path: string): boolean {
  return /^["']?[a-z]:/i.test(path);
}

/** Last part of a path or URL. */
export function baseName(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? ''
  );
}

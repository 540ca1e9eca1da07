/** Which files of a folder are Dockerfiles, by name; what git or `.portholeignore` ignores is left out. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { IgnoreFiles, isLeftOut } from './ignore-files.ts';
import { gitFiles, workTreeOf } from './git-files.ts';
import { SeenFolders } from './seen-folders.ts';

/** Folders that no search enters. */
export const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git', '.hg', '.svn']);
const names = /^(dockerfile|containerfile)(\..+)?$|^.+\.(dockerfile|containerfile)$/i;
/** `Dockerfile.dockerignore` belongs to a Dockerfile and is none; the others are left by editors and merges. */
const others = /\.(dockerignore|orig|rej|bak|swp|md|json|ya?ml|js|ts|py|go|rb|cs|java|sh|ps1)$|~$/i;

export function isDockerfileName(name: string): boolean {
  return names.test(name) && !others.test(name);
}

/**
 * Dockerfiles below the folder `named` (absolute), each as a path that starts with `shown`, sorted by name, a folder's files before
 * its folders. Links are not followed into folders. Rejects when the folder itself cannot be read. Folders that it lists are `seen`.
 */
export async function findDockerfiles(
  named: string,
  shown: string,
  seen = new SeenFolders(),
): Promise<string[]> {
  // Without a slash at its end: it is compared with the folders above its files.
  const folder = resolve(named);
  const workTree = workTreeOf(folder);
  const ignored = new IgnoreFiles(workTree ?? folder, seen);
  const listed = workTree === undefined ? undefined : await gitFiles(folder);
  return listed === undefined ? walk(folder, shown, ignored, seen) : fromGit(listed, folder, shown, ignored);
}

async function fromGit(
  listed: readonly string[],
  folder: string,
  shown: string,
  ignored: IgnoreFiles,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of listed.toSorted(filesFirst)) {
    const parts = path.split('/');
    if (!isDockerfileName(parts.at(-1)!) || parts.some((part) => skippedFolders.has(part))) continue;
    const full = join(folder, ...parts);
    // A file that git still tracks may be gone.
    if (statSync(full, { throwIfNoEntry: false })?.isFile() !== true) continue;
    if (!isLeftOut(await ignored.inForce(dirname(full)), full)) found.push(joinShown(shown, path));
  }
  return found;
}

/** The order of the walk. */
function filesFirst(a: string, b: string): number {
  const one = a.split('/');
  const other = b.split('/');
  let at = 0;
  while (one[at] === other[at] && at < one.length) at++;
  const [fileA, fileB] = [at === one.length - 1, at === other.length - 1];
  if (fileA !== fileB) return fileA ? -1 : 1;
  return compare(one[at] ?? '', other[at] ?? '');
}

async function walk(
  folder: string,
  shown: string,
  ignored: IgnoreFiles,
  seen: SeenFolders,
): Promise<string[]> {
  const found: string[] = [];
  const pending = [{ folder, shown, top: true }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    let entries;
    try {
      entries = readdirSync(next.folder, { withFileTypes: true });
    } catch (error) {
      // A folder below that may not be read hides no file that was asked for.
      if (next.top) throw error;
      continue;
    }
    seen.add(
      next.folder,
      entries.map(({ name }) => name),
    );
    const inForce = await ignored.inForce(next.folder);
    const inside = next.folder.endsWith(sep) ? next.folder : next.folder + sep;
    const sorted = entries.toSorted((a, b) => compare(a.name, b.name));
    for (const entry of sorted) {
      if (!isDockerfileName(entry.name) || entry.isDirectory()) continue;
      const full = inside + entry.name;
      const isFile =
        entry.isFile() ||
        (entry.isSymbolicLink() && statSync(full, { throwIfNoEntry: false })?.isFile() === true);
      if (isFile && !isLeftOut(inForce, full)) found.push(joinShown(next.shown, entry.name));
    }
    for (const entry of sorted.toReversed()) {
      if (!entry.isDirectory() || skippedFolders.has(entry.name)) continue;
      const below = inside + entry.name;
      if (isLeftOut(inForce, below, true)) continue;
      pending.push({ folder: below, shown: joinShown(next.shown, entry.name), top: false });
    }
  }
  return found;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `.` stays out of names, as in git's and grep's lists. */
function joinShown(folder: string, name: string): string {
  const bare = folder.replace(/(?<=.)[\\/]+$/, '');
  if (bare === '.') return name;
  return bare.endsWith('/') ? bare + name : `${bare}/${name}`;
}

/** Which files of a folder are Dockerfiles, by name. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const skipped = new Set(['node_modules', '.git', '.hg', '.svn']);
const names = /^(dockerfile|containerfile)(\..+)?$|^.+\.(dockerfile|containerfile)$/i;
/** `Dockerfile.dockerignore` belongs to a Dockerfile and is none; the others are left by editors and merges. */
const others = /\.(dockerignore|orig|rej|bak|swp|md|json|ya?ml|js|ts|py|go|rb|cs|java|sh|ps1)$|~$/i;

export function isDockerfileName(name: string): boolean {
  return names.test(name) && !others.test(name);
}

/**
 * Dockerfiles below `folder`, each as a path that starts with `shown`, sorted by name, a folder's files before its folders.
 * Links are not followed into folders. Rejects when the folder itself cannot be read.
 */
export async function findDockerfiles(folder: string, shown: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [{ folder, shown, top: true }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries = await readdir(next.folder, { withFileTypes: true }).catch((error: unknown) => {
      // A folder below that may not be read hides no file that was asked for.
      if (next.top) throw error;
      return [];
    });
    const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const entry of sorted) {
      if ((entry.isFile() || entry.isSymbolicLink()) && isDockerfileName(entry.name)) {
        found.push(joinShown(next.shown, entry.name));
      }
    }
    for (const entry of sorted.toReversed()) {
      if (!entry.isDirectory() || skipped.has(entry.name)) continue;
      pending.push({
        folder: join(next.folder, entry.name),
        shown: joinShown(next.shown, entry.name),
        top: false,
      });
    }
  }
  return found;
}

/** `.` stays out of names, as in git's and grep's lists. */
function joinShown(folder: string, name: string): string {
  const bare = folder.replace(/(?<=.)[\\/]+$/, '');
  if (bare === '.') return name;
  return bare.endsWith('/') ? bare + name : `${bare}/${name}`;
}

/** From what the user named to the files that are linted. */
import { statSync } from 'node:fs';
import { findDockerfiles } from './find-files.ts';
import { stdinName, type Linter, type Refuse } from './linter.ts';

/** Files as they are shown, each once; a folder stands for its Dockerfiles. */
export async function listFiles(
  names: readonly string[],
  linter: Pick<Linter, 'path' | 'seen' | 'pipes'>,
  refuse: Refuse,
): Promise<string[]> {
  /** By path: `a` and `./a` are one file. */
  const files = new Map<string, string>();
  const add = (path: string, name: string): void => {
    if (!files.has(path)) files.set(path, name);
  };
  for (const name of names) {
    if (name === stdinName) {
      add(name, name);
      continue;
    }
    try {
      const path = name === '' ? '' : linter.path(name);
      const stat = statSync(path);
      if (!stat.isDirectory()) {
        if (!stat.isFile()) linter.pipes.add(path);
        add(path, name);
        continue;
      }
      const found = await findDockerfiles(path, name, linter.seen);
      if (found.length === 0) refuse(name, new Error('holds no Dockerfile'));
      // Alone, a folder gives each of its files once.
      for (const file of found) add(names.length === 1 ? file : linter.path(file), file);
    } catch (error) {
      refuse(name, error);
    }
  }
  return [...files.values()];
}

/** From what the user named to the files that are linted. */
import { statSync } from 'node:fs';
import { findDockerfiles } from './find-files.ts';
import { stdinName, type Linter } from './linter.ts';

/** Takes what cannot be linted; the rest goes on. */
export type Refuse = (name: string, error: unknown) => void;

/** Files as they are shown, each once; a folder stands for its Dockerfiles. */
export async function listFiles(
  names: readonly string[],
  linter: Pick<Linter, 'path' | 'seen' | 'pipes'>,
  refuse: Refuse,
): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    if (name === stdinName) {
      files.push(name);
      continue;
    }
    try {
      const path = linter.path(name);
      const stat = statSync(path);
      if (!stat.isDirectory()) {
        if (!stat.isFile()) linter.pipes.add(path);
        files.push(name);
        continue;
      }
      const found = await findDockerfiles(path, name, linter.seen);
      if (found.length === 0) refuse(name, new Error('holds no Dockerfile'));
      for (const file of found) files.push(file);
    } catch (error) {
      refuse(name, error);
    }
  }
  return [...new Set(files)];
}

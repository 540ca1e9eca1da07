/** What git knows about a folder: the files that are not ignored, asked of git itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The top of the work tree that `folder` lies in; undefined outside of one. */
export function workTreeOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/**
 * Files of `folder` that are tracked, or new and not ignored, as paths relative to it with `/`. Undefined when git is not
 * there, does not want to (a work tree of somebody else), or when the folder itself is ignored: it was asked for by name.
 */
export async function gitFiles(folder: string): Promise<string[] | undefined> {
  const listed = await git(folder, [
    'ls-files',
    '-co',
    '--exclude-standard',
    '--deduplicate',
    '-z',
    '--',
    '.',
  ]);
  if (listed === undefined) return undefined;
  const files = listed.split('\0').filter((path) => path !== '');
  if (files.length > 0) return files;
  return (await git(folder, ['check-ignore', '-q', '.'])) === undefined ? files : undefined;
}

/** The output, or undefined when git failed. A repository's own settings must not start programs. */
function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(
      'git',
      ['-c', 'core.fsmonitor=false', '-C', folder, ...args],
      { encoding: 'utf8', maxBuffer: 1 << 30, windowsHide: true },
      (error, stdout) => done(error === null ? stdout : undefined),
    );
  });
}

/** A file that appears whole or not at all, as `save -o` writes it (`atomicwriter`): beside its name first, then renamed. */
import { randomBytes } from 'node:crypto';
import { createWriteStream, lstatSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError } from '../errors/porthole-error.ts';
import { CliError, systemErrorText } from './cli-error.ts';

/** Where the file will be. `given` is what messages call it. */
export interface OutputFile {
  readonly given: string;
  readonly path: string;
}

/**
 * Checks that a file can be put there, before any work. Errors are Docker's: `invalid output path: stat x: no such file or
 * directory`, `cannot write to a directory`, ...
 */
export function checkOutputFile(given: string, cwd: string): OutputFile {
  const folder = dirname(given);
  if (folder !== '.' && folder !== '..') {
    const found = statOf(() => statSync(resolve(cwd, folder)), 'invalid output path', folder);
    if (found === undefined)
      throw new Error(`invalid output path: stat ${folder}: no such file or directory`);
    if (!found.isDirectory()) throw new Error(`invalid output path: stat ${folder}: not a directory`);
  }
  const path = resolve(cwd, given);
  const there = statOf(() => lstatSync(path), 'failed to stat output path', given);
  if (there !== undefined) refuseSpecial(there);
  return { given, path };
}

/** Writes the stream, with mode 0600, and renames it into place. On any failure, also an abort, nothing is left. */
export async function writeOutputFile(
  { given, path }: OutputFile,
  content: Readable,
  signal: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.tmp-${basename(path)}${randomBytes(6).toString('hex')}`);
  try {
    await pipeline(content, createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }), {
      signal,
    });
    signal.throwIfAborted();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code, path: failed } = error as NodeJS.ErrnoException;
    if (code === undefined || failed !== temporary) throw error;
    throw new CliError(systemErrorText(Object.assign(asError(error), { path: given })), { cause: error });
  }
}

function statOf(stat: () => Stats, what: string, given: string): Stats | undefined {
  try {
    return stat();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const words = systemErrorText(Object.assign(asError(error), { path: given, syscall: 'stat' }));
    throw new Error(`${what}: ${words}`, { cause: error });
  }
}

function refuseSpecial(there: Stats): void {
  const what = there.isDirectory()
    ? 'directory'
    : there.isFIFO()
      ? 'named pipe (FIFO)'
      : there.isSocket()
        ? 'socket'
        : there.isCharacterDevice()
          ? 'character device file'
          : there.isBlockDevice()
            ? 'block device file'
            : undefined;
  if (what !== undefined) throw new Error(`cannot write to a ${what}`);
}

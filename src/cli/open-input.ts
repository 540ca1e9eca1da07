import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { asError } from '../errors/porthole-error.ts';
import { CliError, systemErrorText } from './cli-error.ts';

/** A file to be read from its start. Errors as Go prints them: `open a.tar: no such file or directory`. */
export async function openInput(given: string, cwd: string): Promise<Readable> {
  const path = resolve(cwd, given);
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new CliError(`read ${given}: is a directory`);
    }
    return createReadStream(path, { fd: file, highWaterMark: 1 << 20 });
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(systemErrorText(Object.assign(asError(error), { path: given })), { cause: error });
  }
}

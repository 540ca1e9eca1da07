/**
 * A private folder for files that may become blobs: `ingest/spool.<pid>.<start time>.<n>`, on the blobs' file system, gone
 * with its owner. What a killed process left is removed by the next one that needs a spool.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { explainWriteError, listNames } from '../state/atomic-file.ts';
import type { DataPaths } from '../state/paths.ts';
import { isAbandonedName, ownedName } from '../state/owned-name.ts';

export class Spool implements Disposable {
  readonly folder: string;
  #files = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static open(paths: Pick<DataPaths, 'ingest'>): Spool {
    sweepSpools(paths);
    const folder = join(paths.ingest, ownedName('spool'));
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw explainWriteError(error, folder);
    }
    return new Spool(folder);
  }

  /** A path that nobody uses. */
  next(): string {
    this.#files += 1;
    return join(this.folder, String(this.#files));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Removes what killed processes left. */
export function sweepSpools(paths: Pick<DataPaths, 'ingest'>): void {
  for (const name of listNames(paths.ingest)) {
    if (isAbandonedName(name, /^spool$/)) rmSync(join(paths.ingest, name), { recursive: true, force: true });
  }
}

/**
 * A lease says that a running operation needs content which nothing references yet: `leases/<id>.json`, valid while the
 * process that wrote it runs. Made and looked at under `locks/images.lock`, so that collection never runs between the
 * check that something exists and its lease. Whoever makes content that has no name before it is made (a layer's ID is known when
 * its tar has been read) says so: while that lease is valid, no content is taken for unneeded only because nothing names it.
 */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../image/digest.ts';
import { errorCode, listNames, readJsonIfExists, writeJsonAtomic } from '../state/atomic-file.ts';
import { withLock } from '../state/lock.ts';
import type { DataPaths } from '../state/paths.ts';
import { isAlive, ownIdentity } from '../state/process-identity.ts';
import type { ProcessIdentity } from '../state/process-identity.ts';
import { imagesLock } from './image-index.ts';

export interface LeaseContent {
  readonly blobs: readonly Digest[];
  /** Layer store ids. */
  readonly layers: readonly string[];
  /** More, of which nobody can tell the names yet. */
  readonly unnamed?: true;
}

interface LeaseFile extends LeaseContent {
  readonly format: 1;
  readonly owner: ProcessIdentity;
}

export interface Lease {
  release(): void;
}

type LeasePaths = Pick<DataPaths, 'leases' | 'locks'>;
let counter = 0;

export async function openLease(
  paths: LeasePaths,
  content: LeaseContent,
  signal?: AbortSignal,
): Promise<Lease> {
  counter += 1;
  const owner = ownIdentity();
  const path = join(paths.leases, `${owner.pid}.${counter}.json`);
  const { blobs, layers, unnamed } = content;
  const file: LeaseFile = { format: 1, owner, blobs, layers, ...(unnamed === true ? { unnamed } : {}) };
  await withLock(
    imagesLock(paths),
    () => writeJsonAtomic(path, file),
    signal === undefined ? {} : { signal },
  );
  return { release: () => unlinkQuietly(path) };
}

/** What live processes need. Leases of dead ones are removed. Call it under the images lock. */
export function leasedContent(paths: Pick<DataPaths, 'leases'>): {
  blobs: Set<Digest>;
  layers: Set<string>;
  /** Somebody also needs what nothing names yet. */
  unnamed: boolean;
} {
  const blobs = new Set<Digest>();
  const layers = new Set<string>();
  let unnamed = false;
  for (const name of listNames(paths.leases)) {
    if (!name.endsWith('.json')) continue;
    const path = join(paths.leases, name);
    const file = readJsonIfExists<LeaseFile>(path);
    if (file === undefined) continue;
    if (!isAlive(file.owner)) {
      unlinkQuietly(path);
      continue;
    }
    for (const digest of file.blobs) blobs.add(digest);
    for (const layer of file.layers) layers.add(layer);
    unnamed ||= file.unnamed === true;
  }
  return { blobs, layers, unnamed };
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Finding and listing containers with nothing loaded but this: what `ps`, `inspect`, `logs` and `port` start from. */
import { PortholeError } from '../errors/porthole-error.ts';
import { listNames } from './atomic-file.ts';
import {
  containerFolderExists,
  readCreatingRecord,
  readExitRecord,
  readStateRecord,
} from './container-files.ts';
import type { ContainerStateRecord } from './container-record.ts';
import { deriveStatus } from './container-status.ts';
import type { DerivedStatus } from './container-status.ts';
import { nameHolder } from './names.ts';
import type { DataPaths } from './paths.ts';
import { isAlive, ownIdentity } from './process-identity.ts';

const idGrammar = /^[0-9a-f]{64}$/;

export interface ListedContainer extends DerivedStatus {
  readonly id: string;
  readonly record: ContainerStateRecord;
}

/** A folder that is not a readable container: never finished (its creator is gone), or damaged. */
export interface BrokenContainer {
  /** Name of the folder: the ID, or that of a prepared one. */
  readonly id: string;
  readonly reason: 'unfinished' | 'damaged';
  readonly error?: unknown;
}

export interface ContainerListing {
  /** Newest first, as Docker lists them. */
  readonly containers: readonly ListedContainer[];
  readonly broken: readonly BrokenContainer[];
}

/** Every container with its derived status. One or two small reads each; a broken folder never fails the list. */
export function listContainers(paths: DataPaths, now: number): ContainerListing {
  const containers: ListedContainer[] = [];
  const broken: BrokenContainer[] = [];
  for (const id of listNames(paths.containers)) {
    if (!idGrammar.test(id)) {
      if (isAbandonedFolder(id)) broken.push({ id, reason: 'unfinished' });
      continue;
    }
    try {
      const found = lookAt(paths, id, now);
      if (found !== undefined) containers.push(found);
      else if (isAbandoned(paths, id)) broken.push({ id, reason: 'unfinished' });
    } catch (error) {
      broken.push({ id, reason: 'damaged', error });
    }
  }
  containers.sort((a, b) => b.record.card.created - a.record.card.created || (a.id < b.id ? -1 : 1));
  return { containers, broken };
}

export function listContainerIds(paths: DataPaths): string[] {
  return listNames(paths.containers).filter((name) => idGrammar.test(name));
}

/** One container with its derived status; undefined when it does not exist (or not yet). */
export function lookAt(paths: DataPaths, id: string, now: number): ListedContainer | undefined {
  const record = readStateRecord(paths, id);
  if (record === undefined) return undefined;
  const lively = record.phase === 'running' || record.phase === 'paused' || record.phase === 'restarting';
  const exit = lively ? readExitRecord(paths, id) : undefined;
  const ownerAlive = record.owner !== undefined && isAlive(record.owner);
  return { id, record, ...deriveStatus(record, exit, ownerAlive, now) };
}

/**
 * ID of a container by full ID, name (a leading `/` is allowed) or unique ID prefix, in that order. Errors in Docker's
 * words: `No such container: x`, `multiple IDs found with provided prefix: x`.
 */
export function resolveContainer(paths: DataPaths, reference: string): string {
  if (idGrammar.test(reference) && containerFolderExists(paths, reference)) return reference;
  const name = reference.startsWith('/') ? reference.slice(1) : reference;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    const holder = nameHolder(paths.names, name);
    if (holder !== undefined && containerFolderExists(paths, holder)) return holder;
  }
  if (/^[0-9a-f]{1,64}$/.test(reference)) {
    const matches = listContainerIds(paths).filter((id) => id.startsWith(reference));
    if (matches.length === 1) return matches[0]!;
    if (matches.length > 1) {
      throw new PortholeError(
        'invalid',
        'CONTAINER_AMBIGUOUS',
        `multiple IDs found with provided prefix: ${reference}`,
      );
    }
  }
  throw noSuchContainer(reference);
}

export function noSuchContainer(reference: string): PortholeError {
  return new PortholeError('notFound', 'CONTAINER_NOT_FOUND', `No such container: ${reference}`);
}

/** Name under which a container's folder is prepared; the process ID tells whether anybody still does. */
export function preparedFolder(id: string): string {
  return `${id}.${ownIdentity().pid}.new`;
}

/** A folder that was being prepared when its creator was killed. */
export function isAbandonedFolder(name: string): boolean {
  const pid = /^[0-9a-f]{64}\.(\d+)\.new$/.exec(name)?.[1];
  return pid !== undefined && !isAlive({ pid: Number(pid), startTime: '' });
}

/** A folder without state whose creator is gone. */
export function isAbandoned(paths: DataPaths, id: string): boolean {
  const creating = readCreatingRecord(paths, id);
  return creating === undefined || !isAlive(creating.owner);
}

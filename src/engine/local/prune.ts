/** What the prunes of containers, images, networks and volumes have in common. */
import { join } from 'node:path';
import { isKind, PortholeError } from '../../errors/porthole-error.ts';
import { tryLock } from '../../state/lock.ts';
import type { DataPaths } from '../../state/paths.ts';

/** One prune of a kind (its lock's name) at a time across processes, as in Docker's daemon. */
export async function pruneAlone<T>(
  paths: Pick<DataPaths, 'locks'>,
  lockName: string,
  work: () => Promise<T>,
): Promise<T> {
  using lock = tryLock(join(paths.locks, lockName));
  if (lock === undefined)
    throw new PortholeError('conflict', 'PRUNE_RUNNING', 'a prune operation is already running');
  return await work();
}

/** False when somebody has taken what `remove` is about meanwhile, or removed it. */
export async function removedUnlessTaken(remove: () => Promise<void> | void): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (isKind(error, 'conflict') || isKind(error, 'notFound')) return false;
    throw error;
  }
}

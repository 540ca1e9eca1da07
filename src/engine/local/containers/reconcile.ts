import { removeContainer, releaseMonitorLock } from '../../../monitor/removal.ts';
import { repairContainer } from '../../../monitor/repair.ts';
import { sweepTemporaries } from '../../../state/atomic-file.ts';
import { containerFolderExists, monitorLockPath, readStateRecord } from '../../../state/container-files.ts';
import { isAbandoned, isAbandonedFolder } from '../../../state/container-list.ts';
import { tryLock } from '../../../state/lock.ts';
import { listReservations, releaseName } from '../../../state/names.ts';
import { moveToTrash } from '../../../state/trash.ts';
import type { ContainerDeps } from './deps.ts';
import { upkeepDeps } from './upkeep.ts';

type ReconcileDeps = Pick<ContainerDeps, 'environment' | 'paths' | 'host' | 'networks'>;

/**
 * Puts containers in order whose owner was killed: half-made ones go, half-removed ones go, runs that nobody watches end.
 * Containers that another process holds are its business and are skipped. One failure does not keep the others from being
 * repaired; the first is thrown at the end.
 */
export async function reconcile(deps: ReconcileDeps, ids: readonly string[]): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  for (const id of ids) {
    try {
      await reconcileOne(deps, id);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

async function reconcileOne(deps: ReconcileDeps, id: string): Promise<void> {
  if (isAbandonedFolder(id)) {
    moveToTrash(deps.paths.trash, deps.paths.container(id));
    return;
  }
  const lock = tryLock(monitorLockPath(deps.paths, id));
  if (lock === undefined) return;
  try {
    const upkeep = upkeepDeps(deps);
    if (readStateRecord(deps.paths, id) !== undefined) await repairContainer(upkeep, id);
    else if (isAbandoned(deps.paths, id)) {
      await removeContainer(upkeep, id, { volumes: true });
      // Its creator may have died while it took the name.
      sweepTemporaries(deps.paths.names, deps.environment.now());
    }
  } finally {
    releaseMonitorLock(deps, id, lock);
  }
}

/** Names whose container is gone, and names half taken: left by a kill between the steps of a removal or a creation. */
export function sweepNames({ paths, environment }: Pick<ContainerDeps, 'paths' | 'environment'>): void {
  sweepTemporaries(paths.names, environment.now());
  for (const { name, id } of listReservations(paths.names)) {
    if (!containerFolderExists(paths, id)) releaseName(paths.names, name, id);
  }
}

import { removeIfExists } from '../state/atomic-file.ts';
import {
  containerFolderExists,
  monitorLockPath,
  readConfigRecord,
  readStateRecord,
  writeStateRecord,
} from '../state/container-files.ts';
import type { ContainerConfigRecord, ContainerStateRecord } from '../state/container-record.ts';
import type { Lock } from '../state/lock.ts';
import { listReservations, releaseName } from '../state/names.ts';
import { ownIdentity } from '../state/process-identity.ts';
import { moveToTrash } from '../state/trash.ts';
import type { UpkeepDeps } from './deps.ts';
import { containerEvent } from './container-event.ts';

/**
 * Removes a container that is not running. The caller holds its monitor lock. Idempotent, in an order that any command can
 * finish after a kill: mark, name, networks, scratch, volumes, folder. Works on damaged containers too: what cannot be read
 * is removed by its ID alone.
 */
export async function removeContainer(
  deps: UpkeepDeps,
  id: string,
  options: { readonly volumes: boolean },
): Promise<void> {
  const { paths } = deps;
  const record = readable(() => readStateRecord(paths, id));
  const config = readable(() => readConfigRecord(paths, id));
  if (record !== undefined) markRemoving(deps, id, record);
  releaseNames(deps, id, record);
  const host = await deps.host();
  await host.compute.cleanup(id);
  const networks = await deps.networks();
  await networks.release(id);
  networks.forget(id);
  await host.layers.unmount(id);
  await host.layers.removeScratch(id);
  if (options.volumes && config !== undefined) await removeAnonymousVolumes(deps, config);
  moveToTrash(paths.trash, paths.container(id));
  if (record !== undefined) deps.emit(containerEvent('destroy', id, record.card));
}

function markRemoving(deps: UpkeepDeps, id: string, record: ContainerStateRecord): void {
  writeStateRecord(deps.paths, id, record, { phase: 'removing', owner: ownIdentity(), pid: 0 });
}

function releaseNames(deps: UpkeepDeps, id: string, record: ContainerStateRecord | undefined): void {
  if (record !== undefined) {
    releaseName(deps.paths.names, record.card.name, id);
    return;
  }
  for (const reservation of listReservations(deps.paths.names)) {
    if (reservation.id === id) releaseName(deps.paths.names, reservation.name, id);
  }
}

async function removeAnonymousVolumes(deps: UpkeepDeps, config: ContainerConfigRecord): Promise<void> {
  for (const name of config.anonymousVolumes) await deps.removeVolume(name, config.id);
}

/** Gives a container's lock back. When it is gone its lock's file goes too; nobody can want that again. */
export function releaseMonitorLock({ paths }: Pick<UpkeepDeps, 'paths'>, id: string, lock: Lock): void {
  lock.release();
  if (!containerFolderExists(paths, id)) removeIfExists(monitorLockPath(paths, id));
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

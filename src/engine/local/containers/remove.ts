import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { callMonitor, isLeaving } from '../../../monitor/client.ts';
import { releaseMonitorLock, removeContainer } from '../../../monitor/removal.ts';
import { repairContainer } from '../../../monitor/repair.ts';
import { containerFolderExists, readStateRecord } from '../../../state/container-files.ts';
import { lookAt, noSuchContainer, resolveContainer } from '../../../state/container-list.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { CallOptions } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { holdContainer } from './hold.ts';
import { monitorCallDeps } from './lifecycle.ts';
import { upkeepDeps } from './upkeep.ts';

/** How long a removal may go on deleting what was put into the trash, by itself and by others. */
const clearingMs = 1000;

/** The role's `remove`: what it frees is free when it returns, as far as that does not take long. */
export async function removeForGood(
  deps: ContainerDeps,
  reference: string,
  options: Parameters<typeof removeByReference>[2] = {},
): Promise<void> {
  await removeByReference(deps, reference, options);
  emptyTrash(deps.paths.trash, clearingMs);
}

/** Removes into the trash. A running one: refused without `force`, else ended at once. Damaged ones can always be removed. */
export async function removeByReference(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions & { force?: boolean; volumes?: boolean; link?: boolean } = {},
): Promise<void> {
  if (options.link === true) {
    throw new PortholeError('invalid', 'LINKS_UNSUPPORTED', `Cannot get parent / for name /${reference}`, {
      hint: 'Windows containers have no links; use networks',
    });
  }
  const id = resolveContainer(deps.paths, reference);
  const found = readableLook(deps, id);
  if (found !== undefined) await makeRemovable(deps, found, options.force === true);
  const lock = await holdContainer(deps, id, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    look: async () => {
      const now = readableLook(deps, id);
      if (now?.state.Running === true && options.force !== true) await makeRemovable(deps, now, false);
    },
  });
  try {
    if (!containerFolderExists(deps.paths, id)) {
      // Auto-removed, or removed by somebody else, while this waited.
      if (options.force === true || found !== undefined) return;
      throw noSuchContainer(reference);
    }
    const upkeep = upkeepDeps(deps);
    if (found !== undefined && readStateRecord(deps.paths, id) !== undefined)
      await repairContainer(upkeep, id);
    if (!containerFolderExists(deps.paths, id)) return;
    await removeContainer(upkeep, id, { volumes: options.volumes === true });
  } finally {
    releaseMonitorLock(deps, id, lock);
  }
}

/** Undefined for a container whose state cannot be read. */
function readableLook(deps: ContainerDeps, id: string): ListedContainer | undefined {
  try {
    return lookAt(deps.paths, id, deps.environment.now());
  } catch {
    return undefined;
  }
}

async function makeRemovable(deps: ContainerDeps, found: ListedContainer, force: boolean): Promise<void> {
  const { id, state, status, record } = found;
  if (status === 'removing' && !found.needsRepair) {
    throw new PortholeError(
      'conflict',
      'CONTAINER_REMOVING',
      `removal of container ${record.card.name} is already in progress`,
    );
  }
  if (!state.Running) return;
  if (!force) {
    const what =
      status === 'paused'
        ? 'container is paused and must be unpaused first'
        : status === 'restarting'
          ? 'container is restarting: stop the container before removing or force remove'
          : 'container is running: stop the container before removing or force remove';
    throw new PortholeError(
      'conflict',
      'CONTAINER_RUNNING',
      `cannot remove container "${record.card.name}": ${what}`,
    );
  }
  const call = monitorCallDeps(deps);
  const end =
    status === 'restarting'
      ? callMonitor(call, id, { type: 'stop', timeout: 0 })
      : callMonitor(call, id, { type: 'kill', signal: 'KILL' });
  await end.catch((error: unknown) => {
    if (!isLeaving(error) && !isKind(error, 'conflict')) throw error;
  });
}

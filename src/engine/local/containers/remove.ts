import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { callMonitor, isLeaving } from '../../../monitor/client.ts';
import { dropMonitorLock, removeContainer } from '../../../monitor/removal.ts';
import { repairContainer } from '../../../monitor/repair.ts';
import { containerFolderExists, monitorLockPath, readStateRecord } from '../../../state/container-files.ts';
import { lookAt, noSuchContainer, resolveContainer } from '../../../state/container-list.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import { tryLock } from '../../../state/lock.ts';
import type { Lock } from '../../../state/lock.ts';
import type { CallOptions } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { monitorCallDeps } from './lifecycle.ts';
import { upkeepDeps } from './upkeep.ts';

/** Longest wait for a monitor that gives up its container (hcs.md 4.3: two tear-down waits of 30 s). */
const patienceMs = 90_000;

/** The role's `remove`. A running one: refused without `force`, else ended at once. Damaged ones can always be removed. */
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
  const lock = await takeOver(deps, id, options);
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
    lock.release();
    if (!containerFolderExists(deps.paths, id)) dropMonitorLock(deps, id);
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

/** The container's monitor lock: an idle monitor is asked to go, a busy one is waited for. */
async function takeOver(
  deps: ContainerDeps,
  id: string,
  options: CallOptions & { force?: boolean },
): Promise<Lock> {
  const deadline = performance.now() + patienceMs;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    options.signal?.throwIfAborted();
    const lock = tryLock(monitorLockPath(deps.paths, id));
    if (lock !== undefined) return lock;
    await callMonitor(monitorCallDeps(deps), id, { type: 'leave' }).catch((error: unknown) => {
      if (!isLeaving(error) && !isKind(error, 'conflict')) throw error;
    });
    const now = readableLook(deps, id);
    if (now?.state.Running === true && options.force !== true) await makeRemovable(deps, now, false);
    if (performance.now() > deadline) {
      throw new PortholeError('unavailable', 'CONTAINER_BUSY', `container ${id} is held by another process`, {
        retriable: true,
      });
    }
    await delay(pause, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

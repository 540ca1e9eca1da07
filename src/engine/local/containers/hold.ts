import { setTimeout as delay } from 'node:timers/promises';
import { isKind } from '../../../errors/porthole-error.ts';
import { callMonitor, isLeaving } from '../../../monitor/client.ts';
import { releaseMonitorLock } from '../../../monitor/removal.ts';
import { repairContainer } from '../../../monitor/repair.ts';
import { monitorLockPath } from '../../../state/container-files.ts';
import { lookAt, noSuchContainer } from '../../../state/container-list.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import { tryLock } from '../../../state/lock.ts';
import type { Lock } from '../../../state/lock.ts';
import type { ContainerDeps } from './deps.ts';
import { findContainer, monitorCallDeps } from './lifecycle.ts';
import { containerBusy, tearDownMs } from './monitor-call.ts';
import { upkeepDeps } from './upkeep.ts';

/**
 * The container's monitor lock: an idle monitor is asked to go, a busy one is waited for. `look` is called before each wait
 * and throws when waiting makes no sense.
 */
export async function holdContainer(
  deps: ContainerDeps,
  id: string,
  options: { readonly signal?: AbortSignal | undefined; readonly look: () => Promise<void> | void },
): Promise<Lock> {
  const deadline = performance.now() + tearDownMs;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    options.signal?.throwIfAborted();
    const lock = tryLock(monitorLockPath(deps.paths, id));
    if (lock !== undefined) return lock;
    await callMonitor(monitorCallDeps(deps), id, { type: 'leave' }).catch((error: unknown) => {
      if (!isLeaving(error) && !isKind(error, 'conflict')) throw error;
    });
    await options.look();
    if (performance.now() > deadline) throw containerBusy(id);
    await delay(pause, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/**
 * Does `work` on a container that nobody starts or removes meanwhile: its scratch is at rest. `refuse` throws for states in
 * which that is not possible; it is asked as often as the state may have changed.
 */
export async function whileAtRest<T>(
  deps: ContainerDeps,
  reference: string,
  options: { readonly signal?: AbortSignal; readonly refuse: (container: ListedContainer) => void },
  work: (container: ListedContainer) => Promise<T>,
): Promise<T> {
  const { signal, refuse } = options;
  const found = await findContainer(deps, reference);
  const { id } = found;
  refuse(found);
  const look = (): ListedContainer => {
    const now = lookAt(deps.paths, id, deps.environment.now());
    if (now === undefined) throw noSuchContainer(reference);
    refuse(now);
    return now;
  };
  const lock = await holdContainer(deps, id, { signal, look: () => void look() });
  try {
    await repairContainer(upkeepDeps(deps), id);
    return await work(look());
  } finally {
    releaseMonitorLock(deps, id, lock);
  }
}

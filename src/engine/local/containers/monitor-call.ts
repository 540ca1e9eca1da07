import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { isLeaving } from '../../../monitor/client.ts';
import { readStateRecord } from '../../../state/container-files.ts';
import { noSuchContainer } from '../../../state/container-list.ts';
import type { ContainerDeps } from './deps.ts';

/** Longest wait for a monitor that gives its container up: two tear-down waits of 30 s (hcs.md 4.3), with some room. */
export const tearDownMs = 90_000;

export function containerBusy(id: string): PortholeError {
  return new PortholeError('unavailable', 'CONTAINER_BUSY', `container ${id} is held by another process`, {
    retriable: true,
  });
}

/**
 * Calls a container's monitor, starting one when there is none. `call` gives undefined where nobody listens. While another
 * process holds the container (its last monitor on the way out, a removal, a repair) this waits for it.
 */
export async function withMonitor<T>(
  deps: Pick<ContainerDeps, 'monitors' | 'paths'>,
  id: string,
  call: () => Promise<T | undefined>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + tearDownMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    signal?.throwIfAborted();
    if (readStateRecord(deps.paths, id) === undefined) throw noSuchContainer(id);
    try {
      const result = await call();
      if (result !== undefined) return result;
      if (await deps.monitors.launch(id)) continue;
    } catch (error) {
      if (!isLeaving(error)) throw error;
    }
    if (performance.now() > deadline) throw containerBusy(id);
    await delay(pause, undefined, signal === undefined ? {} : { signal });
  }
}

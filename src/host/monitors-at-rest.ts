/**
 * What a monitor does that lived before the recording is not in it. So that the replay does not find its work undone, a
 * recording begins when monitors of runs that have ended are through with giving things back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { monitorLockPath } from '../state/container-files.ts';
import { listContainers } from '../state/container-list.ts';
import type { ListedContainer } from '../state/container-list.ts';
import { lockHolder } from '../state/lock.ts';
import type { DataPaths } from '../state/paths.ts';
import { isAlive } from '../state/process-identity.ts';

const patienceMs = 5000;

/** Waits for them, a few seconds at most. Gives the containers that monitors still have then: running ones, mostly. */
export async function monitorsAtRest(paths: DataPaths, now: () => number): Promise<string[]> {
  const end = performance.now() + patienceMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    const held = listContainers(paths, now()).containers.filter((container) => isHeld(paths, container));
    if (performance.now() > end || !held.some(({ status }) => status === 'exited' || status === 'removing'))
      return held.map(({ id }) => id);
    await delay(pause);
  }
}

/** Its monitor has still to write down what happens, or to remove it. */
function isHeld(paths: DataPaths, { id, record }: ListedContainer): boolean {
  if (record.owner !== undefined && isAlive(record.owner)) return true;
  const isRemovedAfterRun = record.card.autoRemove && record.run > 0;
  return isRemovedAfterRun && lockHolder(monitorLockPath(paths, id)) !== undefined;
}

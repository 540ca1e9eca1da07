import type { BootstrapAnswer } from './protocol.ts';
import { toWireError } from './protocol.ts';
import type { MonitorDeps, RunAllocation } from './deps.ts';
import { MonitorServer } from './server.ts';
import { monitorAddress } from './socket-path.ts';
import { Supervisor } from './supervisor.ts';
import { monitorLockPath } from '../state/container-files.ts';
import { lockHolder, tryLock } from '../state/lock.ts';
import { emptyTrash } from '../state/trash.ts';
import { releaseMonitorLock } from './removal.ts';

/** A monitor that clears away ends after so long all the same. */
const clearingMs = 60_000;

/**
 * Takes a container and serves it: the whole monitor but for the process around it. `answer` says at once whether it
 * listens; `done` resolves when the monitor has nothing left to do and has given the container's lock back.
 */
export async function serveContainer<A extends RunAllocation>(
  deps: MonitorDeps<A>,
  containerId: string,
  pid: number,
): Promise<{ readonly answer: BootstrapAnswer; readonly done: Promise<void> }> {
  const lockPath = monitorLockPath(deps.paths, containerId);
  const lock = tryLock(lockPath);
  if (lock === undefined) {
    return { answer: { kind: 'busy', pid: lockHolder(lockPath)?.pid ?? 0 }, done: Promise.resolve() };
  }
  const release = (): void => releaseMonitorLock(deps, containerId, lock);
  try {
    const supervisor = await Supervisor.take(deps, containerId);
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (finish = resolve)).then(() => {
      release();
      // What `--rm` and earlier runs left to be deleted: nobody waits for this process any more.
      emptyTrash(deps.paths.trash, clearingMs);
    });
    const server = new MonitorServer(deps, supervisor, () => finish());
    const socket = monitorAddress(deps.platform, deps.paths, containerId);
    await server.listen(socket);
    return { answer: { kind: 'ready', version: 1, pid, socket }, done };
  } catch (error) {
    release();
    return { answer: { kind: 'error', error: toWireError(error) }, done: Promise.resolve() };
  }
}

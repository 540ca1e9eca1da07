/** The verbs that change a container's life: each finds the container, checks its state in Docker's words, asks its monitor. */
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { parseSignal } from '../../../hcs/signals.ts';
import { callMonitor, isLeaving } from '../../../monitor/client.ts';
import { containerEvent } from '../../../monitor/container-event.ts';
import { interruptedStart } from '../../../monitor/repair.ts';
import { readExitRecord, readStateRecord } from '../../../state/container-files.ts';
import { lookAt, noSuchContainer, resolveContainer } from '../../../state/container-list.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import { appendEvent } from '../../../state/event-log.ts';
import type { CallOptions } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { withMonitor } from './monitor-call.ts';
import { reconcile } from './reconcile.ts';

/** A container as it really is now: what a killed monitor left is repaired first. */
export async function findContainer(deps: ContainerDeps, reference: string): Promise<ListedContainer> {
  const id = resolveContainer(deps.paths, reference);
  const found = lookAt(deps.paths, id, deps.environment.now());
  if (found !== undefined && !found.needsRepair) return found;
  await reconcile(deps, [id]);
  const repaired = lookAt(deps.paths, id, deps.environment.now());
  if (repaired === undefined) throw noSuchContainer(reference);
  return repaired;
}

export function monitorCallDeps(deps: Pick<ContainerDeps, 'environment' | 'paths'>): {
  readonly platform: 'win32' | 'linux';
  readonly paths: ContainerDeps['paths'];
} {
  return { platform: deps.environment.platform, paths: deps.paths };
}

export async function startContainer(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions = {},
): Promise<void> {
  const { id, status } = await findContainer(deps, reference);
  if (status === 'paused') {
    throw new PortholeError(
      'conflict',
      'CONTAINER_PAUSED',
      'cannot start a paused container, try unpause instead',
    );
  }
  if (status === 'removing' || status === 'dead') {
    throw new PortholeError(
      'conflict',
      'CONTAINER_DEAD',
      'container is marked for removal and cannot be started',
    );
  }
  if (status === 'running') throw alreadyRunning(id);
  const runsBefore = readStateRecord(deps.paths, id)?.run ?? 0;
  await withMonitor(
    deps,
    id,
    async () => {
      try {
        return await callMonitor(monitorCallDeps(deps), id, { type: 'start' }, options.signal);
      } catch (error) {
        if (isKind(error, 'unavailable', 'MONITOR_GONE') && (await hasRunSince(deps, id, runsBefore)))
          return true;
        throw error;
      }
    },
    options.signal,
  );
}

/**
 * What became of the start whose monitor was killed: true when the program ran, false when nothing was begun and a new monitor
 * can be asked. A start that was cut off or failed in the middle is not repeated: who is attached would not see that run.
 */
async function hasRunSince(deps: ContainerDeps, id: string, runsBefore: number): Promise<boolean> {
  const record = readStateRecord(deps.paths, id);
  if (record === undefined || record.run <= runsBefore) return false;
  const unsettled = ['created', 'starting', 'exited'].includes(record.phase);
  if (!unsettled || readExitRecord(deps.paths, id)?.run === record.run) return true;
  await reconcile(deps, [id]);
  throw new PortholeError(
    'internal',
    'START_INTERRUPTED',
    `failed to start container ${record.card.name}: ${readStateRecord(deps.paths, id)?.error || interruptedStart}`,
  );
}

export async function stopContainer(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions & { signalName?: string; timeout?: number } = {},
): Promise<void> {
  const { id, state } = await findContainer(deps, reference);
  if (options.signalName !== undefined && options.signalName !== '') checkSignal(options.signalName);
  if (!state.Running) {
    throw new PortholeError('notModified', 'CONTAINER_STOPPED', `container ${id} is already stopped`);
  }
  await stopAtMonitor(deps, id, options);
}

export async function restartContainer(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions & { signalName?: string; timeout?: number } = {},
): Promise<void> {
  const { id, state, record } = await findContainer(deps, reference);
  if (options.signalName !== undefined && options.signalName !== '') checkSignal(options.signalName);
  if (state.Running) await stopAtMonitor(deps, id, options);
  try {
    await startContainer(deps, id, options);
  } catch (error) {
    if (!isKind(error, 'notModified')) throw error;
  }
  appendEvent(deps.paths.events, containerEvent('restart', id, record.card), deps.environment.now());
}

async function stopAtMonitor(
  deps: ContainerDeps,
  id: string,
  options: CallOptions & { signalName?: string; timeout?: number },
): Promise<void> {
  try {
    await callMonitor(
      monitorCallDeps(deps),
      id,
      {
        type: 'stop',
        ...(options.signalName === undefined || options.signalName === ''
          ? {}
          : { signal: options.signalName }),
        ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      },
      options.signal,
    );
  } catch (error) {
    // It stopped by itself meanwhile, or was killed: in both cases it does not run any more.
    if (!isLeaving(error)) throw error;
    await reconcile(deps, [id]);
  }
}

export async function killContainer(
  deps: ContainerDeps,
  reference: string,
  signalName: string,
  options: CallOptions = {},
): Promise<void> {
  const { id, state } = await findContainer(deps, reference);
  const signal = signalName === '' ? 'KILL' : checkSignal(signalName);
  if (!state.Running) throw notRunningToKill(reference, id);
  try {
    const answered = await callMonitor(monitorCallDeps(deps), id, { type: 'kill', signal }, options.signal);
    if (answered === undefined) throw notRunningToKill(reference, id);
  } catch (error) {
    if (isKind(error, 'conflict', 'CONTAINER_NOT_RUNNING')) throw notRunningToKill(reference, id);
    if (!isLeaving(error)) throw error;
    await reconcile(deps, [id]);
  }
}

/** The console size of the init process. */
export async function resizeContainer(
  deps: ContainerDeps,
  reference: string,
  { height, width }: { height: number; width: number },
): Promise<void> {
  const { id, state } = await findContainer(deps, reference);
  const answered = state.Running
    ? await callMonitor(monitorCallDeps(deps), id, { type: 'resize', height, width })
    : undefined;
  if (answered === undefined) {
    throw new PortholeError('conflict', 'CONTAINER_NOT_RUNNING', `container ${id} is not running`);
  }
}

/** The signal's name; Docker's texts for those that do not exist or that Windows does not have. */
function checkSignal(text: string): string {
  const signal = parseSignal(text);
  if (signal === undefined) throw new PortholeError('invalid', 'SIGNAL_INVALID', `invalid signal: ${text}`);
  if (!signal.supported) {
    throw new PortholeError(
      'invalid',
      'SIGNAL_UNSUPPORTED',
      `the windows daemon does not support signal ${signal.number}`,
    );
  }
  return signal.name;
}

function alreadyRunning(id: string): PortholeError {
  return new PortholeError('notModified', 'CONTAINER_RUNNING', `container ${id} is already running`);
}

function notRunningToKill(reference: string, id: string): PortholeError {
  return new PortholeError(
    'conflict',
    'CONTAINER_NOT_RUNNING',
    `cannot kill container: ${reference}: container ${id} is not running`,
  );
}

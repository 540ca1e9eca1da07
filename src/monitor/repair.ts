import {
  readExitRecord,
  readStateRecord,
  writeExitRecord,
  writeStateRecord,
} from '../state/container-files.ts';
import type { ContainerStateRecord, Phase } from '../state/container-record.ts';
import { isLeftBehind, killedExitCode } from '../state/container-status.ts';
import { isAlive } from '../state/process-identity.ts';
import { rfc3339 } from '../state/timestamp.ts';
import { containerEvent } from './container-event.ts';
import type { UpkeepDeps } from './deps.ts';
import { removeContainer } from './removal.ts';

/** Recorded for a start whose monitor was killed before the program ran. */
export const interruptedStart = 'the start was interrupted: the monitor process was killed';

/**
 * Puts a container in order whose owner was killed: ends what still runs, gives endpoints, ports and mounts back, writes
 * the end of the run (the exit record if there is one, else exit code 137). The caller holds the container's monitor lock.
 * Idempotent; does nothing to a container that is in order. True when something was done.
 */
export async function repairContainer(deps: UpkeepDeps, id: string): Promise<boolean> {
  const record = readStateRecord(deps.paths, id);
  if (record === undefined) return false;
  if (!isLeftBehind(record, record.owner !== undefined && isAlive(record.owner))) return false;
  if (toBeRemoved.includes(record.phase)) {
    await removeContainer(deps, id, { volumes: true });
    return true;
  }
  await releaseResources(deps, id);
  if (record.phase === 'starting') recordFailedStart(deps, id, record);
  else recordEnd(deps, id, record);
  if (record.card.autoRemove) await removeContainer(deps, id, { volumes: true });
  return true;
}

/** Of containers that are left behind: their removal was under way or next. */
const toBeRemoved: readonly Phase[] = ['created', 'exited', 'dead', 'removing'];

/** Ends what still runs of a container, and gives its endpoints, ports and mounts back. The caller holds its monitor lock. */
export async function releaseResources(deps: UpkeepDeps, id: string): Promise<void> {
  const host = await deps.host();
  await host.compute.cleanup(id);
  await (await deps.networks()).release(id);
  await host.layers.unmount(id);
}

function recordFailedStart(deps: UpkeepDeps, id: string, record: ContainerStateRecord): void {
  const { owner: _owner, ...rest } = record;
  writeStateRecord(deps.paths, id, rest, {
    phase: record.run > 1 ? 'exited' : 'created',
    exitCode: 128,
    error: interruptedStart,
    pid: 0,
  });
}

function recordEnd(deps: UpkeepDeps, id: string, record: ContainerStateRecord): void {
  const found = readExitRecord(deps.paths, id);
  const seen = found?.run === record.run ? found : undefined;
  const exit = seen ?? {
    run: record.run,
    exitCode: killedExitCode,
    finishedAt: rfc3339(deps.now()),
    oomKilled: false,
    error: '',
  };
  // A container that waited for its restart had ended before its monitor was killed.
  const known = seen !== undefined || record.phase === 'restarting';
  if (!known) writeExitRecord(deps.paths, id, exit);
  const { owner: _owner, bound: _bound, ...rest } = record;
  writeStateRecord(deps.paths, id, rest, {
    phase: 'exited',
    pid: 0,
    exitCode: exit.exitCode,
    finishedAt: exit.finishedAt,
    oomKilled: exit.oomKilled,
    error: exit.error,
  });
  if (!known) deps.emit(containerEvent('die', id, record.card, { exitCode: String(exit.exitCode) }));
}

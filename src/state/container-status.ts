import type { ContainerState, ContainerStatus } from '../api/types/index.ts';
import type { ContainerStateRecord, ExitRecord } from './container-record.ts';
import { rfc3339 } from './timestamp.ts';

/** Exit code of a container whose monitor was killed: nobody saw the real one. 128 + SIGKILL, as Docker shows it. */
export const killedExitCode = 137;

export interface DerivedStatus {
  readonly status: ContainerStatus;
  readonly state: Omit<ContainerState, 'Health'>;
  /** What was recorded cannot be true any more: somebody has to clean up after a killed process. */
  readonly needsRepair: boolean;
}

/**
 * Status from what is recorded and who is alive (design.md 7). Pure. `exit` counts only for the recorded run: then it is
 * the final word, whatever phase the monitor managed to write.
 */
export function deriveStatus(
  record: ContainerStateRecord,
  exit: ExitRecord | undefined,
  ownerAlive: boolean,
  now: number,
): DerivedStatus {
  const ended = exit !== undefined && exit.run === record.run ? exit : undefined;
  switch (record.phase) {
    case 'created':
    case 'exited':
    case 'dead':
    case 'removing':
      return derived(record, record.phase, {}, ownerAlive);
    case 'starting':
      if (record.restartCount > 0 && ownerAlive) return restarting(record);
      // Until the init process runs Docker shows what was before.
      return derived(record, record.run > 1 ? 'exited' : 'created', {}, ownerAlive);
    case 'restarting':
      return ownerAlive ? restarting(record) : derived(record, 'exited', endOf(ended, now), false);
    case 'running':
    case 'paused':
      if (ended === undefined && ownerAlive)
        return derived(record, record.phase, { Running: true, Paused: record.phase === 'paused' }, true);
      return derived(record, 'exited', endOf(ended, now), ownerAlive);
  }
}

/** Whoever had the container was killed before he was done with it. */
export function isLeftBehind({ phase, run, card }: ContainerStateRecord, ownerAlive: boolean): boolean {
  // At rest; but with `--rm` a monitor goes on to the removal after a run or a failed start. A living one holds the lock.
  if (phase === 'created' || phase === 'exited' || phase === 'dead') return card.autoRemove && run > 0;
  return !ownerAlive;
}

function restarting(record: ContainerStateRecord): DerivedStatus {
  return derived(record, 'restarting', { Running: true, Restarting: true }, true);
}

function endOf(exit: ExitRecord | undefined, now: number): Partial<ContainerState> {
  return {
    Pid: 0,
    ExitCode: exit?.exitCode ?? killedExitCode,
    Error: exit?.error ?? '',
    OOMKilled: exit?.oomKilled ?? false,
    FinishedAt: exit?.finishedAt ?? rfc3339(now),
  };
}

function derived(
  record: ContainerStateRecord,
  status: ContainerStatus,
  change: Partial<ContainerState>,
  ownerAlive: boolean,
): DerivedStatus {
  return {
    status,
    needsRepair: isLeftBehind(record, ownerAlive),
    state: {
      Status: status,
      Running: false,
      Paused: false,
      Restarting: false,
      OOMKilled: record.oomKilled,
      Dead: status === 'dead',
      Pid: record.pid,
      ExitCode: record.exitCode,
      Error: record.error,
      StartedAt: record.startedAt,
      FinishedAt: record.finishedAt,
      ...change,
    },
  };
}

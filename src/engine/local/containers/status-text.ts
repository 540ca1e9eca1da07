import type { ContainerState } from '../../../api/types/index.ts';
import { zeroTime } from '../../../state/timestamp.ts';
import { humanDuration } from '../../../text/duration.ts';

/** `Up 2 minutes (healthy)`, `Exited (1) 3 seconds ago` … (moby `State.String`). `now`: milliseconds. */
export function statusText(
  state: Pick<ContainerState, 'Status' | 'Paused' | 'ExitCode' | 'StartedAt' | 'FinishedAt'>,
  health: string | undefined,
  now: number,
): string {
  const since = (time: string): string => humanDuration(now - Date.parse(time));
  switch (state.Status) {
    case 'running':
    case 'paused': {
      const up = `Up ${since(state.StartedAt)}`;
      if (state.Paused) return `${up} (Paused)`;
      if (health === undefined || health === 'none') return up;
      return `${up} (${health === 'starting' ? 'health: starting' : health})`;
    }
    case 'restarting':
      return `Restarting (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
      return state.FinishedAt === zeroTime ? '' : `Exited (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
  }
}

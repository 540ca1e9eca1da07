/** Docker's restart manager (moby `restartmanager`): pure, one value a container. */
export interface RestartPolicy {
  readonly name: string;
  readonly maximumRetryCount: number;
}

export interface RestartBackoff {
  /** Milliseconds of the last wait; 0 before the first. */
  readonly waitMs: number;
  readonly restarts: number;
}

export const firstBackoff: RestartBackoff = { waitMs: 0, restarts: 0 };

const shortestWaitMs = 100;
const longestWaitMs = 60_000;
/** A run of this length makes the next wait short again. */
const steadyMs = 10_000;

/**
 * Whether a container that ended is started again, and after how long: 100 ms, doubled at every restart up to a minute;
 * back to 100 ms after a run of 10 s. `on-failure` counts restarts against its maximum (0 = no maximum).
 */
export function decideRestart(
  policy: RestartPolicy,
  backoff: RestartBackoff,
  end: { readonly exitCode: number; readonly ranMs: number; readonly stoppedByUser: boolean },
): { readonly restart: false } | { readonly restart: true; readonly backoff: RestartBackoff } {
  if (end.stoppedByUser || !wanted(policy, backoff, end.exitCode)) return { restart: false };
  const steady = backoff.waitMs === 0 || end.ranMs >= steadyMs;
  const waitMs = steady ? shortestWaitMs : Math.min(backoff.waitMs * 2, longestWaitMs);
  return { restart: true, backoff: { waitMs, restarts: backoff.restarts + 1 } };
}

function wanted(policy: RestartPolicy, backoff: RestartBackoff, exitCode: number): boolean {
  switch (policy.name) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return (
        exitCode !== 0 && (policy.maximumRetryCount === 0 || backoff.restarts < policy.maximumRetryCount)
      );
    default:
      return false;
  }
}

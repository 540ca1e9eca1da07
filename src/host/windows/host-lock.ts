/**
 * A lock for all processes of this host: HNS takes changes one after another only (networking.md 8). It lies at one place
 * whatever the data root, and one whose owner was killed is broken by the next.
 */
import { mkdirSync } from 'node:fs';
import { win32 } from 'node:path';
import { withLock } from '../../state/lock.ts';

/** Creating an external switch takes long. */
const defaultTimeoutMs = 120_000;

export interface HostLockOptions {
  readonly timeoutMs?: number;
}

/**
 * HNS and the layer filter are the machine's: everybody waits at the same place, whatever the data root is:
 * `%ProgramData%\porthole\locks\<name>`.
 */
export function hostLockPath(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return win32.join(hostLockFolder(env), 'locks', name);
}

/** The data root of administrators, unless they choose another. */
export function hostLockFolder(env: Readonly<Record<string, string | undefined>>): string {
  return win32.join(env['ProgramData'] || 'C:\\ProgramData', 'porthole');
}

/** Calls of this process run in their order, and no other process is in one meanwhile. Past the time: `LOCK_TIMEOUT`. */
export function hostLock(
  path: string,
  { timeoutMs = defaultTimeoutMs }: HostLockOptions = {},
): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let ready = false;
  return (work) => {
    const turn = last.then(() => {
      if (!ready) mkdirSync(win32.dirname(path), { recursive: true });
      ready = true;
      return withLock(path, work, { timeoutMs });
    });
    last = turn.catch(() => undefined);
    return turn;
  };
}

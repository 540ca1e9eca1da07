/** How layer calls of either DLL are made: bounded, in Docker's words when they fail, and again where that may help. */
import { bounded } from './bounded.ts';
import { LayerCallError, isHeldByOthers, win32Of } from './host-file-error.ts';

const notReady = 21;
const notConnected = 1167;
const fileNotFound = 2;
const pathNotFound = 3;
const mountAttempts = 5;
const processAttempts = 5;
export const pauseMs = 100;

/** Preparing is quick, but others may wait for the same lock. */
export const prepareLockMs = 120_000;

/** Past these the service hangs. What reads or writes whole layers takes as long as they are large. */
export const quickMs = 240_000;
export const slowMs = 3_600_000;
export const timedOut = 0x8007_05b4;

export const isFailure = (hresult: number): boolean => hresult >= 0x8000_0000;

export type Pause = (ms: number) => Promise<unknown>;

export function inTime(work: Promise<number>, milliseconds = quickMs): Promise<number> {
  return bounded(work, milliseconds, () => timedOut);
}

export async function called(
  call: string,
  folder: string,
  work: Promise<number>,
  milliseconds?: number,
): Promise<void> {
  check(call, folder, await inTime(work, milliseconds));
}

export function check(call: string, folder: string, hresult: number): void {
  if (isFailure(hresult)) throw new LayerCallError(call, hresult, folder);
}

/** Scanners let go of fresh files after a moment (users.md P09). */
export async function patiently(
  call: string,
  folder: string,
  pause: Pause,
  work: () => Promise<number>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const hresult = await inTime(work(), slowMs);
    const code = win32Of(hresult);
    const isWorthIt = isFailure(hresult) && code !== undefined && isHeldByOthers(code);
    if (!isWorthIt || attempt >= processAttempts) return check(call, folder, hresult);
    await pause(pauseMs * 2 ** (attempt - 1));
  }
}

/**
 * Mounts, again after a moment where a disk was not ready yet (windows-layers.md 4.5). `codeOf`: of an error that another
 * try may help with, its Win32 code or NaN; undefined for any other.
 */
export async function mounted(
  pause: Pause,
  codeOf: (error: unknown) => number | undefined,
  mount: () => Promise<string>,
  unmount: () => Promise<void>,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await mount();
    } catch (error) {
      await unmount();
      const code = codeOf(error);
      if (code === undefined || attempt >= mountAttempts) throw error;
      // What an earlier owner left half mounted is gone now: one more try for any reason.
      if (code !== notReady && code !== notConnected && attempt > 1) throw error;
    }
    await pause(pauseMs);
  }
}

/** Whether a call that destroys a layer did, or found nothing. */
export function isGone(hresult: number): boolean {
  const code = win32Of(hresult);
  return !isFailure(hresult) || code === fileNotFound || code === pathNotFound;
}

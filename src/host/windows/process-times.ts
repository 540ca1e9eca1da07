/** When a process began, by which a process ID that was given out again is told from the first (src/state/process-identity.ts). */
import { provideStartTimes } from '../../state/process-identity.ts';
import { processCreation } from './ffi/process-times.ts';

/** Hexadecimal creation time; empty for processes of others that may not be asked; undefined for none, or one that ended. */
export function processStartTime(pid: number): string | undefined {
  const found = processCreation(pid);
  if (found === 'denied') return '';
  return found === undefined || found.hasEnded ? undefined : found.created.toString(16);
}

/**
 * From here on processes of this system are told apart by their creation. The library is loaded with the first question,
 * which is asked only of process IDs that exist. Done once; needs no elevation.
 */
export function prepareProcess(): void {
  let broken = false;
  provideStartTimes((pid) => {
    if (broken) return '';
    try {
      return processStartTime(pid);
    } catch {
      // An installation without its native part still lists; what works with the host says what is missing.
      broken = true;
      return '';
    }
  });
}

import { asError } from '../../errors/porthole-error.ts';
import { terminateSelf } from './ffi/kernel32.ts';

/** What a caller that gave up tells its user. */
export const serviceHangs = 'the service vmcompute does not answer: restart it (Restart-Service vmcompute)';

/** Calls that were given up and have not returned. */
let left = 0;
let isPrepared = false;

/** From here on this process ends although such a call holds one of its threads, for which Node's own exit would wait. */
export function endWithoutThem(): void {
  if (isPrepared) return;
  isPrepared = true;
  process.once('exit', (code) => {
    if (left > 0) terminateSelf(code);
  });
}

/**
 * A bound for calls of Windows (hcs.md 4.3). They cannot be taken back: a call that gives no answer in time goes on, its
 * handles stay open until it returns, and what it gives then is for `abandoned` to give back.
 */
export function bounded<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => T,
  abandoned: (answer: T) => unknown = () => undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      left += 1;
      try {
        resolve(late());
      } catch (error) {
        reject(asError(error));
      }
    }, milliseconds);
    const returned = (): void => {
      clearTimeout(timer);
      if (isLate) left -= 1;
    };
    work.then(
      (answer) => {
        returned();
        if (!isLate) resolve(answer);
        // Nobody is left to hear that giving it back failed.
        else void (async () => abandoned(answer))().catch(() => undefined);
      },
      (error: unknown) => {
        returned();
        reject(asError(error));
      },
    );
  });
}

import { asError } from '../../errors/porthole-error.ts';
import { terminateSelf } from './ffi/kernel32.ts';

let left = 0;

/** Node's exit waits for its threads, one of which a call holds that does not return. */
function leaveWithout(): void {
  if (left === 0 && process.platform === 'win32')
    process.once('exit', (code) => {
      if (left > 0) terminateSelf(code);
    });
  left += 1;
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
      leaveWithout();
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
        if (isLate) abandoned(answer);
        else resolve(answer);
      },
      (error: unknown) => {
        returned();
        reject(asError(error));
      },
    );
  });
}

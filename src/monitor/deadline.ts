import { asError } from '../errors/porthole-error.ts';

/** `promise`, or what `late` gives when it has not settled in time. The timer never outlives the promise. */
export function withDeadline<T, L>(promise: Promise<T>, milliseconds: number, late: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), milliseconds);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(asError(error));
      },
    );
  });
}

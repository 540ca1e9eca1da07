import type { PortCall } from '../ports/compute.ts';

/** The promise, unless the caller's signal aborts first: then its reason. The work itself goes on. */
export function abortable<T>(promise: Promise<T>, call: PortCall | undefined): Promise<T> {
  const signal = call?.signal;
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

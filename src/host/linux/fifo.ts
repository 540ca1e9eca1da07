/**
 * Fifos as Node streams. The other end is opened by Wine's server, which must never block: so our end of each fifo is open
 * before the launcher is told of it. A read end opens at once; a write end needs a reader, hence first read-write.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Our end for reading, open but not yet read: without a writer it would look ended. */
export function openReadEnd(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Holds the fifo open for both directions until `writeEnd` replaces it. */
export function holdWriteEnd(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/** To be called when the launcher has opened its end: from now on a reader that goes away is noticed (EPIPE). */
export function writeEnd(path: string, held: number): Socket {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  closeSync(held);
  return new Socket({ fd: descriptor, readable: false, writable: true });
}

export function readEnd(descriptor: number): Socket {
  return new Socket({ fd: descriptor, readable: true, writable: false });
}

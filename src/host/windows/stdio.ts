/**
 * HCS's stdio handles as Node streams (hcs.md 5.3): byte-mode pipe handles opened for overlapped I/O. libuv's own
 * `uv_open_osfhandle`, exported by node.exe, turns one into a descriptor of Node's CRT, which then owns it: never
 * CloseHandle it afterwards. Sockets, not fs streams: those block a pool thread for each pending read.
 */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { loadLibrary } from './ffi/library.ts';
import { closeHandle } from './ffi/memory.ts';
import type { DriverProcessInfo } from './hcs-driver.ts';

let openOsHandle: ((handle: bigint) => number) | undefined;

function descriptorOf(handle: bigint): number {
  openOsHandle ??= loadLibrary(null).func('int uv_open_osfhandle(void *handle)') as (
    handle: bigint,
  ) => number;
  const fd = openOsHandle(handle);
  if (fd < 0) throw new Error('uv_open_osfhandle refused a stdio handle of the compute system');
  return fd;
}

export interface ProcessPipes {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
}

/** Takes the handles over: on a failure every one of them is closed. */
export function pipesOf(info: DriverProcessInfo): ProcessPipes {
  const left = new Set([info.stdInput, info.stdOutput, info.stdError].filter((handle) => handle !== 0n));
  const made: Socket[] = [];
  const socket = (handle: bigint, writable: boolean): Socket => {
    const fd = descriptorOf(handle);
    left.delete(handle);
    const created = new Socket({ fd, readable: !writable, writable });
    made.push(created);
    return created;
  };
  try {
    return {
      ...(info.stdInput === 0n ? {} : { stdin: socket(info.stdInput, true) }),
      ...(info.stdOutput === 0n ? {} : { stdout: socket(info.stdOutput, false) }),
      ...(info.stdError === 0n ? {} : { stderr: socket(info.stdError, false) }),
    };
  } catch (error) {
    for (const each of made) each.destroy();
    for (const handle of left) closeHandle(handle);
    throw error;
  }
}

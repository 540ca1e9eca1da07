/**
 * HCS's stdio handles as Node streams (hcs.md 5.3): byte-mode pipe handles opened for overlapped I/O. libuv's own
 * `uv_open_osfhandle`, exported by node.exe, turns one into a descriptor of Node's CRT, which then owns it: never
 * CloseHandle it afterwards. Sockets, not fs streams: those block a pool thread for each pending read.
 */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { koffi } from './ffi/library.ts';

let openOsHandle: ((handle: bigint) => number) | undefined;

function descriptorOf(handle: bigint): number {
  openOsHandle ??= koffi().load(null).func('int uv_open_osfhandle(void *handle)') as (
    handle: bigint,
  ) => number;
  const fd = openOsHandle(handle);
  if (fd < 0) throw new Error('uv_open_osfhandle refused a stdio handle of the compute system');
  return fd;
}

export function readableOf(handle: bigint): Readable | undefined {
  return handle === 0n
    ? undefined
    : new Socket({ fd: descriptorOf(handle), readable: true, writable: false });
}

export function writableOf(handle: bigint): Writable | undefined {
  return handle === 0n
    ? undefined
    : new Socket({ fd: descriptorOf(handle), readable: false, writable: true });
}

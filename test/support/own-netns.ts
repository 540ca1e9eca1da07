import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;

export interface OwnNetwork {
  /** Back to where the process was. Everything that was made inside is gone with its last user. */
  leave(): void;
}

/**
 * Puts this process and its children into a new network namespace with nothing but loopback, so that bridges and rules of
 * a test touch nobody. Undefined with a reason where that is not allowed.
 */
export function enterOwnNetwork(): OwnNetwork | { readonly reason: string } {
  if (process.platform !== 'linux') return { reason: 'Linux only' };
  if (process.getuid?.() !== 0) return { reason: 'needs root' };
  const libc = koffi.load('libc.so.6');
  const unshare = libc.func('int unshare(int)') as (flags: number) => number;
  const setns = libc.func('int setns(int, int)') as (descriptor: number, type: number) => number;
  // The namespace belongs to the thread; system calls and child processes of JavaScript run on this one.
  const home = openSync('/proc/thread-self/ns/net', 'r');
  if (unshare(CLONE_NEWNET) !== 0) {
    closeSync(home);
    return { reason: 'this user may not make network namespaces' };
  }
  execFileSync('ip', ['link', 'set', 'dev', 'lo', 'up']);
  return {
    leave() {
      setns(home, CLONE_NEWNET);
      closeSync(home);
    },
  };
}

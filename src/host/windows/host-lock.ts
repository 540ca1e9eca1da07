/**
 * A lock for all processes of this host: the first instance of a named pipe, which Windows gives to one process and takes
 * back whenever that process ends. Who waits holds a connection to the owner's pipe, and hears of its end at once.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError } from '../../errors/porthole-error.ts';
import { errorCode } from '../../state/atomic-file.ts';

/** Only administrators, who alone may call HNS, can make pipes below this prefix (hcs.md 7.1). */
const prefix = '\\\\.\\pipe\\ProtectedPrefix\\Administrators\\porthole-';
const defaultTimeoutMs = 120_000;
const longestPauseMs = 1000;

export interface HostLockOptions {
  /** Milliseconds; two minutes by default: creating an external switch takes long. */
  readonly timeoutMs?: number;
}

/** Calls of this process run one after another; other processes are kept out meanwhile. */
export function hostLock(
  name: string,
  { timeoutMs = defaultTimeoutMs }: HostLockOptions = {},
): <T>(work: () => Promise<T>) => Promise<T> {
  const path = prefix + name;
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(() => locked(path, timeoutMs, work));
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function locked<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const owner = await acquire(path, timeoutMs);
  try {
    return await work();
  } finally {
    await release(owner);
  }
}

interface Owner {
  readonly server: Server;
  readonly waiters: Set<Socket>;
}

async function acquire(path: string, timeoutMs: number): Promise<Owner> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const owner = await listen(path);
    if (owner !== undefined) return owner;
    const left = deadline - performance.now();
    if (left <= 0)
      throw new PortholeError(
        'unavailable',
        'LOCK_TIMEOUT',
        `another porthole has been changing the networks of this host for ${Math.round(timeoutMs / 1000)} s`,
        { hint: 'wait for it, or end it', retriable: true },
      );
    await released(path, Math.min(left, longestPauseMs));
  }
}

function listen(path: string): Promise<Owner | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<Socket>();
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => undefined).once('close', () => waiters.delete(socket));
    });
    server.once('error', (error) => {
      // EACCES: the pipe is an administrator's and this process is none, or its owner is just closing it.
      if (errorCode(error) === 'EADDRINUSE' || errorCode(error) === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve({ server, waiters }));
  });
}

/** Resolves when the owner closed its pipe or ended, at the latest after the pause. */
async function released(path: string, milliseconds: number): Promise<void> {
  const socket = connect(path);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    socket.resume().once('close', done).on('error', () => undefined);
  });
  socket.destroy();
  await delay(1);
}

async function release({ server, waiters }: Owner): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of waiters) socket.destroy();
  await closed;
}

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import { errorCode } from '../state/atomic-file.ts';
import type { DataPaths } from '../state/paths.ts';
import { fromWireError, monitorLeaving } from './protocol.ts';
import type { MonitorAnswer, MonitorRequest, MonitorResults } from './protocol.ts';
import { monitorAddress, withShortPath } from './socket-path.ts';

/** What calling a monitor takes. */
export interface MonitorCallDeps {
  readonly platform: 'win32' | 'linux';
  readonly paths: DataPaths;
}

/** A connection after the request's answer: what follows on it is frames. */
export interface UpgradedConnection<T> {
  readonly result: T;
  readonly socket: Socket;
  /** Bytes that came together with the answer. */
  readonly rest: Buffer;
}

/** The monitor went away in the middle: killed, or on its way out. The caller looks at the container's state again. */
export class MonitorGone extends PortholeError {
  constructor(containerId: string) {
    super('unavailable', 'MONITOR_GONE', `the monitor of container ${containerId} is gone`, {
      retriable: true,
    });
    this.name = 'MonitorGone';
  }
}

/** True for both ways to find a monitor leaving. */
export function isLeaving(error: unknown): boolean {
  return error instanceof PortholeError && (error.code === 'MONITOR_GONE' || error.code === monitorLeaving);
}

/** Sends one request and gives its result. No monitor: undefined. */
export async function callMonitor<
  T extends Exclude<MonitorRequest['type'], 'wait' | 'attach' | 'exec-start'>,
>(
  deps: MonitorCallDeps,
  containerId: string,
  request: Extract<MonitorRequest, { readonly type: T }>,
  signal?: AbortSignal,
): Promise<MonitorResults[T] | undefined> {
  const socket = await connectMonitor(deps, containerId, signal);
  if (socket === undefined) return undefined;
  try {
    const lines = new AnswerReader(socket, containerId);
    socket.write(`${JSON.stringify(request)}\n`);
    return await lines.next<MonitorResults[T]>();
  } finally {
    socket.destroy();
  }
}

/** A registered wait. `result` settles when the condition is met, or rejects with MonitorGone. */
export interface MonitorWait {
  readonly result: Promise<MonitorResults['wait']>;
  /** Waits no more: `result` rejects. */
  cancel(): void;
}

/** Registers a wait. No monitor: undefined. */
export async function waitAtMonitor(
  deps: MonitorCallDeps,
  containerId: string,
  condition: 'not-running' | 'next-exit' | 'removed',
  signal?: AbortSignal,
): Promise<MonitorWait | undefined> {
  const socket = await connectMonitor(deps, containerId, signal);
  if (socket === undefined) return undefined;
  const lines = new AnswerReader(socket, containerId);
  socket.write(`${JSON.stringify({ type: 'wait', condition } satisfies MonitorRequest)}\n`);
  try {
    await lines.next();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const result = lines.next<MonitorResults['wait']>().finally(() => socket.destroy());
  return {
    result,
    cancel: () => {
      result.catch(() => undefined);
      socket.destroy();
    },
  };
}

/** Sends a request whose answer is followed by frames. No monitor: undefined. */
export async function upgradeMonitor<T extends 'attach' | 'exec-start'>(
  deps: MonitorCallDeps,
  containerId: string,
  request: Extract<MonitorRequest, { readonly type: T }>,
  signal?: AbortSignal,
): Promise<UpgradedConnection<MonitorResults[T]> | undefined> {
  const socket = await connectMonitor(deps, containerId, signal);
  if (socket === undefined) return undefined;
  const lines = new AnswerReader(socket, containerId);
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    const result = await lines.next<MonitorResults[T]>();
    return { result, socket, rest: lines.release() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Reset: it closed its door with this call in the queue. */
const nobodyListens = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Undefined when nobody listens. */
export function connectMonitor(
  deps: MonitorCallDeps,
  containerId: string,
  signal?: AbortSignal,
): Promise<Socket | undefined> {
  signal?.throwIfAborted();
  const address = monitorAddress(deps.platform, deps.paths, containerId);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      const code = errorCode(error);
      if (code !== undefined && nobodyListens.has(code)) resolve(undefined);
      else reject(asError(error));
    };
    try {
      const socket = withShortPath(address, (path) => connect({ path, allowHalfOpen: true }));
      const abort = (): void => void socket.destroy(signal?.reason as Error);
      signal?.addEventListener('abort', abort, { once: true });
      socket.once('close', () => signal?.removeEventListener('abort', abort));
      socket.once('error', fail);
      socket.once('connect', () => {
        socket.off('error', fail);
        resolve(socket);
      });
    } catch (error) {
      fail(error);
    }
  });
}

/** Takes answer lines off a connection, one at a time. */
class AnswerReader {
  readonly #socket: Socket;
  readonly #containerId: string;
  #buffer = Buffer.alloc(0);
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    this.#wake();
  };
  readonly #onEnd = (error?: unknown): void => {
    this.#failure ??= error instanceof PortholeError ? error : this.#gone(error);
    this.#wake();
  };

  constructor(socket: Socket, containerId: string) {
    this.#socket = socket;
    this.#containerId = containerId;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd).on('close', this.#onEnd);
  }

  async next<T>(): Promise<T> {
    for (;;) {
      const end = this.#buffer.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#buffer.toString('utf8', 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        const answer = JSON.parse(line) as MonitorAnswer<T>;
        if (!answer.ok) throw fromWireError(answer.error);
        return answer.result;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Stops reading lines; what is left belongs to the caller. */
  release(): Buffer {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
    this.#socket.pause();
    return this.#buffer;
  }

  #gone(error: unknown): Error {
    return error instanceof Error && error.name === 'AbortError' ? error : new MonitorGone(this.#containerId);
  }
}

/** The monitor's side of the launcher's control channel: requests with answers, and the exits of processes. */
import { closeSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { holdWriteEnd, openReadEnd, readEnd, writeEnd } from './fifo.ts';
import {
  COMMAND,
  decodeEnvironment,
  decodeNumber,
  decodeProcesses,
  encodeFrame,
  encodeNumbers,
  encodeStart,
  EVENT,
  EventDecoder,
  type LauncherEvent,
  type LauncherProcess,
  type RegistryVariable,
  type StartRequest,
} from './launcher-protocol.ts';

/** CreateProcessW failed; `code` is GetLastError's. */
export class LauncherError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`Win32 error ${code}`);
    this.name = 'LauncherError';
    this.code = code;
  }
}

export class Launcher {
  /** Resolves when the launcher serves: Wine has booted. Rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly #channel: string;
  #held: number | undefined;
  #commands: Socket | undefined;
  readonly #events: Socket;
  readonly #decoder = new EventDecoder();
  readonly #pending = new Map<
    number,
    { resolve: (event: LauncherEvent) => void; reject: (error: Error) => void }
  >();
  readonly #exits = new Map<number, number>();
  readonly #exitWaiters = new Map<number, (code: number | undefined) => void>();
  #nextTag = 1;
  #gone = false;
  #resolveReady: () => void = () => undefined;
  #rejectReady: (error: Error) => void = () => undefined;

  /** `<channel>.in` and `<channel>.out` exist; the launcher is not started yet. */
  constructor(channel: string) {
    this.#channel = channel;
    this.#held = holdWriteEnd(`${channel}.in`);
    const output = openReadEnd(`${channel}.out`);
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => undefined);
    this.#events = readEnd(output);
    this.#events.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#events.on('error', () => this.lost());
    this.#events.on('close', () => this.lost());
  }

  async start(request: StartRequest): Promise<number> {
    const event = await this.#request(COMMAND.create, encodeStart(request));
    if (event.kind === EVENT.failed) throw new LauncherError(decodeNumber(event.payload));
    return decodeNumber(event.payload);
  }

  /** False when the process is gone. */
  async signal(pid: number, consoleEvent: number): Promise<boolean> {
    const event = await this.#request(COMMAND.signal, encodeNumbers(pid, consoleEvent));
    return decodeNumber(event.payload) === 1;
  }

  async terminate(pid: number, exitCode: number): Promise<boolean> {
    const event = await this.#request(COMMAND.terminate, encodeNumbers(pid, exitCode));
    return decodeNumber(event.payload) === 1;
  }

  async processes(): Promise<LauncherProcess[]> {
    return decodeProcesses((await this.#request(COMMAND.list)).payload);
  }

  async environment(): Promise<RegistryVariable[]> {
    return decodeEnvironment((await this.#request(COMMAND.environment)).payload);
  }

  /** Every process gets the shutdown event; after `limitMs` the rest is terminated and the launcher ends. */
  async shutDown(limitMs: number): Promise<void> {
    await this.#request(COMMAND.shutdown, encodeNumbers(limitMs));
  }

  /** Exit code of a process that `start` made; undefined when the launcher went first. */
  exitOf(pid: number): Promise<number | undefined> {
    const code = this.#exits.get(pid);
    if (code !== undefined) {
      this.#exits.delete(pid);
      return Promise.resolve(code);
    }
    if (this.#gone) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#exitWaiters.set(pid, resolve));
  }

  /** The sandbox has ended: nobody answers any more. Idempotent. */
  lost(): void {
    if (this.#gone) return;
    this.#gone = true;
    const error = new Error('the launcher has ended');
    this.#rejectReady(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    for (const resolve of this.#exitWaiters.values()) resolve(undefined);
    this.#exitWaiters.clear();
    if (this.#held !== undefined) closeSync(this.#held);
    this.#held = undefined;
    this.#commands?.destroy();
    this.#events.destroy();
  }

  #request(kind: number, payload?: Buffer): Promise<LauncherEvent> {
    return new Promise((resolve, reject) => {
      if (this.#gone || this.#commands === undefined) {
        reject(new Error('the launcher has ended'));
        return;
      }
      const tag = this.#nextTag;
      this.#nextTag += 1;
      this.#pending.set(tag, { resolve, reject });
      this.#commands.write(encodeFrame(kind, tag, payload));
    });
  }

  #read(chunk: Buffer): void {
    try {
      for (const event of this.#decoder.push(chunk)) this.#receive(event);
    } catch {
      this.lost();
    }
  }

  #receive(event: LauncherEvent): void {
    if (event.kind === EVENT.ready) this.#opened();
    else if (event.kind === EVENT.exited)
      this.#exited(decodeNumber(event.payload), decodeNumber(event.payload, 1));
    else {
      this.#pending.get(event.tag)?.resolve(event);
      this.#pending.delete(event.tag);
    }
  }

  #opened(): void {
    if (this.#held === undefined) return;
    this.#commands = writeEnd(`${this.#channel}.in`, this.#held);
    this.#held = undefined;
    // Both ends are open: nobody else in the container is to find them.
    for (const end of ['in', 'out']) rmSync(`${this.#channel}.${end}`, { force: true });
    this.#commands.on('error', () => this.lost());
    this.#resolveReady();
  }

  /** May come before the answer to `create`. */
  #exited(pid: number, code: number): void {
    const waiter = this.#exitWaiters.get(pid);
    this.#exitWaiters.delete(pid);
    if (waiter === undefined) this.#exits.set(pid, code);
    else waiter(code);
  }
}

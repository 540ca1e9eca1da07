import type { Readable, Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { HcsError, isAlreadyStopped, isInvalidState, isNotExist } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import type { ComputeProcess, PortCall, ProcessExit } from '../ports/compute.ts';
import { unlessAborted } from './abort.ts';
import { bounded } from './bounded.ts';
import { answerOf, failure, isServiceGone, serviceGoneMs } from './hcs-failure.ts';
import {
  hcsTimeouts,
  type DriverHandle,
  type DriverProcessInfo,
  type DriverResult,
  type HcsDriver,
} from './hcs-driver.ts';
import { OpenHandle, type UseOptions } from './open-handle.ts';
import { pipesOf } from './stdio.ts';
import { Wake } from './wake.ts';

interface ProcessStatus {
  Exited?: boolean;
  ExitCode?: number;
  LastWaitResult?: number;
}

/** What Docker shows when HCS cannot tell the code (hcs.md 3.4). */
const unknownExitCode = 0xffffffff;
/** A grandchild may hold the pipes: how long a silent pipe is awaited after the process ended (hcs.md 4.3). */
const drainMs = 1000;
/** How long HCS may call a process running after a call said that it is gone (hcs.md 8.6). */
const goneMs = 1000;
const longestPauseMs = 1000;

export class WindowsComputeProcess implements ComputeProcess {
  readonly pid: number;
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  readonly #driver: HcsDriver;
  readonly #handle: OpenHandle;
  readonly #systemId: string;
  readonly #wake = new Wake();
  #exit: Promise<ProcessExit> | undefined;
  #signals = 0;
  #goneSince: number | undefined;

  /** Takes the stdio handles over. Throws when they cannot become streams; then the caller still has the process. */
  constructor(driver: HcsDriver, handle: DriverHandle, info: DriverProcessInfo, systemId: string) {
    this.#driver = driver;
    this.#systemId = systemId;
    this.pid = info.processId;
    const { stdin, stdout, stderr } = pipesOf(info);
    this.#handle = new OpenHandle(handle, (each) => driver.closeProcess(each));
    if (stdin !== undefined) {
      this.stdin = stdin;
      // Closing our end is not enough for HCS: it must be told as well (hcs.md 5.2).
      stdin.once('finish', () => void this.#closeStdin());
      stdin.on('error', () => undefined);
    }
    if (stdout !== undefined) this.stdout = stdout;
    if (stderr !== undefined) this.stderr = stderr;
  }

  async resize(height: number, width: number): Promise<void> {
    const settings = { Operation: 'ConsoleSize', ConsoleSize: { Height: height, Width: width } };
    const error = await this.#call('Process::ResizeConsole', (handle) =>
      this.#driver.modifyProcess(handle, JSON.stringify(settings)),
    );
    if (error !== undefined && !this.#isGone(error)) throw error;
  }

  async signal(name: string): Promise<boolean> {
    this.#signals += 1;
    try {
      const error = await this.#call(
        'Process::Signal',
        (handle) => this.#driver.signalProcess(handle, JSON.stringify({ Signal: name })),
        // vmcompute's call has no time-out of its own.
        { timeoutMs: hcsTimeouts.signal + 1000 },
      );
      // Server Core answers when the target has ended: not answering yet is no failure (hcs.md 3.4).
      if (error === undefined || error.hresult === HRESULT.operationTimeout) return true;
      if (this.#isGone(error)) return false;
      throw error;
    } finally {
      this.#signals -= 1;
    }
  }

  async kill(): Promise<boolean> {
    const error = await this.#terminate();
    if (error === undefined) return true;
    // Access denied: the process is dying already (hcs.md 2).
    if (this.#isGone(error) || error.hresult === HRESULT.accessDenied) return false;
    throw error;
  }

  waitExit(call?: PortCall): Promise<ProcessExit> {
    this.#exit ??= this.#untilExit();
    return unlessAborted(this.#exit, call?.signal);
  }

  close(): void {
    if (this.#handle.isClosed) return;
    this.stdin?.destroy();
    this.stdout?.destroy();
    this.stderr?.destroy();
    void this.#handle.close();
    this.#wake.wake();
  }

  /** A failed call's error; a handle that was closed counts as a process that is gone. */
  async #call(
    op: string,
    call: (handle: DriverHandle) => Promise<DriverResult>,
    options?: UseOptions<DriverResult>,
  ): Promise<HcsError | undefined> {
    if (this.#handle.isClosed)
      return failure(op, { hresult: HRESULT.processAlreadyStopped, document: undefined }, this.#systemId);
    const answer = await this.#asked(op, call, options);
    return answer instanceof HcsError ? answer : undefined;
  }

  /** What HCS answers, or the error that it or the call gave. */
  async #asked(
    op: string,
    call: (handle: DriverHandle) => Promise<DriverResult>,
    options?: UseOptions<DriverResult>,
  ): Promise<DriverResult | HcsError> {
    try {
      const result = await this.#handle.use(op, this.#systemId, call, options);
      return failure(op, result, this.#systemId) ?? result;
    } catch (error) {
      if (error instanceof HcsError) return error;
      throw error;
    }
  }

  /** HCS serialises signals of a handle, and one under way may block until its target ends: a fresh handle gets past it. */
  async #terminate(): Promise<HcsError | undefined> {
    const op = 'Process::Kill';
    if (this.#signals > 0) {
      const fresh = await bounded(
        this.#withFreshHandle((handle) => this.#driver.terminateProcess(handle)),
        hcsTimeouts.call,
        () => undefined,
      );
      if (fresh !== undefined) return failure(op, fresh, this.#systemId);
    }
    return this.#call(op, (handle) => this.#driver.terminateProcess(handle));
  }

  async #withFreshHandle<T>(call: (handle: DriverHandle) => Promise<T>): Promise<T | undefined> {
    const system = await this.#driver.openSystem(this.#systemId);
    if (system.handle === undefined) return undefined;
    try {
      const process = await this.#driver.openProcess(system.handle, this.pid);
      if (process.handle === undefined) return undefined;
      try {
        return await call(process.handle);
      } finally {
        await this.#driver.closeProcess(process.handle);
      }
    } finally {
      await this.#driver.closeSystem(system.handle);
    }
  }

  async #untilExit(): Promise<ProcessExit> {
    const exitCode = await this.#exitCode();
    await Promise.all([drained(this.stdout), drained(this.stderr)]);
    return { exitCode };
  }

  async #exitCode(): Promise<number> {
    const op = 'Process::Properties';
    // Only a hint that saves waiting: asking goes on without it.
    await this.#handle
      .use(op, this.#systemId, (handle) => this.#driver.watchProcess(handle, this.#wake.wake))
      .catch(() => undefined);
    let lostSince: number | undefined;
    for (let pause = 10; !this.#handle.isClosed; pause = Math.min(pause * 2, longestPauseMs)) {
      const answer = await this.#asked(op, (handle) => this.#driver.processProperties(handle));
      if (answer instanceof HcsError) {
        if (this.#handle.isClosed || this.#isGone(answer)) return unknownExitCode;
        if (!isServiceGone(answer)) throw answer;
        // One that is being restarted says so soon; its processes do not outlive it.
        lostSince ??= performance.now();
        if (performance.now() - lostSince > serviceGoneMs) return unknownExitCode;
        await this.#wake.pause(pause);
        continue;
      }
      lostSince = undefined;
      const status = answerOf<ProcessStatus>(op, answer, {}, this.#systemId);
      if (status.Exited === true)
        return (status.LastWaitResult ?? 0) === 0 ? (status.ExitCode ?? 0) >>> 0 : unknownExitCode;
      if (this.#goneSince !== undefined && performance.now() - this.#goneSince > goneMs)
        return unknownExitCode;
      await this.#wake.pause(pause);
    }
    return unknownExitCode;
  }

  /** "No such process any more" in its several forms (hcs.md 8.3, 8.6). */
  #isGone(error: HcsError): boolean {
    if (!isAlreadyStopped(error) && !isNotExist(error) && !isInvalidState(error)) return false;
    this.#goneSince ??= performance.now();
    this.#wake.wake();
    return true;
  }

  async #closeStdin(): Promise<void> {
    const settings = { Operation: 'CloseHandle', CloseHandle: { Handle: 'StdIn' } };
    // The process may have ended, or never read: both are fine.
    await this.#call('Process::CloseStdin', (handle) =>
      this.#driver.modifyProcess(handle, JSON.stringify(settings)),
    ).catch(() => undefined);
  }
}

/**
 * Resolves at the stream's end, or when the pipe has been silent for a second: HCS sometimes never closes it, because a
 * grandchild holds it. Such a stream is ended here, unless somebody has yet to read what it holds.
 */
function drained(stream: Readable | undefined): Promise<void> {
  if (stream === undefined || stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const bytes = (): number => (stream as Socket).bytesRead;
    let seen = bytes();
    const timer = setInterval(() => {
      if (bytes() !== seen) {
        seen = bytes();
        return;
      }
      if (stream.readableFlowing === true && stream.readableLength === 0) stream.push(null);
      done();
    }, drainMs);
    const done = (): void => {
      clearInterval(timer);
      resolve();
    };
    stream.once('end', done).once('close', done);
  });
}

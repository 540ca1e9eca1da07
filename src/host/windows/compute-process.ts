import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlreadyStopped, isInvalidState, isNotExist, type HcsError } from '../../hcs/hcs-error.ts';
import type { ComputeProcess, PortCall, ProcessExit } from '../ports/compute.ts';
import { failure } from './hcs-failure.ts';
import type { DriverHandle, DriverProcessInfo, HcsDriver } from './hcs-driver.ts';
import { readableOf, writableOf } from './stdio.ts';

interface ProcessStatus {
  Exited?: boolean;
  ExitCode?: number;
  LastWaitResult?: number;
}

/** What Docker shows when HCS cannot tell the code (hcs.md 3.4). */
const unknownExitCode = 0xffffffff;
/** A grandchild may hold the pipes: how long output is awaited after the process ended (hcs.md 4.3). */
const drainMs = 1000;

export class WindowsComputeProcess implements ComputeProcess {
  readonly pid: number;
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  readonly #driver: HcsDriver;
  readonly #handle: DriverHandle;
  readonly #systemId: string;
  #exit: Promise<ProcessExit> | undefined;
  #closed = false;

  constructor(driver: HcsDriver, handle: DriverHandle, info: DriverProcessInfo, systemId: string) {
    this.#driver = driver;
    this.#handle = handle;
    this.#systemId = systemId;
    this.pid = info.processId;
    const stdin = writableOf(info.stdInput);
    const stdout = readableOf(info.stdOutput);
    const stderr = readableOf(info.stdError);
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
    const result = await this.#driver.modifyProcess(this.#handle, JSON.stringify(settings));
    const error = failure('Process::ResizeConsole', result, this.#systemId);
    if (error !== undefined && !isGone(error)) throw error;
  }

  async signal(name: string): Promise<boolean> {
    const result = await this.#driver.signalProcess(this.#handle, JSON.stringify({ Signal: name }));
    const error = failure('Process::Signal', result, this.#systemId);
    if (error === undefined) return true;
    if (isGone(error)) return false;
    throw error;
  }

  async kill(): Promise<boolean> {
    // HCS serialises calls per handle, and a signal in flight blocks until its target ends: a fresh handle gets past it.
    const result = await this.#driver.terminateProcess(this.#handle);
    const error = failure('Process::Kill', result, this.#systemId);
    if (error === undefined) return true;
    if (isGone(error)) return false;
    throw error;
  }

  waitExit(call?: PortCall): Promise<ProcessExit> {
    this.#exit ??= this.#poll();
    return call?.signal === undefined ? this.#exit : Promise.race([this.#exit, aborted(call.signal)]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stdin?.destroy();
    this.stdout?.destroy();
    this.stderr?.destroy();
    void this.#driver.closeProcess(this.#handle);
  }

  async #poll(): Promise<ProcessExit> {
    const exitCode = await this.#exitCode();
    const ended = [this.stdout, this.stderr].map((stream) => endOf(stream));
    await Promise.race([Promise.all(ended), delay(drainMs)]);
    return { exitCode };
  }

  /** Asks until the process ended: quickly at first, then four times a second. Works on every build. */
  async #exitCode(): Promise<number> {
    for (let pause = 10; !this.#closed; pause = Math.min(pause * 1.5, 250)) {
      const result = await this.#driver.processProperties(this.#handle);
      const error = failure('Process::Properties', result, this.#systemId);
      if (error !== undefined) {
        if (isGone(error)) return unknownExitCode;
        throw error;
      }
      const status = JSON.parse(result.document ?? '{}') as ProcessStatus;
      if (status.Exited === true) {
        return (status.LastWaitResult ?? 0) === 0 ? (status.ExitCode ?? 0) >>> 0 : unknownExitCode;
      }
      await delay(pause);
    }
    return unknownExitCode;
  }

  async #closeStdin(): Promise<void> {
    const settings = { Operation: 'CloseHandle', CloseHandle: { Handle: 'StdIn' } };
    // The process may have ended, or never read: both are fine.
    await this.#driver.modifyProcess(this.#handle, JSON.stringify(settings)).catch(() => undefined);
  }
}

/** "No such process any more" in its several forms (hcs.md 8.3, 8.6). */
function isGone(error: HcsError): boolean {
  return isAlreadyStopped(error) || isNotExist(error) || isInvalidState(error);
}

function endOf(stream: Readable | undefined): Promise<void> {
  if (stream === undefined) return Promise.resolve();
  return new Promise((resolve) => finished(stream, { writable: false }, () => resolve()));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

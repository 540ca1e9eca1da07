/** A process whose stdio goes through pipes: everything without EmulateConsole. */
import type { Readable, Writable } from 'node:stream';
import type { ComputeProcess, PortCall, ProcessExit } from '../ports/compute.ts';
import { abortable } from './abortable.ts';
import type { Launcher } from './launcher-client.ts';
import type { ProcessStreams } from './process-streams.ts';

/** CTRL_*_EVENT numbers (hcs.md 3.4). */
export const consoleEvents: Readonly<Record<string, number>> = {
  CtrlC: 0,
  CtrlBreak: 1,
  CtrlClose: 2,
  CtrlLogOff: 5,
  CtrlShutdown: 6,
};

/** Exit code of a process that was killed: what TerminateProcess of HCS gives. */
export const killedExitCode = 1;

/** After its process a stream may stay open as long (hcs.md 5.2). */
const drainGraceMs = 1000;

/** What is reported for a code of the launcher; undefined: it did not see the end. */
export type ExitCodeOf = (code: number | undefined) => Promise<number>;

export class PipedProcess implements ComputeProcess {
  readonly pid: number;
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
  readonly #launcher: Launcher;
  readonly #exit: Promise<ProcessExit>;

  constructor(launcher: Launcher, pid: number, streams: ProcessStreams, exitCodeOf: ExitCodeOf) {
    this.#launcher = launcher;
    this.pid = pid;
    if (streams.stdin !== undefined) this.stdin = streams.stdin.on('error', () => undefined);
    if (streams.stdout !== undefined) this.stdout = streams.stdout;
    if (streams.stderr !== undefined) this.stderr = streams.stderr;
    const outputs = [streams.stdout, streams.stderr].filter((stream) => stream !== undefined);
    const drained = Promise.all(
      outputs.map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    );
    this.#exit = launcher.exitOf(pid).then(async (code) => {
      const exitCode = await exitCodeOf(code);
      streams.stdin?.destroy();
      await within(drained, drainGraceMs);
      return { exitCode };
    });
  }

  async resize(): Promise<void> {
    // Without a console there is nothing to resize; HCS accepts the call too.
  }

  async signal(name: string): Promise<boolean> {
    return signalThrough(this.#launcher, this.pid, name);
  }

  async kill(): Promise<boolean> {
    return terminateThrough(this.#launcher, this.pid);
  }

  waitExit(call?: PortCall): Promise<ProcessExit> {
    return abortable(this.#exit, call);
  }

  close(): void {
    this.stdin?.destroy();
    this.stdout?.destroy();
    this.stderr?.destroy();
  }
}

/** A name that is no console event: TypeError, the caller's mistake. */
export async function signalThrough(launcher: Launcher, pid: number, name: string): Promise<boolean> {
  const event = consoleEvents[name];
  if (event === undefined) throw new TypeError(`not a signal of Windows processes: ${name}`);
  return launcher.signal(pid, event).catch(() => false);
}

export async function terminateThrough(launcher: Launcher, pid: number): Promise<boolean> {
  return launcher.terminate(pid, killedExitCode).catch(() => false);
}

/** Resolves with the promise or after the time, whichever is first; leaves no timer behind. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), expired]);
  } finally {
    clearTimeout(timer);
  }
}

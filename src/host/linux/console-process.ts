/**
 * A process on a terminal (EmulateConsole): a launcher of its own on a Unix pseudo terminal, whose console the process shares
 * (linux-backend.md 9). Output is VT sequences; there is no stderr. Wine 8 takes the size at the start and ignores later ones.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { IPty } from '@lydell/node-pty';
import type { ProcessParameters } from '../../hcs/documents.ts';
import type { ComputeProcess, PortCall, ProcessExit } from '../ports/compute.ts';
import { abortable } from './abortable.ts';
import type { ComputeContext } from './compute-context.ts';
import { openReadEnd, readEnd } from './fifo.ts';
import { LauncherError, type Launcher } from './launcher-client.ts';
import {
  COMMAND,
  decodeNumber,
  encodeFrame,
  encodeStart,
  EVENT,
  EventDecoder,
  winePath,
  type StartRequest,
} from './launcher-protocol.ts';
import { signalThrough, terminateThrough, type ExitCodeOf } from './piped-process.ts';
import type { RunFolder } from './run-folder.ts';
import { enterPlan, wineEnvironment } from './sandbox-plan.ts';
import { encodeProgram } from './sandbox-program.ts';

export interface ConsoleStart {
  readonly context: ComputeContext;
  readonly user: string;
  readonly launcher: Launcher;
  readonly makeFifo: (pathInside: string) => Promise<void>;
  readonly folder: RunFolder;
  /** Of this process's files below /io. */
  readonly name: string;
  readonly sandboxPid: number;
  readonly cgroupFiles: readonly string[];
  readonly parameters: ProcessParameters;
  readonly request: StartRequest;
  readonly exitCode: ExitCodeOf;
}

const defaultSize = [30, 120] as const;

/** Resolves when the process runs. CreateProcessW's error: `LauncherError`. */
export async function openConsoleProcess(start: ConsoleStart): Promise<ComputeProcess> {
  const { context, name } = start;
  const base = join(start.folder.io, name);
  const program = `${base}.enter`;
  writeFileSync(`${base}.spec`, encodeFrame(COMMAND.create, 0, encodeStart(start.request)), { mode: 0o600 });
  const plan = enterPlan({
    identity: context.identity,
    sandboxPid: start.sandboxPid,
    cgroupFiles: start.cgroupFiles,
    environment: [...wineEnvironment(context.wine(), start.user), 'TERM=xterm-256color'],
    wine: context.wine(),
    arguments: ['console', winePath(`/io/${name}`)],
  });
  writeFileSync(program, encodeProgram(plan), { mode: 0o600 });
  await start.makeFifo(`/io/${name}.status`);
  const status = openReadEnd(`${base}.status`);
  const { spawn } = await import('@lydell/node-pty');
  const [rows, columns] = start.parameters.ConsoleSize ?? defaultSize;
  const terminal = spawn(context.helper, ['file', program], {
    name: 'xterm-256color',
    cols: clamp(columns),
    rows: clamp(rows),
    cwd: '/',
    env: {},
    encoding: null,
  });
  const process = new ConsoleProcess(start, terminal, status);
  try {
    await process.created;
  } catch (error) {
    terminal.kill('SIGKILL');
    throw error;
  } finally {
    for (const extension of ['.spec', '.status', '.enter']) rmSync(`${base}${extension}`, { force: true });
  }
  return process;
}

/** A terminal needs some size; 0 x 0 is what a client without one sends. */
function clamp(cells: number): number {
  return Math.min(1000, Math.max(1, Math.trunc(cells) || 1));
}

class ConsoleProcess implements ComputeProcess {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly created: Promise<void>;
  #pid = 0;
  readonly #launcher: Launcher;
  readonly #terminal: IPty;
  readonly #exit: Promise<ProcessExit>;
  #gone = false;

  constructor(start: ConsoleStart, terminal: IPty, statusDescriptor: number) {
    this.#launcher = start.launcher;
    this.#terminal = terminal;
    const output = new Readable({ read: () => terminal.resume() });
    // Without an encoding these are buffers, whatever the type says.
    terminal.onData((data) => {
      if (!output.push(data)) terminal.pause();
    });
    const ended = new Promise<void>((resolve) => {
      terminal.onExit(() => {
        this.#gone = true;
        output.push(null);
        resolve();
      });
    });
    if (start.parameters.CreateStdOutPipe === true) this.stdout = output;
    else output.resume();
    if (start.parameters.CreateStdInPipe === true)
      this.stdin = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          if (!this.#gone) writeBytes(terminal, chunk);
          done();
        },
      });

    const created = Promise.withResolvers<void>();
    this.created = created.promise;
    this.created.catch(() => undefined);
    let exitCode: number | undefined;
    const decoder = new EventDecoder();
    const status = readEnd(statusDescriptor);
    status.on('error', () => undefined);
    status.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind === EVENT.failed) created.reject(new LauncherError(decodeNumber(event.payload)));
        if (event.kind === EVENT.exited) exitCode = decodeNumber(event.payload, 1);
        if (event.kind !== EVENT.created) continue;
        this.#pid = decodeNumber(event.payload);
        created.resolve();
      }
    });
    this.#exit = ended.then(async () => {
      // The status fifo may hold the exit still: let what was written be read.
      await new Promise((resolve) => setImmediate(resolve));
      status.destroy();
      created.reject(new Error('the terminal ended before the process was created'));
      return { exitCode: await start.exitCode(exitCode) };
    });
  }

  get pid(): number {
    return this.#pid;
  }

  async resize(height: number, width: number): Promise<void> {
    if (!this.#gone) this.#terminal.resize(clamp(width), clamp(height));
  }

  signal(name: string): Promise<boolean> {
    return this.#gone ? Promise.resolve(false) : signalThrough(this.#launcher, this.pid, name);
  }

  kill(): Promise<boolean> {
    return this.#gone ? Promise.resolve(false) : terminateThrough(this.#launcher, this.pid);
  }

  waitExit(call?: PortCall): Promise<ProcessExit> {
    return abortable(this.#exit, call);
  }

  close(): void {
    this.stdin?.destroy();
    this.stdout?.destroy();
    if (!this.#gone) this.#terminal.kill('SIGHUP');
  }
}

/** Buffers are written as they are; the type knows strings only. */
function writeBytes(terminal: IPty, bytes: Buffer): void {
  (terminal as unknown as { write(data: Buffer): void }).write(bytes);
}

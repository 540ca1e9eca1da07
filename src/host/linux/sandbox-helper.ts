/**
 * The sandbox helper as a child process: gives it its program, reads its lines, sends it commands. One helper is one sandbox;
 * when this process dies, the helper's first process sees the end of the control socket and ends everything.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { winePath } from './launcher-protocol.ts';
import { encodeProgram, type SandboxStep } from './sandbox-program.ts';

/** A step that failed: its name, the error's number, what it was about. */
export class SandboxStepError extends Error {
  readonly step: string;
  readonly errno: number;
  readonly detail: string;

  constructor(step: string, errno: number, detail: string) {
    super(`${step} ${detail}: ${errnoName(errno)}`);
    this.name = 'SandboxStepError';
    this.step = step;
    this.errno = errno;
    this.detail = detail;
  }
}

function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `error ${errno}`;
}

export class SandboxHelper {
  /** Resolves with the host pid of the sandbox's first process once its namespaces and mounts are there. */
  readonly ready: Promise<number>;
  /** Resolves when no process of the sandbox is left. */
  readonly ended: Promise<void>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #onKilled: (signal: number, name: string) => void;
  readonly #control: Duplex;
  #rest = '';
  #sandboxPid: number | undefined;
  #mounted = false;
  #failure: Error | undefined;
  readonly #answers: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #resolveReady: (pid: number) => void = () => undefined;
  #rejectReady: (error: Error) => void = () => undefined;

  /** `onKilled` hears of every process of the sandbox that ended by a signal, with the kernel's name of it. */
  constructor(
    helper: string,
    steps: readonly SandboxStep[],
    logDescriptor: number | 'ignore',
    onKilled: (signal: number, name: string) => void = () => undefined,
  ) {
    this.#onKilled = onKilled;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    this.ready.catch(() => undefined);
    this.#child = spawn(helper, ['control'], {
      stdio: ['ignore', 'ignore', logDescriptor, 'pipe'],
      env: {},
      detached: true,
    });
    this.pid = this.#child.pid ?? 0;
    this.#control = this.#child.stdio[3] as Duplex;
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#fail(error);
        resolve();
      });
      this.#child.once('close', () => {
        this.#fail(new Error('the sandbox ended'));
        resolve();
      });
    });
    this.#control.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#control.on('error', () => undefined);
    this.#control.write(encodeProgram(steps));
  }

  /** Lets the sandbox start its program: the plan's `wait` step. */
  go(): void {
    this.#control.write('go\n');
  }

  makeFifo(pathInside: string): Promise<void> {
    return this.#ask(`mkfifo ${pathInside}`);
  }

  /** One more launcher, whose programs run as that account; `channel` without extension, as the sandbox sees it. */
  startLauncher(user: string, channel: string): Promise<void> {
    return this.#ask(`launcher USER=${user} ${winePath(channel)}`);
  }

  pause(): Promise<void> {
    return this.#ask('pause');
  }

  resume(): Promise<void> {
    return this.#ask('resume');
  }

  /** Flushes the registry and ends every process; `ended` tells when. */
  terminate(): void {
    if (this.#control.writable) this.#control.write('terminate\n');
  }

  /** Without any flush. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#answers.push({ resolve, reject });
      this.#control.write(`${line}\n`);
    });
  }

  #read(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const [word = '', first = '', second = '', ...rest] = line.split(' ');
    /* The two lines come from two processes, in any order. */
    if (word === 'sandbox') this.#sandboxPid = Number(first);
    else if (word === 'report' && first === 'ready') this.#mounted = true;
    else if (word === 'killed') this.#onKilled(Number(first), [second, ...rest].join(' '));
    else if (word === 'error') this.#fail(new SandboxStepError(first, Number(second), rest.join(' ')));
    else if (word === 'ok') this.#answers.shift()?.resolve();
    else if (word === 'failed')
      this.#answers.shift()?.reject(new SandboxStepError('command', Number(first), ''));
    if (this.#mounted && this.#sandboxPid !== undefined) this.#resolveReady(this.#sandboxPid);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#rejectReady(this.#failure);
    for (const answer of this.#answers.splice(0)) answer.reject(this.#failure);
  }
}

/** The fifos of one process: made by the sandbox's first process, opened here, then by the launcher. */
import { closeSync, unlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ProcessParameters } from '../../hcs/documents.ts';
import { holdWriteEnd, openReadEnd, readEnd, writeEnd } from './fifo.ts';
import { STDIO } from './launcher-protocol.ts';

export interface ProcessStreams {
  readonly stdin?: Socket;
  readonly stdout?: Socket;
  readonly stderr?: Socket;
}

/** Which streams the process parameters ask for, as the launcher's flags. */
export function stdioFlags(parameters: ProcessParameters): number {
  return (
    (parameters.CreateStdInPipe === true ? STDIO.in : 0) |
    (parameters.CreateStdOutPipe === true ? STDIO.out : 0) |
    (parameters.CreateStdErrPipe === true && parameters.EmulateConsole !== true ? STDIO.err : 0)
  );
}

export class StreamSet {
  /** Path of the fifos in the sandbox, without extension. */
  readonly inside: string;
  readonly #outside: string;
  readonly #flags: number;
  #input: number | undefined;
  #output: number | undefined;
  #errors: number | undefined;

  private constructor(folder: string, name: string, flags: number) {
    this.inside = `/io/${name}`;
    this.#outside = join(folder, name);
    this.#flags = flags;
  }

  /** `folder` is the host's side of /io; `makeFifo` gets paths of the sandbox. */
  static async open(
    folder: string,
    name: string,
    flags: number,
    makeFifo: (pathInside: string) => Promise<void>,
  ): Promise<StreamSet> {
    const set = new StreamSet(folder, name, flags);
    await Promise.all(set.#extensions().map((extension) => makeFifo(`${set.inside}${extension}`)));
    if ((flags & STDIO.in) !== 0) set.#input = holdWriteEnd(`${set.#outside}.in`);
    if ((flags & STDIO.out) !== 0) set.#output = openReadEnd(`${set.#outside}.out`);
    if ((flags & STDIO.err) !== 0) set.#errors = openReadEnd(`${set.#outside}.err`);
    return set;
  }

  /** The launcher has its ends: the names are no longer needed. */
  connect(): ProcessStreams {
    const streams: ProcessStreams = {
      ...(this.#input === undefined ? {} : { stdin: writeEnd(`${this.#outside}.in`, this.#input) }),
      ...(this.#output === undefined ? {} : { stdout: readEnd(this.#output) }),
      ...(this.#errors === undefined ? {} : { stderr: readEnd(this.#errors) }),
    };
    this.#unlink();
    return streams;
  }

  /** The process was not created. */
  discard(): void {
    for (const descriptor of [this.#input, this.#output, this.#errors])
      if (descriptor !== undefined) closeSync(descriptor);
    this.#unlink();
  }

  #extensions(): string[] {
    return [
      ...((this.#flags & STDIO.in) === 0 ? [] : ['.in']),
      ...((this.#flags & STDIO.out) === 0 ? [] : ['.out']),
      ...((this.#flags & STDIO.err) === 0 ? [] : ['.err']),
    ];
  }

  #unlink(): void {
    for (const extension of this.#extensions()) {
      try {
        unlinkSync(`${this.#outside}${extension}`);
      } catch {
        // The run folder goes anyway.
      }
    }
  }
}

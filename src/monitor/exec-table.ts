import type { ExecCreateRequest, ExecInspect } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { ProcessParameters } from '../hcs/documents.ts';
import type { ComputeProcess, ComputeSystem } from '../host/ports/compute.ts';

/** Finished execs stay inspectable this long (engine-api.md 4.5); older ones go when the next one is made. */
const keptMs = 5 * 60_000;

interface ExecEntry {
  readonly id: string;
  readonly request: ExecCreateRequest;
  process?: ComputeProcess;
  pid: number;
  exitCode: number | null;
  started: boolean;
  finishedAt?: number;
}

export interface ExecEnd {
  readonly id: string;
  readonly exitCode: number;
}

/** Execs of one run: created, running, finished. */
export class ExecTable {
  readonly #containerId: string;
  readonly #now: () => number;
  readonly #entries = new Map<string, ExecEntry>();

  readonly #onChange: (ids: readonly string[]) => void;

  /** `onChange` hears which execs have not finished, whenever that changes. */
  constructor(containerId: string, now: () => number, onChange: (ids: readonly string[]) => void) {
    this.#containerId = containerId;
    this.#now = now;
    this.#onChange = onChange;
  }

  create(id: string, request: ExecCreateRequest): void {
    this.#sweep();
    this.#entries.set(id, { id, request, pid: 0, exitCode: null, started: false });
    this.#tell();
  }

  request(id: string): ExecCreateRequest {
    return this.#find(id).request;
  }

  /** Starts the process. A program that cannot be started leaves the exec finished with 126 or 127, as in Docker. */
  async start(id: string, system: ComputeSystem, parameters: ProcessParameters): Promise<ComputeProcess> {
    const entry = this.#find(id);
    if (entry.started) {
      throw new PortholeError('conflict', 'EXEC_STARTED', `Error: Exec command ${id} is already running`);
    }
    entry.started = true;
    try {
      entry.process = await system.createProcess(parameters);
    } catch (error) {
      this.#finish(entry, /access is denied/i.test(String(error)) ? 126 : 127);
      throw error;
    }
    entry.pid = entry.process.pid;
    return entry.process;
  }

  finish(id: string, exitCode: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#finish(entry, exitCode);
  }

  process(id: string): ComputeProcess {
    const { process, exitCode } = this.#find(id);
    if (process === undefined || exitCode !== null) {
      throw new PortholeError('conflict', 'EXEC_NOT_RUNNING', `exec ${id} is not running`);
    }
    return process;
  }

  inspect(id: string): ExecInspect {
    const entry = this.#find(id);
    const { request } = entry;
    const [entrypoint = '', ...args] = request.Cmd ?? [];
    return {
      ID: id,
      Running: entry.process !== undefined && entry.exitCode === null,
      ExitCode: entry.exitCode,
      ProcessConfig: {
        tty: request.Tty,
        entrypoint,
        arguments: args,
        ...(request.Privileged ? { privileged: true } : {}),
        ...(request.User === '' ? {} : { user: request.User }),
      },
      OpenStdin: request.AttachStdin,
      OpenStderr: request.AttachStderr,
      OpenStdout: request.AttachStdout,
      CanRemove: entry.exitCode !== null,
      ContainerID: this.#containerId,
      DetachKeys: Buffer.from(request.DetachKeys).toString('base64'),
      Pid: entry.pid,
    };
  }

  #finish(entry: ExecEntry, exitCode: number): void {
    entry.exitCode = exitCode;
    entry.finishedAt = this.#now();
    delete entry.process;
    this.#tell();
  }

  #tell(): void {
    const open = [...this.#entries.values()].filter((entry) => entry.exitCode === null);
    this.#onChange(open.map((entry) => entry.id));
  }

  #find(id: string): ExecEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw noSuchExec(id);
    return entry;
  }

  #sweep(): void {
    const oldest = this.#now() - keptMs;
    for (const entry of this.#entries.values()) {
      if (entry.finishedAt !== undefined && entry.finishedAt < oldest) this.#entries.delete(entry.id);
    }
  }
}

export function noSuchExec(id: string): PortholeError {
  return new PortholeError('notFound', 'EXEC_NOT_FOUND', `No such exec instance: ${id}`);
}

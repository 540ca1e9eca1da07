import type { Readable, Writable } from 'node:stream';
import type {
  ContainerCommitResponse,
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainersPruneResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerWaitResponse,
  ExecCreateRequest,
  ExecInspect,
  FilesystemChange,
} from '../../api/types/index.ts';

/**
 * Live stdio of a container or exec. Streams are already demultiplexed; `stderr` is absent with a TTY. `stdin` is absent
 * unless asked for; ending it half-closes. Closing the session detaches and never stops the process.
 */
export interface StdioSession {
  readonly stdin?: Writable;
  readonly stdout: Readable;
  readonly stderr?: Readable;
  close(): void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Docker's list filters: `{ status: ['running'], label: ['a=b'] }`; an unknown key is kind `invalid`. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** `POST /commit`, as its query has it. */
export interface ContainerCommitRequest {
  /** What the image shall be called, in any form that `tag` takes; empty = it gets no name. */
  readonly reference: string;
  readonly author: string;
  readonly comment: string;
  /** Pause a running container meanwhile. Windows containers must be stopped in any case. */
  readonly pause: boolean;
  /** Instructions of the Dockerfile language, applied in order to the container's configuration. */
  readonly changes: readonly string[];
}

/**
 * The containers role: Docker's container verbs on one engine. `id` is always anything Docker accepts: full ID, unique ID
 * prefix or name. Errors: `notFound` `No such container: x`; `invalid` for an ambiguous prefix; `conflict` for state.
 */
export interface ContainersRole {
  /** Unknown image: kind `notFound`, code `IMAGE_NOT_FOUND`, so that callers can pull and try again. Nothing is started. */
  create(
    request: ContainerCreateRequest,
    options?: CallOptions & { name?: string; platform?: string },
  ): Promise<ContainerCreateResponse>;
  /** Resolves when the init process runs. Already running: kind `notModified`. */
  start(id: string, options?: CallOptions): Promise<void>;
  /** `timeout` in seconds, -1 = wait for ever; default is the container's StopTimeout or 10. Not running: `notModified`. */
  stop(id: string, options?: CallOptions & { signalName?: string; timeout?: number }): Promise<void>;
  restart(id: string, options?: CallOptions & { signalName?: string; timeout?: number }): Promise<void>;
  kill(id: string, signalName: string, options?: CallOptions): Promise<void>;
  /** Resolves once the wait is registered (call it before `start`); `exit` resolves with the code. */
  wait(
    id: string,
    condition: WaitCondition,
    options?: CallOptions,
  ): Promise<{ exit: Promise<ContainerWaitResponse> }>;
  /** Attach before `start` loses no output. Several readers may be attached at once. `logs` replays what was written. */
  attach(
    id: string,
    options: CallOptions & {
      stdin?: boolean;
      stdout?: boolean;
      stderr?: boolean;
      logs?: boolean;
      detachKeys?: string;
    },
  ): Promise<StdioSession>;
  resize(id: string, size: { height: number; width: number }): Promise<void>;
  /**
   * json-file records as raw streams. `since`/`until`: RFC 3339 or Unix seconds text; `tail`: 'all' or a count;
   * `timestamps` prefixes each line with RFC 3339Nano; `details` adds log-opt attributes.
   */
  logs(
    id: string,
    options: CallOptions & {
      stdout: boolean;
      stderr: boolean;
      follow?: boolean;
      since?: string;
      until?: string;
      tail?: string;
      timestamps?: boolean;
      details?: boolean;
    },
  ): Promise<StdioSession>;
  inspect(id: string, options?: CallOptions & { size?: boolean }): Promise<ContainerInspect>;
  list(
    options?: CallOptions & { all?: boolean; limit?: number; size?: boolean; filters?: Filters },
  ): Promise<ContainerSummary[]>;
  remove(
    id: string,
    options?: CallOptions & { force?: boolean; volumes?: boolean; link?: boolean },
  ): Promise<void>;
  rename(id: string, name: string, options?: CallOptions): Promise<void>;
  top(id: string, options?: CallOptions): Promise<ContainerTopResponse>;
  /**
   * Makes an image of the container's image and what the container changed. Running: kind `internal`, code
   * `CONTAINER_RUNNING`, Docker's refusal on Windows. Nothing is left when it fails.
   */
  commit(
    id: string,
    request: ContainerCommitRequest,
    options?: CallOptions,
  ): Promise<ContainerCommitResponse>;
  /** What the container changed, in the order of a layer. Running: kind `internal`, code `CONTAINER_RUNNING`. */
  changes(id: string, options?: CallOptions): Promise<FilesystemChange[]>;
  /**
   * Removes every container that does not run. Filters: `until`, `label`, `label!` (docker-cli.md 6). One at a time: a second
   * call meanwhile is kind `conflict`, `a prune operation is already running`. `dryRun` only tells what would go.
   */
  prune(options?: CallOptions & { filters?: Filters; dryRun?: boolean }): Promise<ContainersPruneResponse>;
}

/** Processes beside the init process. Finished execs stay inspectable for a while. */
export interface ExecRole {
  create(containerId: string, request: ExecCreateRequest, options?: CallOptions): Promise<{ Id: string }>;
  /** Returns when the process runs; no session when detached. */
  start(
    id: string,
    options: CallOptions & { detach: boolean; tty: boolean },
  ): Promise<StdioSession | undefined>;
  resize(id: string, size: { height: number; width: number }): Promise<void>;
  inspect(id: string, options?: CallOptions): Promise<ExecInspect>;
}

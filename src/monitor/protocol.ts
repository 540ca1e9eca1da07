/**
 * What a monitor and its clients say to each other.
 *
 * Bootstrap: the parent writes one JSON document to the monitor's stdin; the monitor answers one JSON line on stdout as
 * soon as it listens (or cannot), and the parent lets go. No flags, no environment variables.
 *
 * Socket: a connection carries one request, a JSON line. The monitor answers with JSON lines; `attach` and `exec-start`
 * are followed by frames in both directions (frames.ts).
 */
import type { ExecCreateRequest, ExecInspect } from '../api/types/index.ts';
import type { Environment } from '../environment.ts';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import type { ErrorKind } from '../errors/porthole-error.ts';

export const protocolVersion = 1;

export interface BootstrapDocument {
  readonly version: number;
  readonly containerId: string;
  readonly environment: Pick<
    Environment,
    'platform' | 'arch' | 'elevated' | 'homeDir' | 'dataRoot' | 'wineRoot' | 'packageRoot' | 'recording'
  >;
}

export type BootstrapAnswer =
  | { readonly kind: 'ready'; readonly version: number; readonly pid: number; readonly socket: string }
  /** Another process holds the container: a monitor that is starting or ending, a removal, a repair. */
  | { readonly kind: 'busy'; readonly pid: number }
  | { readonly kind: 'error'; readonly error: WireError };

export type MonitorRequest =
  | { readonly type: 'start' }
  | { readonly type: 'wait'; readonly condition: 'not-running' | 'next-exit' | 'removed' }
  | { readonly type: 'stop'; readonly signal?: string; readonly timeout?: number }
  | { readonly type: 'kill'; readonly signal: string }
  | { readonly type: 'resize'; readonly height: number; readonly width: number }
  | {
      readonly type: 'attach';
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
    }
  | { readonly type: 'exec-create'; readonly id: string; readonly request: ExecCreateRequest }
  | { readonly type: 'exec-start'; readonly id: string; readonly detach: boolean }
  | { readonly type: 'exec-resize'; readonly id: string; readonly height: number; readonly width: number }
  | { readonly type: 'exec-inspect'; readonly id: string }
  | { readonly type: 'top' }
  | { readonly type: 'rename'; readonly name: string }
  /** Quit if nothing runs: somebody wants the container for themselves (removal). */
  | { readonly type: 'leave' };

/** Result of each request's (last) answer line. */
export interface MonitorResults {
  start: Record<string, never>;
  /** First line: registered. Second line: this. */
  wait: { readonly exitCode: number; readonly error?: string };
  stop: Record<string, never>;
  kill: Record<string, never>;
  resize: Record<string, never>;
  /** `tty`: everything comes on stdout frames. `logSize`: what is in the log file does not come again on the connection. */
  attach: { readonly tty: boolean; readonly logSize?: number };
  'exec-create': Record<string, never>;
  'exec-start': { readonly pid: number };
  'exec-resize': Record<string, never>;
  'exec-inspect': { readonly exec: ExecInspect };
  top: { readonly processes: readonly TopProcess[] };
  rename: Record<string, never>;
  leave: Record<string, never>;
}

export interface TopProcess {
  readonly processId: number;
  readonly imageName: string;
  /** 100 ns units, as decimal text. */
  readonly cpu100ns: string;
  readonly workingSetPrivateBytes: number;
}

export type MonitorAnswer<T> =
  { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: WireError };

/** A PortholeError on a wire. */
export interface WireError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode?: number;
  readonly retriable?: boolean;
  /** Unsigned, where Windows (or the backend in its place) said no. */
  readonly hresult?: number;
}

/** An engine error that came over a wire. */
class RemoteError extends PortholeError {
  readonly hresult: number | undefined;

  constructor({ kind, code, message, hresult, ...details }: WireError) {
    super(kind, code, message, details);
    this.hresult = hresult;
  }
}

function hresultOf(error: Error): number | undefined {
  const { hresult } = error as { hresult?: unknown };
  if (typeof hresult === 'number') return hresult >>> 0;
  return error.cause instanceof Error ? hresultOf(error.cause) : undefined;
}

export function toWireError(thrown: unknown): WireError {
  if (!(thrown instanceof PortholeError)) {
    return { kind: 'internal', code: 'INTERNAL', message: asError(thrown).message };
  }
  const hresult = hresultOf(thrown);
  return {
    kind: thrown.kind,
    code: thrown.code,
    message: thrown.message,
    ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    ...(thrown.exitCode === undefined ? {} : { exitCode: thrown.exitCode }),
    ...(thrown.retriable ? { retriable: true } : {}),
    ...(hresult === undefined ? {} : { hresult }),
  };
}

export function fromWireError(wire: WireError): PortholeError {
  return new RemoteError(wire);
}

/** Code of a request that came while the monitor was already on its way out: ask for a new monitor. */
export const monitorLeaving = 'MONITOR_LEAVING';

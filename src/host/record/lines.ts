/** The lines of a recording (JSON lines). `p` names the process that wrote it: `cli`, or `monitor:<container>:<pid>`. */
import type { RecordedError } from './encode.ts';

export const recordingFormat = 1;

export interface HeaderLine {
  readonly recording: 'porthole';
  readonly format: number;
  readonly version: string;
  readonly platform: string;
  readonly arch: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Files of the data root that commands read, by their path below it. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that were left out, with the reason. */
  readonly omitted: Readonly<Record<string, string>>;
  /** Containers that monitors had at the begin: what those monitors did is not here. */
  readonly held?: readonly string[];
}

/** The optional parts that the ports of this host have. */
export interface PortsLine {
  readonly p: string;
  readonly ports: {
    readonly networkTypes?: readonly string[];
    readonly publish: boolean;
    readonly warnings: boolean;
  };
}

export interface CallLine {
  readonly p: string;
  /** Counts the calls of one process. */
  readonly n: number;
  /** `compute.create`, `system.start`. */
  readonly call: string;
  /** The call that gave the object this is a method of. */
  readonly on?: number;
  readonly args: readonly unknown[];
}

export interface ReturnLine {
  readonly p: string;
  readonly n: number;
  readonly result?: unknown;
  readonly error?: RecordedError;
}

/** A piece of what an object streamed: text, or base64 where it is not UTF-8. */
export interface DataLine {
  readonly p: string;
  readonly of: number;
  readonly stream: string;
  readonly text?: string;
  readonly base64?: string;
  readonly end?: true;
  /** The limit was reached: what follows was not kept. */
  readonly cut?: true;
}

export interface EntryLine {
  readonly p: string;
  readonly of: number;
  readonly entry: unknown;
}

export interface IdLine {
  readonly p: string;
  readonly id: string;
}

export type Line = HeaderLine | PortsLine | CallLine | ReturnLine | DataLine | EntryLine | IdLine;

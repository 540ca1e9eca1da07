/**
 * Frames of the launcher's control channel (`native/launcher/launcher.h`): u32 length of the rest, u32 kind, u32 tag, payload;
 * little-endian, texts as UTF-16LE with their NUL behind a u32 byte length. Pure.
 */
export const COMMAND = { create: 1, signal: 2, terminate: 3, list: 4, environment: 5, shutdown: 6 } as const;
export const EVENT = {
  ready: 100,
  created: 101,
  failed: 102,
  done: 103,
  processes: 104,
  environment: 105,
  exited: 106,
} as const;
export const STDIO = { in: 1, out: 2, err: 4 } as const;

/** Milliseconds after which a shutdown does not end the rest (0xffffffff). */
export const forever = 0xffffffff;

export interface StartRequest {
  /** Sum of `STDIO` values. */
  readonly stdio: number;
  /** Path of the fifos without their extension, as the container sees it: `/io/5`. */
  readonly stdioPath: string;
  readonly commandLine: string;
  readonly directory: string;
  /** Names and values in the order of the new block. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** PATH by which the program is searched. */
  readonly path: string;
}

export interface LauncherEvent {
  readonly kind: number;
  readonly tag: number;
  readonly payload: Buffer;
}

export interface LauncherProcess {
  readonly pid: number;
  readonly parent: number;
  /** 100 ns units since 1601. */
  readonly created: bigint;
  readonly kernel100ns: bigint;
  readonly user100ns: bigint;
  readonly workingSet: number;
  /** `C:\…\name.exe`. */
  readonly path: string;
}

export interface RegistryVariable {
  readonly scope: 'system' | 'user';
  readonly name: string;
  readonly value: string;
  /** REG_EXPAND_SZ: `%NAME%` in it is replaced. */
  readonly expand: boolean;
}

/** Wine's spelling of a Unix path (linux-backend.md 5.4). */
export function winePath(unixPath: string): string {
  return `\\\\?\\unix${unixPath.replaceAll('/', '\\')}`;
}

export function encodeFrame(kind: number, tag: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(payload.length + 8, 0);
  head.writeUInt32LE(kind, 4);
  head.writeUInt32LE(tag, 8);
  return Buffer.concat([head, payload]);
}

export function encodeNumbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value >>> 0, index * 4));
  return bytes;
}

export function encodeStart(request: StartRequest): Buffer {
  return Buffer.concat([
    encodeNumbers(request.stdio),
    encodeText(winePath(request.stdioPath)),
    encodeText(request.commandLine),
    encodeText(request.directory),
    encodeBlob(encodeEnvironment(request.environment)),
    encodeText(request.path),
  ]);
}

/** `name=value` NUL ... NUL, in UTF-16LE. An empty block is two NULs. */
function encodeEnvironment(variables: readonly (readonly [string, string])[]): Buffer {
  const entries = variables.map(([name, value]) => `${name}=${value}\0`).join('');
  return Buffer.from(entries === '' ? '\0\0' : `${entries}\0`, 'utf16le');
}

function encodeText(text: string): Buffer {
  return encodeBlob(Buffer.from(`${text}\0`, 'utf16le'));
}

function encodeBlob(bytes: Buffer): Buffer {
  return Buffer.concat([encodeNumbers(bytes.length), bytes]);
}

/** Anything longer was not written by our launcher: programs of the container are not trusted. */
const longestFrame = 16 * 1024 * 1024;

/** Cuts the byte stream of `ctl.out` into events; keeps what is incomplete. */
export class EventDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): LauncherEvent[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const events: LauncherEvent[] = [];
    while (bytes.length >= 12) {
      const length = bytes.readUInt32LE(0) + 4;
      if (length < 12 || length > longestFrame) throw new RangeError(`a frame of ${length} bytes`);
      if (bytes.length < length) break;
      events.push({
        kind: bytes.readUInt32LE(4),
        tag: bytes.readUInt32LE(8),
        payload: bytes.subarray(12, length),
      });
      bytes = bytes.subarray(length);
    }
    this.#rest = bytes;
    return events;
  }
}

export function decodeNumber(payload: Buffer, index = 0): number {
  return payload.length >= index * 4 + 4 ? payload.readUInt32LE(index * 4) : 0;
}

export function decodeProcesses(payload: Buffer): LauncherProcess[] {
  const processes: LauncherProcess[] = [];
  for (let at = 0; at < payload.length;) {
    const length = payload.readUInt32LE(at + 40);
    processes.push({
      pid: payload.readUInt32LE(at),
      parent: payload.readUInt32LE(at + 4),
      created: payload.readBigUInt64LE(at + 8),
      kernel100ns: payload.readBigUInt64LE(at + 16),
      user100ns: payload.readBigUInt64LE(at + 24),
      workingSet: Number(payload.readBigUInt64LE(at + 32)),
      path: decodeText(payload, at + 44, length),
    });
    at += 44 + length;
  }
  return processes;
}

export function decodeEnvironment(payload: Buffer): RegistryVariable[] {
  const variables: RegistryVariable[] = [];
  for (let at = 0; at < payload.length;) {
    const scope = payload.readUInt32LE(at) === 0 ? 'system' : 'user';
    const expand = payload.readUInt32LE(at + 4) === 2;
    const nameLength = payload.readUInt32LE(at + 8);
    const name = decodeText(payload, at + 12, nameLength);
    at += 12 + nameLength;
    const valueLength = payload.readUInt32LE(at);
    variables.push({ scope, name, value: decodeText(payload, at + 4, valueLength), expand });
    at += 4 + valueLength;
  }
  return variables;
}

function decodeText(payload: Buffer, at: number, length: number): string {
  return payload.toString('utf16le', at, at + length - 2);
}

/** Arguments, results and errors as JSON, with the places of one machine replaced by tokens, and back. */
import { asError, PortholeError } from '../../errors/porthole-error.ts';
import type { ErrorKind } from '../../errors/porthole-error.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HnsError } from '../../hns/hns-error.ts';

export interface Places {
  /** Absolute. */
  readonly dataRoot: string;
  readonly homeDir: string;
}

const rootToken = '<data-root>';
const homeToken = '<home>';

/** Plain JSON: bigints and bytes tagged, functions and signals left out. */
export function toJson(value: unknown, places: Places): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'string') return hidePlaces(value, places);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map((item) => toJson(item, places) ?? null);
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
  if (value instanceof AbortSignal) return undefined;
  const members = Object.entries(value).flatMap(([key, item]) => {
    const json = toJson(item, places);
    return json === undefined ? [] : [[hidePlaces(key, places), json] as const];
  });
  return Object.fromEntries(members);
}

export function fromJson(value: unknown, places: Places): unknown {
  if (typeof value === 'string') return showPlaces(value, places);
  if (Array.isArray(value)) return value.map((item) => fromJson(item, places));
  if (typeof value !== 'object' || value === null) return value;
  const { $bigint, $bytes } = value as { $bigint?: unknown; $bytes?: unknown };
  if (typeof $bigint === 'string') return BigInt($bigint);
  if (typeof $bytes === 'string') return Buffer.from($bytes, 'base64');
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [showPlaces(key, places), fromJson(item, places)]),
  );
}

/** Call options carry a signal and nothing that matters: an empty object at the end is no argument. */
export function argumentsToJson(args: readonly unknown[], places: Places): unknown[] {
  const out = args.map((arg) => toJson(arg, places) ?? null);
  while (out.length > 0 && isNothing(out.at(-1))) out.pop();
  return out;
}

function isNothing(value: unknown): boolean {
  return (
    value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
  );
}

function hidePlaces(text: string, { dataRoot, homeDir }: Places): string {
  const hidden = dataRoot.length > 1 ? text.replaceAll(dataRoot, rootToken) : text;
  return homeDir.length > 3 ? hidden.replaceAll(homeDir, homeToken) : hidden;
}

function showPlaces(text: string, { dataRoot, homeDir }: Places): string {
  return text.includes('<') ? text.replaceAll(rootToken, dataRoot).replaceAll(homeToken, homeDir) : text;
}

export interface RecordedError {
  readonly name: string;
  readonly message: string;
  readonly kind?: ErrorKind;
  readonly code?: string;
  readonly hint?: string;
  readonly retriable?: boolean;
  readonly exitCode?: number;
  readonly op?: string;
  readonly hresult?: number;
  readonly subject?: string;
  readonly systemId?: string;
  readonly events?: readonly string[];
}

export function errorToJson(thrown: unknown): RecordedError {
  const error = asError(thrown);
  const base = { name: error.name, message: error.message };
  if (!(error instanceof PortholeError)) {
    const { code } = error as NodeJS.ErrnoException;
    return typeof code === 'string' ? { ...base, code } : base;
  }
  const { kind, code, hint, retriable, exitCode } = error;
  return {
    ...base,
    kind,
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(retriable ? { retriable } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(error instanceof HcsError
      ? {
          op: error.op,
          hresult: error.hresult,
          events: error.events,
          ...(error.systemId === undefined ? {} : { systemId: error.systemId }),
        }
      : {}),
    ...(error instanceof HnsError
      ? {
          op: error.op,
          hresult: error.hresult,
          ...(error.subject === undefined ? {} : { subject: error.subject }),
        }
      : {}),
  };
}

export function errorFromJson(recorded: RecordedError): Error {
  const { name, message, kind, code, hint, retriable, exitCode, op, hresult, subject, systemId } = recorded;
  const hinted = hint === undefined ? {} : { hint };
  if (op !== undefined && hresult !== undefined) {
    if (name === 'HnsError') {
      return new HnsError(op, hresult, {
        text: message.replace(/^hnsCall failed in Win32: ([^]*) \(0x[0-9a-f]+\)$/, '$1'),
        ...(subject === undefined ? {} : { subject }),
        ...hinted,
      });
    }
    return new HcsError(op, hresult, {
      events: recorded.events ?? [],
      ...(systemId === undefined ? {} : { systemId }),
      ...hinted,
    });
  }
  if (kind === undefined) {
    const error: NodeJS.ErrnoException = new Error(message);
    error.name = name;
    if (code !== undefined) error.code = code;
    return error;
  }
  return new PortholeError(kind, code ?? 'INTERNAL', message, {
    ...hinted,
    ...(retriable === true ? { retriable } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  });
}

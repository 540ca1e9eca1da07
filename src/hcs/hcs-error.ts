import { PortholeError, type ErrorKind } from '../errors/porthole-error.ts';
import { formatHresult, HRESULT, hresultHint, hresultText, sameCondition, unsigned } from './hresult.ts';

export interface HcsErrorDetails {
  /** The compute system the call was about. */
  readonly systemId?: string;
  /** `ErrorEvents` of the HCS result document, as texts; also what a backend wants to add. */
  readonly events?: readonly string[];
  readonly hint?: string;
  /** The system's own text, in place of the table's. */
  readonly text?: string;
  readonly cause?: unknown;
}

/**
 * A failed compute call: every adapter of the compute port throws this and nothing else. `op` is the HCS verb
 * (`create`, `start`, `createProcess` ...), `hresult` is unsigned. The message is hcsshim's:
 * `hcs::System::Start <id>: The system cannot find the file specified. (0x2)`.
 */
export class HcsError extends PortholeError {
  readonly op: string;
  readonly hresult: number;
  readonly systemId: string | undefined;
  readonly events: readonly string[];

  constructor(op: string, hresult: number, details: HcsErrorDetails = {}) {
    const code = unsigned(hresult);
    const subject = details.systemId === undefined ? '' : ` ${details.systemId}`;
    const events = details.events ?? [];
    const tail = events.length > 0 ? ` (${events.join('; ')})` : '';
    const hint = details.hint ?? hresultHint(code);
    super(
      kindOf(code),
      'HCS_ERROR',
      `hcs::${op}${subject}: ${details.text ?? hresultText(code)} (${formatHresult(code)})${tail}`,
      {
        ...(hint === undefined ? {} : { hint }),
        ...(details.cause === undefined ? {} : { cause: details.cause }),
      },
    );
    this.name = 'HcsError';
    this.op = op;
    this.hresult = code;
    this.systemId = details.systemId;
    this.events = events;
  }
}

function kindOf(code: number): ErrorKind {
  if (sameCondition(code, HRESULT.systemNotFound)) return 'notFound';
  if (sameCondition(code, HRESULT.systemAlreadyExists) || sameCondition(code, HRESULT.invalidState))
    return 'conflict';
  if (code === HRESULT.accessDeniedHcs) return 'forbidden';
  if (code === HRESULT.serviceNotAvailable || code === HRESULT.rpcServerUnavailable) return 'unavailable';
  return 'internal';
}

function isOneOf(error: unknown, codes: readonly number[]): error is HcsError {
  return error instanceof HcsError && codes.some((code) => sameCondition(code, error.hresult));
}

/** The system is unknown. 0x490 also says "already exited" (hcs.md 2). */
export function isNotExist(error: unknown): error is HcsError {
  return isOneOf(error, [HRESULT.systemNotFound, HRESULT.elementNotFound]);
}

/** The system or process ended before the call. */
export function isAlreadyStopped(error: unknown): error is HcsError {
  return isOneOf(error, [
    HRESULT.systemAlreadyStopped,
    HRESULT.processAlreadyStopped,
    HRESULT.elementNotFound,
  ]);
}

/** This build or guest lacks the feature. */
export function isNotSupported(error: unknown): error is HcsError {
  return isOneOf(error, [
    HRESULT.invalidJson,
    HRESULT.invalidData,
    HRESULT.notSupported,
    HRESULT.unknownMessage,
    HRESULT.notImplemented,
  ]);
}

export function isInvalidState(error: unknown): error is HcsError {
  return isOneOf(error, [HRESULT.invalidState]);
}

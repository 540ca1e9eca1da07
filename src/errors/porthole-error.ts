/**
 * The one base class of every error a user can see.
 *
 * `kind` is what the *caller can do* about it and is closed: the HTTP status and the exit code are derived from it
 * (`http-status.ts`, `src/cli`). `code` is stable text for programs. `message` is what people read: Docker's exact words
 * wherever a script could match them. `hint` is one line that says what to try.
 */
export type ErrorKind =
  | 'invalid'
  | 'notFound'
  | 'conflict'
  | 'notModified'
  | 'unauthorized'
  | 'forbidden'
  | 'notImplemented'
  | 'unavailable'
  | 'cancelled'
  | 'internal';

export interface ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
  /** True when the same call may succeed later without any change (registry 5xx, busy lock). */
  readonly retriable?: boolean;
  /** The exit code that Docker's client would use when it is not derived from `kind` (a failed RUN line). */
  readonly exitCode?: number;
}

export class PortholeError extends Error {
  /**
   * The built package holds this class more than once (scripts/build.ts: one bundle a hot command, one for all else), so
   * `instanceof` goes by brand. A subclass without a brand of its own is told apart by identity, as usual.
   */
  static readonly brand: string = 'PortholeError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly retriable: boolean;
  readonly exitCode: number | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PortholeError';
    this.kind = kind;
    this.code = code;
    this.hint = details.hint;
    this.retriable = details.retriable ?? false;
    this.exitCode = details.exitCode;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!(value instanceof Error) || !Object.hasOwn(this, 'brand')) return false;
    type Branded = { readonly brand?: string } | null;
    for (
      let made = value.constructor as Branded;
      made !== null;
      made = Object.getPrototypeOf(made) as Branded
    ) {
      if (Object.hasOwn(made, 'brand') && made.brand === this.brand) return true;
    }
    return false;
  }
}

/** True for a PortholeError of that kind (and code, when given). */
export function isKind(error: unknown, kind: ErrorKind, code?: string): error is PortholeError {
  return error instanceof PortholeError && error.kind === kind && (code === undefined || error.code === code);
}

/** Any thrown value as an Error: nothing else reaches the reporter. */
export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

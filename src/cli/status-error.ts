/**
 * Errors that the client itself raises, Docker's `cli.StatusError`: the dispatcher prints the message exactly as it is (it may
 * have several lines) and exits with `exitCode`. Everything else that reaches the dispatcher came from the engine and gets
 * Docker's `Error response from daemon: ` in front (docker-cli.md 1.1, 7).
 */
import { PortholeError, asError } from '../errors/porthole-error.ts';
import type { ErrorDetails, ErrorKind } from '../errors/porthole-error.ts';

export interface StatusDetails extends Omit<ErrorDetails, 'exitCode'> {
  readonly kind?: ErrorKind;
  readonly code?: string;
}

export class StatusError extends PortholeError {
  /** 1 by default, as for any error of Docker's client. */
  declare readonly exitCode: number;

  constructor(message: string, exitCode = 1, details: StatusDetails = {}) {
    const { kind = 'invalid', code = 'CLIENT_ERROR', ...rest } = details;
    super(kind, code, message, { ...rest, exitCode });
    this.name = 'StatusError';
  }
}

/** The line people read for an error: with the daemon prefix when the engine said it, without when the client did. */
export function errorText(error: unknown): string {
  if (error instanceof StatusError) return error.message;
  if (error instanceof PortholeError) return `Error response from daemon: ${error.message}`;
  return asError(error).message;
}

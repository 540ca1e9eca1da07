import { PortholeError, asError } from '../errors/porthole-error.ts';
import type { ErrorDetails, ErrorKind } from '../errors/porthole-error.ts';

export interface CliErrorDetails extends ErrorDetails {
  readonly kind?: ErrorKind;
  readonly code?: string;
  /** The message without usage lines and pointers to help, for `--json`. */
  readonly plainMessage?: string;
}

/**
 * An error of the command line itself (bad arguments, a file that cannot be read, prompts): printed as it is. Every other
 * PortholeError comes from an engine and is printed after `Error response from daemon: `, as Docker's client does.
 * An empty message prints nothing and only sets the exit code (default 1).
 */
export class CliError extends PortholeError {
  static override readonly brand = 'CliError';
  readonly plainMessage: string;

  constructor(message: string, details: CliErrorDetails = {}) {
    super(details.kind ?? 'invalid', details.code ?? 'CLI', message, details);
    this.name = 'CliError';
    this.plainMessage = details.plainMessage ?? message;
  }
}

const daemonPrefix = 'Error response from daemon: ';

/** What Docker's client prints for an error, without hint: engine errors get the daemon prefix, system errors Go's words. */
export function errorText(error: unknown): string {
  if (error instanceof CliError) return error.message;
  if (error instanceof PortholeError) return daemonPrefix + error.message;
  return systemErrorText(asError(error));
}

/** errno -> the words Go prints for it (`syscall.Errno.Error`), for the codes a command line meets. */
const errnoWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  EEXIST: 'file exists',
  ENOTEMPTY: 'directory not empty',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ELOOP: 'too many levels of symbolic links',
  EBUSY: 'device or resource busy',
  EINVAL: 'invalid argument',
};

/** `open nope.env: no such file or directory`: Node's system errors in the form of Go's `*PathError`. */
export function systemErrorText(error: Error): string {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : errnoWords[code];
  if (words === undefined || path === undefined) return error.message;
  return `${syscall ?? 'open'} ${path}: ${words}`;
}

/** Several failures of one command, as Docker joins them: one line each, in order; exit code 1. */
export function joinErrors(errors: readonly unknown[]): Error {
  if (errors.length === 1) return asError(errors[0]);
  const hints = new Set(
    errors.flatMap((error) => (error instanceof PortholeError && error.hint ? [error.hint] : [])),
  );
  const first = errors.find((error) => error instanceof PortholeError);
  return new CliError(errors.map(errorText).join('\n'), {
    ...(hints.size > 0 ? { hint: [...hints].join('\nHint: ') } : {}),
    ...(first ? { kind: first.kind, code: first.code, retriable: first.retriable } : {}),
    cause: errors[0],
  });
}

/** Exit code of a failed `run` or `start` by the words of its error (docker-cli.md 4.6). */
export function startExitCode(text: string): number {
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(text))
    return 127;
  if (/permission denied|is a directory/.test(text)) return 126;
  return 125;
}

/** `docker: <error>` and the pointer to help: how `run` reports every error and `create` those before its first request. */
export function withHelpPointer(
  bin: string,
  command: 'run' | 'create',
  error: unknown,
  exitCode = 125,
): CliError {
  const inner = error instanceof PortholeError ? error : undefined;
  return new CliError(`${bin}: ${errorText(error)}\n\nRun '${bin} ${command} --help' for more information`, {
    kind: inner?.kind ?? 'invalid',
    code: inner?.code ?? 'CLI',
    ...(inner?.hint ? { hint: inner.hint } : {}),
    plainMessage: inner instanceof CliError ? inner.plainMessage : (inner?.message ?? errorText(error)),
    cause: error,
    exitCode,
  });
}

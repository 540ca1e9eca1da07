/** How a failed command ends: Docker's text and a hint on stderr, or the error document of `--json`; and the exit code. */
import { PortholeError, asError } from '../errors/porthole-error.ts';
import { CliError, errorText } from './cli-error.ts';

export interface ReportOptions {
  readonly json: boolean;
  /** `--debug`: causes and stacks. */
  readonly debug: boolean;
  /** Replaces the error's own hint. */
  readonly hint?: string;
}

export interface Report {
  readonly stderr: string;
  /** Members of the `--json` document. */
  readonly document: { readonly error: ErrorDocument };
  readonly exitCode: number;
}

/** The error object of `--json` (users.md 4.1). */
export interface ErrorDocument {
  readonly code: string;
  readonly kind: string;
  readonly message: string;
  readonly hints: readonly string[];
  readonly retriable: boolean;
  readonly exitCode: number;
  /** `0xC0370106` and its Win32 part, where Windows said no. */
  readonly hresult?: string;
  readonly win32?: number;
}

function isSystemError(error: Error): boolean {
  return typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
}

/** An error that nobody meant to throw: a mistake in Porthole. */
function isUnexpected(error: Error): boolean {
  return !(error instanceof PortholeError) && !isSystemError(error);
}

function hintsOf(error: Error): string[] {
  if (error instanceof PortholeError) return error.hint === undefined ? [] : error.hint.split('\nHint: ');
  return isUnexpected(error)
    ? ['this is a mistake in Porthole: please report it with the output of --debug']
    : [];
}

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PortholeError)) return 1;
  // A prompt answered "no" is not a failure (docker-cli.md 1.1).
  return error.exitCode ?? (error.kind === 'cancelled' ? 0 : 1);
}

/** The engine's error in a chain of causes; undefined when the command line itself said no. */
export function engineErrorOf(thrown: unknown): PortholeError | undefined {
  for (let current = thrown; current instanceof Error; current = current.cause) {
    if (current instanceof PortholeError && !(current instanceof CliError) && current.kind !== 'cancelled')
      return current;
  }
  return undefined;
}

/** Unsigned; undefined where Windows gave none. */
export function hresultOf(error: unknown): number | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { hresult } = current as { hresult?: unknown };
    if (typeof hresult === 'number') return hresult >>> 0;
  }
  return undefined;
}

function causes(error: Error): string {
  let text = '';
  for (let current: unknown = error; current !== undefined;) {
    const shown = asError(current);
    text += `${current === error ? '' : 'caused by: '}${shown.stack ?? shown.message}\n`;
    current = shown.cause;
  }
  return text;
}

export function report(value: unknown, options: ReportOptions): Report {
  const error = asError(value);
  const exitCode = exitCodeOf(error);
  const hints = options.hint === undefined ? hintsOf(error) : options.hint.split('\nHint: ');
  const text = errorText(error);
  const hresult = hresultOf(error);
  const silent = error instanceof PortholeError && (error.kind === 'cancelled' || text === '');
  const lines = silent ? [] : [text, ...hints.map((hint) => `Hint: ${hint}`)];
  const stderr = lines.map((line) => line + '\n').join('') + (options.debug ? causes(error) : '');
  return {
    stderr: options.json && !options.debug ? '' : stderr,
    document: {
      error: {
        code:
          error instanceof PortholeError ? error.code : isSystemError(error) ? systemCode(error) : 'INTERNAL',
        kind: error instanceof PortholeError ? error.kind : 'internal',
        message:
          error instanceof CliError
            ? error.plainMessage
            : error instanceof PortholeError
              ? error.message
              : text,
        hints,
        retriable: error instanceof PortholeError && error.retriable,
        exitCode,
        ...(hresult === undefined
          ? {}
          : { hresult: `0x${hresult.toString(16).toUpperCase().padStart(8, '0')}`, win32: hresult & 0xffff }),
      },
    },
    exitCode,
  };
}

function systemCode(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? 'INTERNAL';
}

/** One JSON document, two spaces deep; `ascii` escapes everything else, for consoles with another code page. */
export function jsonDocument(value: unknown, ascii: boolean): string {
  const text = JSON.stringify(value ?? {}, undefined, 2) + '\n';
  if (!ascii) return text;
  return text.replace(/[\u0080-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

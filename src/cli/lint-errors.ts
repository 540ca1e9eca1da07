/** Errors of linting as the command line tells them: bad usage and bad configuration end with 2, as linters agree. */
import { asError } from '../errors/porthole-error.ts';
import { CliError, systemErrorText } from './cli-error.ts';

/** Errors of `src/lint` that tell everything themselves, by their names: this folder does not know that one. */
const told = new Set(['LintUsageError', 'LintConfigError']);

/** What stderr says of a file that could not be linted. `name`: as the user wrote it. */
export function lintErrorText(name: string, error: unknown): string {
  const failure = asError(error);
  if (told.has(failure.name)) return systemErrorText(failure);
  const { code } = failure as NodeJS.ErrnoException;
  if (code === undefined) return `${name}: ${failure.message}`;
  // Programs of Node's own have no path of the user's.
  return systemErrorText(name === '-' ? failure : Object.assign(failure, { path: name, syscall: 'open' }));
}

function asUsage(error: unknown, exitCode: number): never {
  const failure = asError(error);
  if (!told.has(failure.name) && (failure as NodeJS.ErrnoException).code === undefined) throw failure;
  throw new CliError(systemErrorText(failure), { code: 'USAGE', exitCode, cause: error });
}

/** Exit code of bad usage. */
const badUsage = 2;

/** Runs what reads the user's wishes: their mistakes are bad usage. */
export function orUsage<T>(work: () => T, exitCode = badUsage): T {
  try {
    return work();
  } catch (error) {
    return asUsage(error, exitCode);
  }
}

export async function orUsageAsync<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    return asUsage(error, badUsage);
  }
}

export function refuseIf(wrong: boolean, message: string): void {
  if (wrong) throw new CliError(message, { code: 'USAGE', exitCode: badUsage });
}

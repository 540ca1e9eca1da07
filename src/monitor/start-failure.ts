import { asError } from '../errors/porthole-error.ts';

/**
 * Exit code that a container keeps when it could not be started, from the words of the error (docker-cli.md 4.6): 127
 * program not found, 126 not allowed or not a program, 128 anything else.
 */
export function startFailureCode(thrown: unknown): number {
  const text = asError(thrown).message.toLowerCase();
  if (
    text.includes('executable file not found') ||
    text.includes('no such file or directory') ||
    text.includes('system cannot find the file specified') ||
    text.includes('system cannot find the path specified')
  ) {
    return 127;
  }
  if (
    text.includes('permission denied') ||
    text.includes('access is denied') ||
    text.includes('is a directory')
  )
    return 126;
  return 128;
}

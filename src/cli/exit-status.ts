/** Exit codes of Windows programs on the way to the caller's shell (users.md 4.2, 5.6). */
import type { Environment } from '../environment.ts';

const names: Readonly<Record<number, string>> = {
  0xc0000005: 'access violation',
  0xc0000017: 'out of memory',
  0xc000001d: 'illegal instruction',
  0xc000007b: 'invalid image format: 32 and 64 bit mixed',
  0xc00000fd: 'stack overflow',
  0xc0000135: 'DLL not found',
  0xc0000139: 'DLL entry point not found',
  0xc000013a: 'Ctrl+C or closed console',
  0xc0000142: 'DLL initialisation failed',
  0xc0000409: 'stack buffer overrun or fast fail',
  0xe0434352: 'unhandled .NET exception',
};

/** `3221225786 (0xC000013A, Ctrl+C or closed console)`; codes that fit a byte are plain. */
export function describeExitCode(code: number): string {
  if (code >= 0 && code <= 255) return String(code);
  const unsigned = code >>> 0;
  const hex = `0x${unsigned.toString(16).toUpperCase().padStart(8, '0')}`;
  const name = names[unsigned];
  return `${unsigned} (${name === undefined ? hex : `${hex}, ${name}`})`;
}

/**
 * The code for the shell. Windows keeps all 32 bits. Linux keeps the low byte; a failure whose low byte is 0 becomes 1, so
 * that it never looks like success. `note` is the line that tells the full value where the shell loses it.
 */
export function shellExitCode(
  code: number,
  platform: Environment['platform'],
): { code: number; note?: string } {
  if (platform === 'win32' || (code >= 0 && code <= 255)) return { code };
  const low = code & 0xff;
  return { code: low === 0 ? 1 : low, note: `exit code ${describeExitCode(code)}` };
}

import { PortholeError } from '../../errors/porthole-error.ts';
import type { ErrorKind } from '../../errors/porthole-error.ts';
import { serviceHangs } from './bounded.ts';
import { systemMessage } from './ffi/kernel32.ts';

const accessDenied = 5;
const sharingViolation = 32;
const lockViolation = 33;
const fullDisk: readonly number[] = [39, 112];
/** ERROR_TIMEOUT: what a call that was given up is said to have failed with. */
export const timeout = 1460;

/** Another program has the file just now, mostly a virus scanner: worth another try (users.md P09). */
export function isHeldByOthers(code: number): boolean {
  return code === accessDenied || code === sharingViolation || code === lockViolation;
}

function kindOf(code: number): ErrorKind {
  if (fullDisk.includes(code)) return 'unavailable';
  return isHeldByOthers(code) ? 'unavailable' : 'internal';
}

function hintOf(code: number): { hint?: string } {
  if (fullDisk.includes(code))
    return {
      hint: 'free some space (porthole image prune, porthole container prune) or use another --data-root',
    };
  if (code === timeout) return { hint: serviceHangs };
  if (isHeldByOthers(code))
    return {
      hint: 'Another program holds files of the store, mostly a virus scanner: exclude the data root there and try again.',
    };
  return {};
}

/** A call of the file system that failed below the store, with its Win32 code. */
export class HostFileError extends PortholeError {
  readonly win32: number;

  constructor(verb: string, path: string, win32: number) {
    super(
      kindOf(win32),
      fullDisk.includes(win32) ? 'LAYER_NO_SPACE' : 'HOST_FILE_FAILED',
      `${verb} ${path}: ${systemMessage(win32)} (0x${win32.toString(16)})`,
      hintOf(win32),
    );
    this.name = 'HostFileError';
    this.win32 = win32;
  }
}

/** A layer call that failed, in the words that people know from Docker (windows-layers.md 4.1). */
export class LayerCallError extends PortholeError {
  readonly call: string;
  readonly hresult: number;
  /** Undefined for codes that are not Win32's. */
  readonly win32: number | undefined;

  constructor(call: string, hresult: number, rest: string) {
    const win32 = win32Of(hresult);
    const message =
      win32 === undefined
        ? `hcsshim::${call} failed: HRESULT 0x${hresult.toString(16)} ${rest}`
        : `hcsshim::${call} failed in Win32: ${systemMessage(win32)} (0x${win32.toString(16)}) ${rest}`;
    super(
      win32 === undefined ? 'internal' : kindOf(win32),
      win32 !== undefined && fullDisk.includes(win32) ? 'LAYER_NO_SPACE' : 'LAYER_CALL_FAILED',
      message.trimEnd(),
      win32 === undefined ? {} : hintOf(win32),
    );
    this.name = 'LayerCallError';
    this.call = call;
    this.hresult = hresult;
    this.win32 = win32;
  }
}

/** The Win32 code inside an HRESULT. */
export function win32Of(hresult: number): number | undefined {
  return (hresult & 0x1fff_0000) === 0x0007_0000 ? hresult & 0xffff : undefined;
}

import { PortholeError } from '../errors/porthole-error.ts';

/** Docker's refusal of STOPSIGNAL for Windows images, in a build and in `commit --change`. */
export function stopSignalNotSupported(): PortholeError {
  return new PortholeError(
    'invalid',
    'STOPSIGNAL_NOT_SUPPORTED',
    'The daemon on this platform does not support the command stopsignal',
    { hint: 'Windows programs are stopped with CTRL_SHUTDOWN_EVENT, then terminated; delete the line' },
  );
}

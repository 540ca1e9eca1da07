import { PortholeError } from '../errors/porthole-error.ts';

/** A virtual disk file that is not what MS-VHDX says. Kind `invalid`, code `VHDX_INVALID`; the message begins with the path. */
export class VhdxError extends PortholeError {
  readonly path: string;

  constructor(path: string, why: string, cause?: unknown) {
    super('invalid', 'VHDX_INVALID', `${path}: ${why}`, { cause });
    this.name = 'VhdxError';
    this.path = path;
  }
}

import { PortholeError } from '../../errors/porthole-error.ts';
import type { ErrorDetails } from '../../errors/porthole-error.ts';

/** Something wrong with an image archive: kind `invalid`, code `ARCHIVE_INVALID`. */
export function invalidArchive(what: string, details: ErrorDetails = {}): PortholeError {
  return new PortholeError('invalid', 'ARCHIVE_INVALID', `invalid archive: ${what}`, details);
}

import { PortholeError } from './porthole-error.ts';

/** For everything that HCS, HNS or layers would refuse to an ordinary user of Windows. */
export function elevationError(what: string): PortholeError {
  return new PortholeError('forbidden', 'HOST_NOT_ELEVATED', `${what}: access is denied`, {
    hint: 'Open PowerShell or a terminal with "Run as administrator" and repeat the command there.',
  });
}

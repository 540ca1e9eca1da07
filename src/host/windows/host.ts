/** The Windows host: compute systems through HCS, networks through HNS. */
import type { Environment } from '../../environment.ts';
import { PortholeError } from '../../errors/porthole-error.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { Host } from '../host.ts';

/** Refused until layers can be imported through the operating system's own storage calls: an engine without them is none. */
export function openHost(_environment: Environment, _paths: DataPaths): Host {
  throw new PortholeError(
    'notImplemented',
    'WINDOWS_LAYERS_UNAVAILABLE',
    'this version of porthole cannot import image layers on Windows',
    { hint: 'images can be listed and inspected here; build and run them on Linux with this version' },
  );
}

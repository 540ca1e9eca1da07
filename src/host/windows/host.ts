/** The Windows host: compute systems through HCS, networks through HNS, layers through vmcompute. */
import { join } from 'node:path';
import type { Environment } from '../../environment.ts';
import { withLock } from '../../state/lock.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { Host } from '../host.ts';
import { createWindowsCompute } from './compute.ts';
import { readComputeHost } from './compute-host.ts';
import { computecoreDriver } from './computecore-driver.ts';
import { isElevated } from './ffi/advapi32.ts';
import { isAvailable as hasComputecore } from './ffi/computecore.ts';
import { createWindowsLayers } from './layers.ts';
import { createWindowsNetwork } from './network.ts';
import { elevationError } from './privileges.ts';
import { prepareProcess } from './process-times.ts';
import { vmcomputeDriver } from './vmcompute-driver.ts';

/** A network with many endpoints takes HNS its time. */
const networkLockMs = 120_000;

export function openHost(environment: Environment, paths: DataPaths): Host {
  prepareProcess();
  const locks = hostLocks(environment);
  return {
    compute: createWindowsCompute({
      v2: hasComputecore() ? computecoreDriver : undefined,
      v1: vmcomputeDriver,
      host: async () => readComputeHost(),
    }),
    network: createWindowsNetwork({
      exclusively: async (work) => {
        if (!isElevated()) throw elevationError(`networks of containers need an administrator's rights`);
        return withLock(join(locks, 'hns'), work, { timeoutMs: networkLockMs });
      },
    }),
    layers: createWindowsLayers({ paths, prepareLock: join(locks, 'layers') }),
  };
}

/** HNS and the layer filter are the machine's: everybody waits at the same place, whatever the data root is. */
function hostLocks({ env }: Environment): string {
  return join(env['ProgramData'] ?? 'C:\\ProgramData', 'porthole', 'locks');
}

/** The Windows host: compute systems through HCS, networks through HNS, layers through vmcompute or computestorage. */
import { elevationError } from '../../errors/elevation.ts';
import type { Environment } from '../../environment.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { Host } from '../host.ts';
import { endWithoutThem } from './bounded.ts';
import { createWindowsCompute } from './compute.ts';
import { readComputeHost } from './compute-host.ts';
import { computecoreDriver } from './computecore-driver.ts';
import { isElevated } from './ffi/advapi32.ts';
import { isAvailable as hasComputecore } from './ffi/computecore.ts';
import { isAvailable as hasNamespaces } from './ffi/computenetwork.ts';
import { protectNewFolder } from './data-root.ts';
import { hostLock, hostLockFolder, hostLockPath } from './host-lock.ts';
import { registryCredentialSpec } from './registry-credential-spec.ts';
import { layerDriverVariable } from './layer-drivers.ts';
import { createWindowsLayers } from './layers.ts';
import { createWindowsNetwork } from './network.ts';
import { withPlainLayers } from './plain-layers.ts';
import { mayMakeLayers } from './privileges.ts';
import { vmcomputeDriver } from './vmcompute-driver.ts';

export function openHost(environment: Environment, paths: DataPaths): Host {
  endWithoutThem();
  // The locks of the whole host lie in the usual data root, also when another one is in use.
  protectNewFolder(hostLockFolder(environment.env));
  // Networks of schema 2 documents are namespaces: one without the other is of no use.
  const schema2 = hasComputecore() && hasNamespaces();
  const inHns = hostLock(hostLockPath('hns', environment.env));
  const asked = environment.env[layerDriverVariable];
  const layers = createWindowsLayers({
    paths,
    prepareLock: hostLockPath('layers', environment.env),
    ...(asked === undefined ? {} : { driver: asked }),
  });
  return {
    compute: createWindowsCompute({
      v2: schema2 ? computecoreDriver : undefined,
      v1: vmcomputeDriver,
      host: async () => readComputeHost(),
      credentialSpec: registryCredentialSpec,
    }),
    network: createWindowsNetwork({
      namespaces: schema2,
      exclusively: async (work) => {
        if (!isElevated()) throw elevationError(`networks of containers need an administrator's rights`);
        return inHns(work);
      },
    }),
    layers: mayMakeLayers() ? layers : withPlainLayers(layers, { paths }),
  };
}

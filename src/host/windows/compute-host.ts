import type { ComputeHost } from '../ports/compute.ts';
import { registryKeyExists } from './ffi/advapi32.ts';
import { readProduct, readVersion } from './facts.ts';

/** Clients have process isolation since 1809 (hcs.md 6.1). */
const firstClientBuild = 17_763;
const firstWindows11 = 22_000;

/** What decides isolation and version checks. Cheap: the registry, nothing is asked of services. */
export function readComputeHost(): ComputeHost {
  const version = readVersion();
  const product = readProduct();
  const isClient = !product.server;
  // The registry says Windows 10 on Windows 11 too.
  const name =
    isClient && version.build >= firstWindows11
      ? product.name.replace('Windows 10', 'Windows 11')
      : product.name;
  const release = product.displayVersion === '' ? '' : ` Version ${product.displayVersion}`;
  return {
    osVersion: `${version.major}.${version.minor}.${version.build}.${version.revision}`,
    sku: isClient ? 'client' : 'server',
    // The role's management service: without it there is nothing to run utility VMs.
    hypervAvailable: registryKeyExists('SYSTEM\\CurrentControlSet\\Services\\vmms'),
    processIsolationAvailable: product.server || version.build >= firstClientBuild,
    backend: 'hcs',
    description: `${name}${release} (OS Build ${version.build}.${version.revision})`.trim(),
    limits: { memory: true, cpu: true },
  };
}

/** The host as far as choosing an isolation goes, from its facts alone: nothing is started and nothing needs elevation. */
import type { HostFactsPort } from '../../../host/ports/host-facts.ts';
import { architectureOfNode } from '../../../image/platform.ts';
import type { HostIdentity } from '../../roles/index.ts';

/** Clients have process isolation since 1809 (hcs.md 6.1). */
const firstClientBuild = 17763;

export async function isolationHost(port: HostFactsPort, signal?: AbortSignal): Promise<HostIdentity> {
  const facts = await port.read(signal === undefined ? {} : { signal });
  const architecture = architectureOfNode(facts.arch);
  if (facts.platform === 'linux') {
    const wine =
      facts.wine === undefined ? 'Wine (not installed)' : `Wine ${/[\d.]+/.exec(facts.wine)?.[0] ?? ''}`;
    return {
      name: `${wine} on ${facts.distribution ?? 'Linux'}`,
      osVersion: '',
      sku: 'server',
      hypervAvailable: false,
      processIsolationAvailable: true,
      backend: 'wine',
      architecture,
    };
  }
  const { version, product, features, virtualization } = facts;
  return {
    name: product.name,
    osVersion: `${version.major}.${version.minor}.${version.build}.${version.revision}`,
    sku: product.server ? 'server' : 'client',
    hypervAvailable: features.hyperV === 'enabled' && virtualization.hypervisor !== false,
    processIsolationAvailable: product.server || version.build >= firstClientBuild,
    backend: 'hcs',
    architecture,
  };
}

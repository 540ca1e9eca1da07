import { extraHosts } from '../../../hns/names.ts';
import type { HostEntry } from '../../../host/ports/network.ts';
import type { ContainerNetworkRecord } from './container-record.ts';

/**
 * The names that one container resolves without DNS (networking.md 5.4, linux-backend.md 14): its own, `--add-host`, and
 * every container with an endpoint on one of its networks. Own names come first, as the first match counts.
 */
export function hostsEntries(
  self: ContainerNetworkRecord,
  all: readonly ContainerNetworkRecord[],
): HostEntry[] {
  const entries: HostEntry[] = [];
  const networkIds = new Set<string>();
  let gateway: string | undefined;
  for (const { networkId, active } of self.networks) {
    if (networkId === undefined || active?.hnsId === undefined) continue;
    networkIds.add(networkId);
    if (active.gateway !== '') gateway ??= active.gateway;
    if (active.address !== '') entries.push({ address: active.address, names: active.names });
  }
  entries.push(...extraHosts(self.hostConfig.ExtraHosts, gateway));
  for (const other of all) {
    if (other.containerId === self.containerId) continue;
    for (const { networkId, active } of other.networks) {
      if (networkId === undefined || active?.hnsId === undefined || active.address === '') continue;
      if (networkIds.has(networkId)) entries.push({ address: active.address, names: active.names });
    }
  }
  return entries;
}

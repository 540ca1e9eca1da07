/**
 * What inspect and lists say of a container's networks, from files only: this module loads no host and makes no call, as it
 * is on the road of `ps`.
 */
import type { EndpointSettings } from '../../../api/types/index.ts';
import { activeEndpoint, networkSettings } from '../../../hns/inspect.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { readNetworkRecord, type ContainerNetworkRecord } from './container-record.ts';
import type { ContainerNetworks } from './endpoints.ts';

export type NetworkView = Pick<ContainerNetworks, 'settings' | 'endpointSettings' | 'allocation'>;

export function createNetworkView(paths: DataPaths): NetworkView {
  const endpointSettings = (containerId: string): Record<string, EndpointSettings> => {
    const record = readNetworkRecord(paths, containerId);
    return record === undefined ? {} : settingsOf(record);
  };
  return {
    endpointSettings,
    settings(containerId, bound) {
      const networks = endpointSettings(containerId);
      return bound === undefined
        ? networkSettings('', [], networks)
        : networkSettings(containerId, bound, networks);
    },
    allocation: (containerId) => readNetworkRecord(paths, containerId)?.allocation,
  };
}

function settingsOf(record: ContainerNetworkRecord): Record<string, EndpointSettings> {
  return Object.fromEntries(
    record.networks.map((entry) => {
      const { active } = entry;
      const known = { ...entry.requested, NetworkID: entry.networkId ?? '' };
      if (active?.hnsId === undefined) return [entry.name, known];
      const settings = activeEndpoint(
        known,
        { networkId: entry.networkId ?? '', endpointId: active.endpointId },
        {
          IPAddress: active.address,
          PrefixLength: active.prefixLength,
          GatewayAddress: active.gateway,
          MacAddress: active.mac,
        },
        active.names,
      );
      return [entry.name, settings];
    }),
  );
}

import type { NetworksRole } from '../../roles/networks.ts';
import { createContainerNetworks, type ContainerNetworksDeps } from './container-networks.ts';
import type { ContainerNetworks } from './endpoints.ts';
import { createNetworkStore, type NetworkStoreDeps } from './network-store.ts';
import { createNetworksRole } from './networks-role.ts';

export type NetworksDeps = NetworkStoreDeps & Pick<ContainerNetworksDeps, 'containers' | 'emit'>;

/** The networks service: the role for commands and the part that containers and monitors use. Opens nothing by itself. */
export function createNetworks(deps: NetworksDeps): {
  readonly role: NetworksRole;
  readonly containers: ContainerNetworks;
} {
  const store = createNetworkStore(deps);
  const containerNetworks = createContainerNetworks({ ...deps, store });
  return { role: createNetworksRole({ ...deps, store, containerNetworks }), containers: containerNetworks };
}

import type {
  EndpointSettings,
  NetworkConnectRequest,
  NetworkContainer,
  NetworkInspect,
} from '../../../api/types/index.ts';
import type { NetworksRole } from '../../roles/networks.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { networkContainer, networkInspect, requestedEndpoint } from '../../../hns/inspect.ts';
import { parseNetworkOptions } from '../../../hns/network-options.ts';
import {
  checkNetworkRequest,
  isPredefinedNetwork,
  type CheckedNetwork,
} from '../../../hns/network-request.ts';
import { sweepTemporaries } from '../../../state/atomic-file.ts';
import { rfc3339 } from '../../../state/timestamp.ts';
import { pruneAlone } from '../prune.ts';
import { checkEndpoint } from './configure.ts';
import type { ContainerNetworksDeps, ContainerNetworksService } from './container-networks.ts';
import {
  activeEndpointsOn,
  listNetworkRecords,
  writeNetworkRecord,
  type ContainerNetworkRecord,
} from './container-record.ts';
import { listFilter, pruneFilter } from './network-filters.ts';
import type { NetworkRecord } from './network-record.ts';
import type { FoundNetwork } from './network-store.ts';

export interface NetworksRoleDeps extends ContainerNetworksDeps {
  readonly containerNetworks: ContainerNetworksService;
}

/** Docker's network verbs (networking.md 4.3, 6). What is busy is derived from what containers hold now. */
export function createNetworksRole(deps: NetworksRoleDeps): NetworksRole {
  const { store, paths, containerNetworks } = deps;

  const emit = (action: string, record: NetworkRecord): void =>
    deps.emit({
      type: 'network',
      action,
      id: record.id,
      attributes: { name: record.name, type: record.driver },
    });

  const inspected = (
    { record, hns }: FoundNetwork,
    containers: readonly ContainerNetworkRecord[],
  ): NetworkInspect =>
    networkInspect(
      hns === undefined ? withLastSubnets(record) : record,
      hns,
      containersOf(record, containers),
    );

  const removeNow = async (record: NetworkRecord): Promise<void> => {
    await store.remove(record);
    emit('destroy', record);
  };

  return {
    async create(request) {
      const checked = checkNetworkRequest(request, await store.host());
      return store.exclusively(async (locked) => {
        const networks = await locked.list();
        if (networks.some(({ record }) => record.name === checked.name))
          throw new PortholeError(
            'conflict',
            'NETWORK_EXISTS',
            `network with name ${checked.name} already exists`,
          );
        const record = recordOf(deps, withConfigFrom(checked, networks));
        await store.add(record);
        emit('create', record);
        return { Id: record.id, Warning: checked.warning };
      });
    },

    async list(options = {}) {
      const containers = listNetworkRecords(paths);
      const keep = listFilter(
        options.filters ?? {},
        (record) => activeEndpointsOn(containers, record.id).length > 0,
      );
      const networks = (await store.list()).filter(({ record }) => keep(record));
      return networks.map((network) => inspected(network, []));
    },

    async inspect(name) {
      return inspected(await store.find(name), listNetworkRecords(paths));
    },

    async remove(name) {
      const found = (await store.find(name)).record;
      if (isPredefinedNetwork(found.name)) {
        throw new PortholeError(
          'forbidden',
          'NETWORK_PREDEFINED',
          `${found.name} is a pre-defined network and cannot be removed`,
        );
      }
      await store.exclusively(async (locked) => {
        const { record } = await locked.find(found.id);
        const using = activeEndpointsOn(listNetworkRecords(paths), record.id);
        if (using.length > 0) {
          const list = using.map(
            ({ record: holder, active }) =>
              `name:"${holder.containerName}" id:"${active.endpointId.slice(0, 12)}"`,
          );
          throw new PortholeError(
            'forbidden',
            'NETWORK_IN_USE',
            `error while removing network: network ${record.name} has active endpoints (${list.join(', ')})`,
            { hint: 'stop those containers, or disconnect them: porthole network disconnect' },
          );
        }
        if (parseNetworkOptions(record.options).hnsOwned) {
          throw new PortholeError(
            'forbidden',
            'NETWORK_FOREIGN',
            `network ${record.name} was not made by porthole and cannot be removed`,
            { hint: `if nothing needs it: Get-HnsNetwork | ? Name -eq "${record.name}" | Remove-HnsNetwork` },
          );
        }
        const dependent = (await locked.list()).find((each) => each.record.configFrom === record.name);
        if (record.configOnly && dependent !== undefined) {
          throw new PortholeError(
            'forbidden',
            'NETWORK_IN_USE',
            `configuration network "${record.name}" is in use`,
          );
        }
        await removeNow(record);
      });
    },

    async connect(name, request) {
      await connectContainer(deps, name, request);
    },

    async disconnect(name, request) {
      await disconnectContainer(deps, name, request);
    },

    async prune(options = {}) {
      const keep = pruneFilter(options.filters ?? {}, deps.environment.now());
      return pruneAlone(paths, 'networks-prune', async () => {
        if (options.dryRun !== true) sweepTemporaries(paths.networks, deps.environment.now());
        return store.exclusively(async (locked) => {
          const containers = listNetworkRecords(paths);
          const gone: string[] = [];
          for (const { record } of await locked.list()) {
            if (!isPrunable(record, containers) || !keep(record)) continue;
            options.signal?.throwIfAborted();
            if (options.dryRun !== true) await removeNow(record);
            gone.push(record.name);
          }
          return { NetworksDeleted: gone.length === 0 ? null : gone.sort() };
        });
      });
    },
  };

  async function connectContainer(
    { containers }: NetworksRoleDeps,
    name: string,
    request: NetworkConnectRequest,
  ): Promise<void> {
    const { record: network } = await store.find(name);
    const container = await containers.find(request.Container);
    if (container.status === 'removing' || container.status === 'dead') throw markedForRemoval(container.id);
    const requested: EndpointSettings = requestedEndpoint(request.EndpointConfig ?? undefined);
    checkEndpoint(network.name, requested);
    await containerNetworks.change(container.id, async (record) => {
      refuseSharedOrNone(record, network);
      const known = record.networks.find(
        (entry) => entry.name === network.name || entry.networkId === network.id,
      );
      if (known !== undefined && (known.active !== undefined || !container.running)) {
        throw new PortholeError(
          'forbidden',
          'ENDPOINT_EXISTS',
          `endpoint with name ${container.name} already exists in network ${network.name}`,
        );
      }
      const entry = { name: network.name, requested, networkId: network.id };
      if (!container.running) {
        writeNetworkRecord(paths, { ...record, networks: [...record.networks, entry] });
        return;
      }
      refuseFixedAdapters(container, record);
      await containerNetworks.connectEntry(record, entry, []);
    });
    await containerNetworks.refreshHosts([network.id]);
  }

  async function disconnectContainer(
    { containers }: NetworksRoleDeps,
    name: string,
    request: { readonly Container: string; readonly Force: boolean },
  ): Promise<void> {
    const { record: network } = await store.find(name);
    const container = await containers.find(request.Container);
    if (container.status === 'removing' || container.status === 'dead') throw markedForRemoval(container.id);
    await containerNetworks.change(container.id, async (record) => {
      const entry = record.networks.find(
        (each) => each.name === network.name || each.networkId === network.id,
      );
      if (entry === undefined) {
        const place = container.running ? `network ${network.name}` : `the network ${network.name}`;
        throw new PortholeError(
          'forbidden',
          'NOT_CONNECTED',
          `container ${container.id} is not connected to ${place}`,
        );
      }
      if (container.running && entry.active !== undefined) refuseFixedAdapters(container, record);
      const current = await containerNetworks.disconnectEntry(record, entry);
      writeNetworkRecord(paths, {
        ...current,
        networks: current.networks.filter((each) => each.name !== entry.name),
      });
    });
    await containerNetworks.refreshHosts([network.id]);
  }
}

function recordOf(deps: NetworksRoleDeps, checked: CheckedNetwork): NetworkRecord {
  const { warning: _warning, ...facts } = checked;
  return { ...facts, id: deps.environment.newId(), created: rfc3339(deps.environment.now()) };
}

/** `--config-from`: subnets and options of a configuration-only network. */
function withConfigFrom(checked: CheckedNetwork, networks: readonly FoundNetwork[]): CheckedNetwork {
  if (checked.configFrom === '') return checked;
  const source = networks.find(({ record }) => record.name === checked.configFrom)?.record;
  if (source === undefined) {
    throw new PortholeError('notFound', 'NETWORK_NOT_FOUND', `network ${checked.configFrom} not found`);
  }
  if (!source.configOnly) {
    throw new PortholeError(
      'forbidden',
      'NETWORK_CONFIG_INVALID',
      `network "${checked.configFrom}" is not a configuration network`,
    );
  }
  if (Object.keys(checked.options).length > 0 || (checked.ipam.Config ?? []).length > 0) {
    throw new PortholeError(
      'forbidden',
      'NETWORK_CONFIG_INVALID',
      'user specified configurations are not supported if the network depends on a configuration network',
    );
  }
  return {
    ...checked,
    ipam: { ...checked.ipam, Config: source.ipam.Config },
    options: source.options,
    internal: source.internal,
  };
}

/** A network that HNS forgot gets the same subnets again when it is next needed. */
function withLastSubnets(record: NetworkRecord): NetworkRecord {
  const { lastSubnets = [], ipam } = record;
  if (lastSubnets.length === 0 || (ipam.Config ?? []).length > 0) return record;
  const config = lastSubnets.map((subnet) => ({
    ...(subnet.AddressPrefix === undefined ? {} : { Subnet: subnet.AddressPrefix }),
    ...(subnet.GatewayAddress === undefined ? {} : { Gateway: subnet.GatewayAddress }),
  }));
  return { ...record, ipam: { ...ipam, Config: config } };
}

function containersOf(
  record: NetworkRecord,
  containers: readonly ContainerNetworkRecord[],
): Record<string, NetworkContainer> {
  return Object.fromEntries(
    activeEndpointsOn(containers, record.id).map(({ record: holder, active }) => [
      holder.containerId,
      networkContainer(holder.containerName, active.endpointId, {
        MacAddress: active.mac,
        IPAddress: active.address,
        PrefixLength: active.prefixLength,
      }),
    ]),
  );
}

/** networking.md 4.3: never predefined, configuration-only, used or adopted networks, nor Windows' own two. */
function isPrunable(record: NetworkRecord, containers: readonly ContainerNetworkRecord[]): boolean {
  return (
    !isPredefinedNetwork(record.name) &&
    !record.configOnly &&
    !parseNetworkOptions(record.options).hnsOwned &&
    record.name !== 'Default Switch' &&
    record.name !== 'WSL (Hyper-V firewall)' &&
    activeEndpointsOn(containers, record.id).length === 0
  );
}

function refuseSharedOrNone(record: ContainerNetworkRecord, network: NetworkRecord): void {
  if (record.mode.startsWith('container:')) {
    throw new PortholeError(
      'invalid',
      'NETWORK_MODE_CONFLICT',
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  }
  const hasNone = record.networks.some((entry) => entry.name === 'none');
  if (hasNone || (network.driver === 'null' && record.networks.length > 0)) {
    throw new PortholeError(
      'invalid',
      'NETWORK_MODE_CONFLICT',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
  }
}

/** Without a namespace, adapters are the compute system's own from its start on. */
function refuseFixedAdapters(
  { isolation }: { readonly isolation: 'process' | 'hyperv' },
  record: ContainerNetworkRecord,
): void {
  if (record.namespaceId !== undefined) return;
  const who = isolation === 'hyperv' ? 'Hyper-V isolation' : 'this version of Windows';
  throw new PortholeError('notImplemented', 'HOT_ATTACH_UNSUPPORTED', 'unsupported platform request', {
    hint: `stop the container first: ${who} changes no adapters while a container runs`,
  });
}

function markedForRemoval(id: string): PortholeError {
  return new PortholeError(
    'conflict',
    'CONTAINER_REMOVING',
    `Container ${id} is marked for removal and cannot be connected or disconnected to the network`,
  );
}

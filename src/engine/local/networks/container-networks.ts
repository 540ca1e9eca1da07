import { join } from 'node:path';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { HnsEndpoint } from '../../../hns/documents.ts';
import { endpointDocument } from '../../../hns/endpoint-document.ts';
import { HNS, isHnsError, isHnsNotFound } from '../../../hns/hns-error.ts';
import { dnsNames } from '../../../hns/names.ts';
import { mappingsOfEndpoint, portMappings, type PortMapping } from '../../../hns/ports.ts';
import type { NetworkPort } from '../../../host/ports/network.ts';
import type { EventInput } from '../../../state/event-log.ts';
import { tryLock, withLock } from '../../../state/lock.ts';
import { configuredRecord } from './configure.ts';
import {
  listNetworkRecords,
  readNetworkRecord,
  removeNetworkRecord,
  writeNetworkRecord,
  type ActiveEndpoint,
  type ContainerNetworkEntry,
  type ContainerNetworkRecord,
} from './container-record.ts';
import type {
  ContainerLookup,
  ContainerNetworks,
  NetworkAllocation,
  NetworkingRequest,
} from './endpoints.ts';
import { endpointName, endpointFailure, checkStaticAddress } from './endpoint-rules.ts';
import { hostsEntries } from './hosts-entries.ts';
import type { NetworkStore, NetworkStoreDeps } from './network-store.ts';
import { createEndpoint } from './stale-endpoints.ts';
import { createNetworkView } from './view.ts';

export interface ContainerNetworksDeps extends NetworkStoreDeps {
  readonly store: NetworkStore;
  readonly containers: ContainerLookup;
  readonly emit: (event: EventInput) => void;
}

/** With what connect and disconnect need besides. */
export interface ContainerNetworksService extends ContainerNetworks {
  /** Changes one container's networking under its lock. */
  change<T>(containerId: string, work: (record: ContainerNetworkRecord) => Promise<T>): Promise<T>;
  /** Makes the endpoint of one entry and attaches it; the record is written as it goes. Undone on an error. */
  connectEntry(
    record: ContainerNetworkRecord,
    entry: ContainerNetworkEntry,
    mappings: readonly PortMapping[],
  ): Promise<ContainerNetworkRecord>;
  disconnectEntry(
    record: ContainerNetworkRecord,
    entry: ContainerNetworkEntry,
  ): Promise<ContainerNetworkRecord>;
  refreshHosts(networkIds: readonly string[]): Promise<void>;
}

export function createContainerNetworks(deps: ContainerNetworksDeps): ContainerNetworksService {
  const { paths, store } = deps;
  const view = createNetworkView(paths);

  const lockOf = (containerId: string): string => join(paths.locks, `network-${containerId}`);
  const exclusively = <T>(containerId: string, work: () => Promise<T>): Promise<T> =>
    withLock(lockOf(containerId), work);

  const read = (containerId: string): ContainerNetworkRecord => {
    const record = readNetworkRecord(paths, containerId);
    if (record !== undefined) return record;
    throw new PortholeError('notFound', 'CONTAINER_NOT_FOUND', `No such container: ${containerId}`);
  };

  const save = (record: ContainerNetworkRecord): ContainerNetworkRecord => {
    writeNetworkRecord(paths, record);
    return record;
  };

  const emit = (
    action: 'connect' | 'disconnect',
    record: ContainerNetworkRecord,
    entry: ContainerNetworkEntry,
  ): void =>
    deps.emit({
      type: 'network',
      action,
      id: entry.networkId ?? '',
      attributes: { container: record.containerId, name: entry.name, type: entry.active?.driver ?? '' },
    });

  /** Rewrites the hosts files of every container on these networks. One at a time, so that the last writer knows all. */
  const refreshHosts = (networkIds: readonly string[]): Promise<void> =>
    withLock(join(paths.locks, 'network-hosts'), async () => {
      const records = listNetworkRecords(paths);
      const port = await deps.network();
      for (const record of records) {
        const isNeighbour = record.networks.some(
          (entry) => entry.active?.hnsId !== undefined && networkIds.includes(entry.networkId ?? ''),
        );
        if (record.namespaceId === undefined || !isNeighbour) continue;
        try {
          await port.setHosts(record.namespaceId, hostsEntries(record, records));
        } catch (error) {
          // That container has just ended.
          if (!isHnsNotFound(error)) throw error;
        }
      }
    });

  const connectEntry = async (
    record: ContainerNetworkRecord,
    entry: ContainerNetworkEntry,
    mappings: readonly PortMapping[],
  ): Promise<ContainerNetworkRecord> => {
    const port = await deps.network();
    const { record: network, hns } = await store.materialise(entry.name);
    checkStaticAddress(entry.requested, hns);
    const endpointId = deps.environment.newId();
    const planned: ContainerNetworkEntry = {
      ...entry,
      networkId: network.id,
      active: {
        endpointId,
        driver: network.driver,
        address: '',
        prefixLength: 0,
        gateway: '',
        mac: '',
        names: [],
      },
    };
    const createOn = (hnsNetworkId: string): Promise<HnsEndpoint> =>
      createEndpoint(
        deps,
        port,
        endpointDocument({
          hnsNetworkId,
          driver: network.driver,
          networkOptions: network.options,
          settings: entry.requested,
          mappings: network.internal ? [] : mappings,
          dnsServers: network.internal ? [] : record.hostConfig.Dns,
          internalDns: false,
          name: endpointName(endpointId),
        }),
      );
    let current = save(withEntry(record, planned));
    try {
      const endpoint = await createOn(hns.ID ?? '').catch(async (error: unknown) => {
        if (!isHnsError(error, HNS.networkNotFound)) throw error;
        // Another program removed the network since it was looked up: made again, as one that had been missing before.
        return createOn((await store.materialise(network.id)).hns.ID ?? '');
      });
      const active: ActiveEndpoint = {
        endpointId,
        hnsId: endpoint.ID ?? '',
        driver: network.driver,
        address: endpoint.IPAddress ?? '',
        prefixLength: endpoint.PrefixLength ?? 0,
        gateway: endpoint.GatewayAddress ?? '',
        mac: endpoint.MacAddress ?? '',
        names: dnsNames({
          id: record.containerId,
          name: record.containerName,
          hostname: record.hostname,
          aliases: entry.requested.Aliases ?? [],
        }),
      };
      const done: ContainerNetworkEntry = { ...planned, active };
      current = save(withEntry(current, done));
      if (current.namespaceId !== undefined) await port.attachEndpoint(current.namespaceId, active.hnsId!);
      emit('connect', current, done);
      return current;
    } catch (error) {
      await dropEndpoint(port, planned, current);
      save(withEntry(current, withoutActive(planned)));
      throw endpointFailure(error, record.containerName, network.name);
    }
  };

  const disconnectEntry = async (
    record: ContainerNetworkRecord,
    entry: ContainerNetworkEntry,
  ): Promise<ContainerNetworkRecord> => {
    if (entry.active === undefined) return record;
    const port = await deps.network();
    if (record.namespaceId !== undefined && entry.active.hnsId !== undefined)
      await port.detachEndpoint(record.namespaceId, entry.active.hnsId);
    await dropEndpoint(port, entry, record);
    emit('disconnect', record, entry);
    return save(withEntry(record, withoutActive(entry)));
  };

  const releaseAll = async (record: ContainerNetworkRecord): Promise<void> => {
    const held = record.networks.filter((entry) => entry.active !== undefined);
    if (held.length === 0 && record.namespaceId === undefined && record.allocation === undefined) return;
    const port = await deps.network();
    if (record.namespaceId !== undefined) await port.deleteNamespace(record.namespaceId);
    const { namespaceId: _namespace, allocation: _allocation, ...rest } = record;
    for (const entry of held) {
      await dropEndpoint(port, entry, record);
      emit('disconnect', record, entry);
    }
    save({ ...rest, networks: record.networks.map(withoutActive) });
    if (held.length > 0) await refreshHosts(held.flatMap((entry) => entry.networkId ?? []));
  };

  const allocateOwn = async (record: ContainerNetworkRecord): Promise<NetworkAllocation> => {
    const port = await deps.network();
    const forwarder = port.publish !== undefined;
    const mappings = portMappings(
      {
        portBindings: record.hostConfig.PortBindings,
        exposedPorts: record.exposedPorts,
        publishAll: record.hostConfig.PublishAllPorts,
      },
      { forwarder },
    );
    // Schema 1 documents name the endpoints: one that is in a namespace could not be attached a second time.
    const takesNamespace = record.isolation === 'process' && port.namespaces !== false;
    let current = takesNamespace ? save({ ...record, namespaceId: await port.createNamespace() }) : record;
    // Only the first network that lets traffic out gets the ports (networking.md 5.3).
    let publishing: { name: string; hnsId: string } | undefined;
    for (const entry of record.networks) {
      const { record: network } = await store.find(entry.name);
      const takesPorts = publishing === undefined && !network.internal && network.driver !== 'null';
      current = await connectEntry(current, entry, takesPorts ? mappings : []);
      const hnsId = current.networks.find((each) => each.name === entry.name)?.active?.hnsId;
      if (takesPorts && hnsId !== undefined) publishing = { name: network.name, hnsId };
    }
    const first = current.networks[0]?.active;
    const published =
      publishing === undefined || forwarder || mappings.length === 0
        ? []
        : mappingsOfEndpoint(await port.getEndpoint(publishing.hnsId));
    const allocation: NetworkAllocation = {
      ...(current.namespaceId === undefined ? {} : { namespaceId: current.namespaceId }),
      endpointIds: current.networks.flatMap((entry) => entry.active?.hnsId ?? []),
      forwards: forwarder && publishing !== undefined ? mappings : [],
      published,
      dnsSearch: record.hostConfig.DnsSearch,
      allowUnqualifiedDns: first?.driver === 'nat' || first?.driver === 'overlay',
      endpointName: record.containerName,
      networkName: publishing?.name ?? record.networks[0]?.name ?? record.mode,
    };
    save({ ...current, allocation });
    await refreshHosts(current.networks.flatMap((entry) => entry.networkId ?? []));
    return allocation;
  };

  const allocateShared = async (record: ContainerNetworkRecord): Promise<NetworkAllocation> => {
    const target = await deps.containers.find(record.mode.slice('container:'.length));
    const refuse = (message: string): PortholeError =>
      new PortholeError('conflict', 'NETWORK_SHARED', message);
    if (target.id === record.containerId) throw refuse('cannot join own network namespace');
    if (!target.running) {
      throw refuse(
        `cannot join network namespace of a non running container: container ${target.name} is ${target.status}`,
      );
    }
    if (target.isolation === 'hyperv') throw refuse('sharing of hyperv containers network is not supported');
    const theirs = readNetworkRecord(paths, target.id)?.allocation;
    const allocation: NetworkAllocation = {
      ...(theirs?.namespaceId === undefined ? {} : { namespaceId: theirs.namespaceId }),
      endpointIds: theirs?.endpointIds ?? [],
      forwards: [],
      published: [],
      dnsSearch: theirs?.dnsSearch ?? [],
      allowUnqualifiedDns: theirs?.allowUnqualifiedDns ?? false,
      sharedWith: target.id,
      endpointName: record.containerName,
      networkName: record.mode,
    };
    save({ ...record, allocation });
    return allocation;
  };

  const allocateNone = (record: ContainerNetworkRecord, networkId: string): NetworkAllocation => {
    const allocation: NetworkAllocation = {
      endpointIds: [],
      forwards: [],
      published: [],
      dnsSearch: record.hostConfig.DnsSearch,
      allowUnqualifiedDns: false,
      endpointName: record.containerName,
      networkName: 'none',
    };
    save({ ...record, allocation, networks: record.networks.map((entry) => ({ ...entry, networkId })) });
    return allocation;
  };

  const release = (containerId: string): Promise<void> =>
    exclusively(containerId, async () => {
      const record = readNetworkRecord(paths, containerId);
      if (record !== undefined) await releaseAll(record);
    });

  return {
    ...view,
    refreshHosts,
    connectEntry,
    disconnectEntry,
    release,
    change: (containerId, work) => exclusively(containerId, async () => work(read(containerId))),

    async configure(request: NetworkingRequest) {
      const asked = request.hostConfig.NetworkMode;
      let mode = asked === '' || asked === 'default' ? 'nat' : asked;
      if (mode.startsWith('container:')) {
        const target = await deps.containers.find(mode.slice('container:'.length));
        mode = `container:${target.id}`;
      }
      const { record, warnings } = configuredRecord(request, mode, await store.host());
      save(record);
      return { networkMode: mode, warnings };
    },

    allocate: (containerId) =>
      exclusively(containerId, async () => {
        await releaseAll(read(containerId));
        const record = read(containerId);
        if (record.mode.startsWith('container:')) return allocateShared(record);
        try {
          if (record.mode === 'none') return allocateNone(record, (await store.find('none')).record.id);
          return await allocateOwn(record);
        } catch (error) {
          await releaseAll(read(containerId));
          throw error;
        }
      }),

    rename: (containerId, newName) =>
      exclusively(containerId, async () => {
        const record = read(containerId);
        const renamed = save({
          ...record,
          containerName: newName,
          networks: record.networks.map((entry) => renamedEntry(entry, record.containerName, newName)),
        });
        const networkIds = renamed.networks.flatMap((entry) =>
          entry.active === undefined ? [] : (entry.networkId ?? []),
        );
        if (networkIds.length > 0) await refreshHosts(networkIds);
      }),

    forget(containerId) {
      removeNetworkRecord(paths, containerId);
      // A process that was killed within it left the lock; nobody will ever want it again.
      tryLock(lockOf(containerId))?.release();
    },

    async reconcile(isAlive) {
      for (const record of listNetworkRecords(paths)) {
        const holds = record.allocation !== undefined || record.namespaceId !== undefined;
        if (holds && !isAlive(record.containerId)) await release(record.containerId);
      }
    },
  };
}

/** Deletes what HNS has of an entry, also when its ID was never written down: then it is known by its name. */
async function dropEndpoint(
  port: NetworkPort,
  entry: ContainerNetworkEntry,
  record: ContainerNetworkRecord,
): Promise<void> {
  const written =
    record.networks.find((each) => each.name === entry.name)?.active?.hnsId ?? entry.active?.hnsId;
  if (written !== undefined) return port.deleteEndpoint(written);
  if (entry.active === undefined) return;
  const name = endpointName(entry.active.endpointId);
  for (const endpoint of await port.listEndpoints())
    if (endpoint.Name === name) await port.deleteEndpoint(endpoint.ID ?? '');
}

function withEntry(record: ContainerNetworkRecord, entry: ContainerNetworkEntry): ContainerNetworkRecord {
  const known = record.networks.some((each) => each.name === entry.name);
  return {
    ...record,
    networks: known
      ? record.networks.map((each) => (each.name === entry.name ? entry : each))
      : [...record.networks, entry],
  };
}

function withoutActive(entry: ContainerNetworkEntry): ContainerNetworkEntry {
  const { active: _active, ...rest } = entry;
  return rest;
}

function renamedEntry(entry: ContainerNetworkEntry, oldName: string, newName: string): ContainerNetworkEntry {
  if (entry.active === undefined) return entry;
  const names = [...new Set(entry.active.names.map((name) => (name === oldName ? newName : name)))];
  return { ...entry, active: { ...entry.active, names } };
}

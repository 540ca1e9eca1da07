import { networkInterfaces } from 'node:os';
import { networkAddress, parsePrefix } from '../../hns/address.ts';
import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import { sameGuid } from '../../hns/guid.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { planEndpoint } from '../../hns/plan-endpoint.ts';
import { planNetwork, type TakenPrefix } from '../../hns/plan-network.ts';
import { withLock } from '../../state/lock.ts';
import type { EndpointStatistics, NetworkPort } from '../ports/network.ts';
import { enableForwarding, installFirewall } from './firewall.ts';
import { bridgeName } from './kernel-names.ts';
import { noteObject, type KernelObject } from './kernel-objects.ts';
import { linkCounters, type LinkCounters } from './kernel-network.ts';
import { NetworkContext, type LinuxNetworkDeps } from './network-context.ts';
import type { NetworkLevel } from './network-level.ts';
import type { NetworkState } from './network-state.ts';
import { NamespaceAdapter } from './network-namespaces.ts';
import { readHostFile } from './resolver-files.ts';
import type { SandboxNetwork } from './sandbox-network.ts';

export type LinuxNetwork = NetworkPort &
  SandboxNetwork & {
    readonly level: NetworkLevel;
  };

/** HNS types that have a counterpart here. */
const types = ['nat', 'internal', 'private'] as const;

/** Held while a subnet is chosen, so that two data roots do not choose the same. */
const hostLock = '/run/porthole/networks.lock';

/**
 * The network port on Linux (linux-backend.md 14, networking.md 7): HNS' objects as files below `hns/`, written before the
 * kernel's, so that what a killed process left is found and removed. With root: a bridge a network, a named namespace a
 * container, a veth an endpoint, nft for what leaves. Without: see `rootless-network.ts`.
 */
export function createLinuxNetwork(deps: LinuxNetworkDeps): LinuxNetwork {
  const context = new NetworkContext(deps);
  const namespaces = new NamespaceAdapter(context);
  const { states } = context;

  const liveNetwork = (id: string | undefined): NetworkState => {
    const state = states.network(id);
    const live = context.liveNetworks().some((network) => sameGuid(network.document.ID, state.document.ID));
    if (!live) throw new HnsError('getNetwork', HNS.networkNotFound, { subject: id ?? '' });
    return state;
  };

  const dropEndpoint = async (id: string): Promise<void> => {
    const stored = states.endpoints.get(id)?.value;
    if (stored?.veth !== undefined) await context.kernel.removeLink(stored.veth);
    states.endpoints.remove(id);
  };

  const makeNetwork = async (document: HnsNetwork): Promise<HnsNetwork> => {
    await context.sweep();
    const existing = context.liveNetworks().map((network) => network.document);
    const isRoot = context.level === 'root';
    const taken = isRoot ? await context.kernel.takenPrefixes() : interfacePrefixes();
    const planned = planNetwork(document, {
      existing,
      taken,
      random: context.random,
      newGuid: context.newGuid,
    });
    const id = planned.ID ?? '';
    const initial: NetworkState = {
      document: planned,
      boot: states.boot,
      ...(isRoot ? { bridge: bridgeName(id) } : {}),
    };
    const key = id.toUpperCase();
    if (initial.bridge === undefined) {
      states.networks.put(key, initial);
      return planned;
    }
    states.networks.put(key, { ...initial, creating: true });
    const type = (planned.Type ?? 'nat').toLowerCase();
    const subnets = (planned.Subnets ?? []).map((subnet) => subnet.AddressPrefix ?? '');
    const object: KernelObject = {
      kind: 'bridge',
      name: initial.bridge,
      record: states.file('networks', id),
      networkId: id,
    };
    try {
      noteObject(object);
      await context.kernel.addBridge({
        bridge: initial.bridge,
        addresses: type === 'private' ? [] : gatewayAddresses(planned),
      });
      const firewall = await installFirewall(
        { networkId: id, bridge: initial.bridge, subnets, outbound: type === 'nat' },
        context.path,
      );
      noteObject({ ...object, firewall });
      if (type === 'nat' && !enableForwarding()) {
        throw new HnsError('createNetwork', HNS.accessDenied, {
          text: 'packets cannot be forwarded: net.ipv4.ip_forward is 0 and cannot be changed',
          hint: 'set the sysctl net.ipv4.ip_forward=1 on the host',
        });
      }
      states.networks.put(key, { ...initial, firewall });
      return planned;
    } catch (error) {
      await context.dropNetwork({ ...initial, creating: true });
      throw error;
    }
  };

  return {
    networkTypes: types,
    get level() {
      return context.level;
    },
    warnings: async () => context.facts.warnings,

    async createNetwork(document, call) {
      call?.signal?.throwIfAborted();
      checkType(document.Type ?? 'nat');
      return states.exclusively(() =>
        context.level === 'root' ? withLock(hostLock, () => makeNetwork(document)) : makeNetwork(document),
      );
    },
    getNetwork: async (id) => liveNetwork(id).document,
    listNetworks: async () => context.liveNetworks().map((network) => network.document),
    deleteNetwork: (id) =>
      states.exclusively(async () => {
        const stored = states.networks.get(id.toUpperCase())?.value;
        if (stored === undefined) return;
        for (const { key, value } of states.endpoints.list(() => undefined))
          if (sameGuid(value.document.VirtualNetwork, id)) await dropEndpoint(key);
        await context.dropNetwork(stored);
      }),

    async createEndpoint(document, call) {
      call?.signal?.throwIfAborted();
      return states.exclusively(() => {
        const network = liveNetwork(document.VirtualNetwork).document;
        const publishes = (document.Policies ?? []).some((policy) => policy.Type === 'NAT');
        if (publishes && network.Type?.toLowerCase() === 'private')
          throw new HnsError('createEndpoint', HNS.mappingNotSupported);
        const siblings = context
          .liveEndpoints()
          .map((endpoint) => endpoint.document)
          .filter((endpoint) => sameGuid(endpoint.VirtualNetwork, network.ID));
        const planned = planEndpoint(document, {
          network,
          siblings,
          random: context.random,
          newGuid: context.newGuid,
        });
        return context.putEndpoint({ document: planned, boot: states.boot });
      });
    },
    async getEndpoint(id) {
      const state = states.endpoint(id);
      const live = context
        .liveEndpoints()
        .some((endpoint) => sameGuid(endpoint.document.ID, state.document.ID));
      if (!live) throw new HnsError('getEndpoint', HNS.endpointNotFound, { subject: id });
      return state.document;
    },
    listEndpoints: async () => context.liveEndpoints().map((endpoint): HnsEndpoint => endpoint.document),
    deleteEndpoint: (id) => states.exclusively(() => dropEndpoint(id.toUpperCase())),
    endpointStatistics: async (id) => {
      const { veth, namespaceId, device } = states.endpoint(id);
      if (veth !== undefined) return statistics(linkCounters().get(veth), 'host');
      const sandbox =
        namespaceId === undefined
          ? undefined
          : states.namespaces.get(namespaceId.toUpperCase())?.value.sandbox;
      const text = sandbox === undefined ? undefined : readHostFile(`/proc/${sandbox.pid}/net/dev`);
      return statistics(text === undefined ? undefined : linkCounters(text).get(device ?? ''), 'container');
    },

    createNamespace: (call) => namespaces.create(call),
    listNamespaces: async () => context.liveNamespaces().map((namespace) => namespace.id),
    deleteNamespace: (id) => namespaces.delete(id),
    attachEndpoint: (namespaceId, endpointId, call) => namespaces.attach(namespaceId, endpointId, call),
    detachEndpoint: (namespaceId, endpointId) => namespaces.detach(namespaceId, endpointId),
    setHosts: (namespaceId, entries) => namespaces.setHosts(namespaceId, entries),
    prepare: (namespaceId, options) => namespaces.prepare(namespaceId, options ?? {}),
    publish: (namespaceId, forwards, call) => namespaces.publish(namespaceId, forwards, call),
  };
}

function checkType(type: string): void {
  if ((types as readonly string[]).includes(type.toLowerCase())) return;
  throw new HnsError('createNetwork', HNS.invalidNetworkType, {
    subject: type,
    hint: `networks of type ${type} need a Windows host; here there are ${types.join(', ')}`,
  });
}

function gatewayAddresses(network: HnsNetwork): string[] {
  return (network.Subnets ?? []).map(
    (subnet) => `${subnet.GatewayAddress ?? ''}/${parsePrefix(subnet.AddressPrefix ?? '')?.length ?? 24}`,
  );
}

function interfacePrefixes(): TakenPrefix[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap((address) => {
      const prefix = address.family === 'IPv4' ? parsePrefix(address.cidr ?? '') : undefined;
      if (prefix === undefined) return [];
      return [{ prefix: { ...prefix, address: networkAddress(prefix) }, owner: `interface ${name}` }];
    }),
  );
}

/** What the host's side of a link receives is what the container sent. */
function statistics(counters: LinkCounters | undefined, side: 'host' | 'container'): EndpointStatistics {
  const in_ = {
    bytes: counters?.receivedBytes ?? 0,
    packets: counters?.receivedPackets ?? 0,
    dropped: counters?.receivedDropped ?? 0,
  };
  const out = {
    bytes: counters?.sentBytes ?? 0,
    packets: counters?.sentPackets ?? 0,
    dropped: counters?.sentDropped ?? 0,
  };
  const [received, sent] = side === 'host' ? [out, in_] : [in_, out];
  return {
    bytesReceived: received.bytes,
    bytesSent: sent.bytes,
    packetsReceived: received.packets,
    packetsSent: sent.packets,
    droppedPacketsIncoming: received.dropped,
    droppedPacketsOutgoing: sent.dropped,
  };
}

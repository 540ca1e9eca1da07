import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import { guidFromHex, sameGuid } from '../../hns/guid.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { planEndpoint } from '../../hns/plan-endpoint.ts';
import { planNetwork } from '../../hns/plan-network.ts';
import type {
  EndpointStatistics,
  HostEntry,
  NetworkPort,
  PortForward,
  Publication,
} from '../ports/network.ts';

export interface MemoryNetworkOptions {
  /** True = ports are published by `publish`, as on Linux; false = by NAT policies, as on Windows. */
  readonly forwarder?: boolean;
  /** 0 <= n < 1; a fixed sequence by default, so that tests are the same every time. */
  readonly random?: () => number;
  /** Types that exist here; others are refused with 0x803B000B. All by default. */
  readonly types?: readonly string[];
}

/** A fake of the network port with HNS' rules and error codes, and a look inside for tests. */
export interface MemoryNetwork extends NetworkPort {
  /** Hosts entries of a namespace, as last set. */
  hosts(namespaceId: string): readonly HostEntry[];
  /** Makes a host port busy, as another program would. */
  occupy(protocol: 'tcp' | 'udp', port: number): void;
  /** What a reboot does: NAT networks, endpoints and namespaces are gone (networking.md key fact 3). */
  reboot(): void;
  /** Makes the next call of that method fail. */
  failNext(method: keyof NetworkPort, error: Error): void;
}

export function createMemoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  let seed = 1;
  const random =
    options.random ??
    (() => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    });
  const newGuid = (): string =>
    guidFromHex(Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join(''));
  const networks = new Map<string, HnsNetwork>();
  const endpoints = new Map<string, HnsEndpoint>();
  const namespaces = new Map<string, { endpoints: Set<string>; hosts: readonly HostEntry[] }>();
  const busyPorts = new Set<string>();
  const failures = new Map<keyof NetworkPort, Error>();

  const enter = (method: keyof NetworkPort): void => {
    const failure = failures.get(method);
    if (failure === undefined) return;
    failures.delete(method);
    throw failure;
  };
  const keyOf = (id: string): string => id.toUpperCase();
  const networkOf = (id: string | undefined): HnsNetwork => {
    const network = networks.get(keyOf(id ?? ''));
    if (network === undefined) throw new HnsError('getNetwork', HNS.networkNotFound, { subject: id ?? '' });
    return network;
  };
  const endpointOf = (id: string): HnsEndpoint => {
    const endpoint = endpoints.get(keyOf(id));
    if (endpoint === undefined) throw new HnsError('getEndpoint', HNS.endpointNotFound, { subject: id });
    return endpoint;
  };
  const namespaceOf = (id: string): { endpoints: Set<string>; hosts: readonly HostEntry[] } => {
    const namespace = namespaces.get(keyOf(id));
    if (namespace === undefined) throw new HnsError('getNamespace', HNS.elementNotFound, { subject: id });
    return namespace;
  };
  const freePort = (protocol: string): number => {
    for (let port = 49_152; port < 65_536; port += 1) if (!busyPorts.has(`${port}/${protocol}`)) return port;
    throw new HnsError('publish', HNS.portInUse);
  };
  const claim = (protocol: 'tcp' | 'udp', wanted: number, last = wanted): number => {
    if (wanted === 0) {
      const port = freePort(protocol);
      busyPorts.add(`${port}/${protocol}`);
      return port;
    }
    for (let port = wanted; port <= last; port += 1) {
      const key = `${port}/${protocol}`;
      if (busyPorts.has(key)) continue;
      busyPorts.add(key);
      return port;
    }
    throw new HnsError('publish', HNS.portInUse, { subject: `0.0.0.0:${wanted}/${protocol}` });
  };

  /** HNS' part of publishing: claims the external ports of NAT policies and fills in those it picks. */
  const claimPolicies = (endpoint: HnsEndpoint): HnsEndpoint => {
    if (options.forwarder === true) return endpoint;
    const claimed: string[] = [];
    try {
      const policies = (endpoint.Policies ?? []).map((policy) => {
        if (policy.Type !== 'NAT') return policy;
        const protocol = policy['Protocol'] === 'udp' ? 'udp' : 'tcp';
        const port = claim(protocol, Number(policy['ExternalPort'] ?? 0));
        claimed.push(`${port}/${protocol}`);
        return { ...policy, ExternalPort: port };
      });
      return policies.length === 0 ? endpoint : { ...endpoint, Policies: policies };
    } catch (error) {
      for (const key of claimed) busyPorts.delete(key);
      throw error;
    }
  };
  const freePolicies = (endpoint: HnsEndpoint): void => {
    if (options.forwarder === true) return;
    for (const policy of endpoint.Policies ?? [])
      if (policy.Type === 'NAT')
        busyPorts.delete(`${Number(policy['ExternalPort'])}/${String(policy['Protocol'])}`);
  };
  const dropEndpoint = (key: string): void => {
    const endpoint = endpoints.get(key);
    if (endpoint === undefined) return;
    freePolicies(endpoint);
    endpoints.delete(key);
    for (const namespace of namespaces.values()) namespace.endpoints.delete(key);
  };

  const publish = async (namespaceId: string, forwards: readonly PortForward[]): Promise<Publication> => {
    enter('publish');
    namespaceOf(namespaceId);
    const bound: PortForward[] = [];
    const close = async (): Promise<void> => {
      for (const forward of bound.splice(0)) busyPorts.delete(`${forward.hostPort}/${forward.protocol}`);
    };
    try {
      for (const { hostPortEnd, ...forward } of forwards) {
        const hostPort = claim(forward.protocol, forward.hostPort, hostPortEnd);
        bound.push({ ...forward, hostIp: forward.hostIp === '' ? '0.0.0.0' : forward.hostIp, hostPort });
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { forwards: [...bound], close };
  };

  return {
    async createNetwork(document) {
      enter('createNetwork');
      const type = (document.Type ?? 'nat').toLowerCase();
      if (options.types?.includes(type) === false)
        throw new HnsError('createNetwork', HNS.invalidNetworkType, { subject: type });
      const existing = [...networks.values()];
      const network = planNetwork(document, { existing, taken: [], random, newGuid });
      networks.set(keyOf(network.ID ?? ''), network);
      return structuredClone(network);
    },
    async getNetwork(id) {
      enter('getNetwork');
      return structuredClone(networkOf(id));
    },
    async listNetworks() {
      enter('listNetworks');
      return structuredClone([...networks.values()]);
    },
    async deleteNetwork(id) {
      enter('deleteNetwork');
      for (const [key, endpoint] of endpoints) if (sameGuid(endpoint.VirtualNetwork, id)) dropEndpoint(key);
      networks.delete(keyOf(id));
    },

    async createEndpoint(document) {
      enter('createEndpoint');
      const network = networkOf(document.VirtualNetwork);
      const siblings = [...endpoints.values()].filter((other) => sameGuid(other.VirtualNetwork, network.ID));
      const endpoint = claimPolicies(planEndpoint(document, { network, siblings, random, newGuid }));
      endpoints.set(keyOf(endpoint.ID ?? ''), endpoint);
      return structuredClone(endpoint);
    },
    async getEndpoint(id) {
      enter('getEndpoint');
      return structuredClone(endpointOf(id));
    },
    async listEndpoints() {
      enter('listEndpoints');
      return structuredClone([...endpoints.values()]);
    },
    async deleteEndpoint(id) {
      enter('deleteEndpoint');
      dropEndpoint(keyOf(id));
    },
    async endpointStatistics(id): Promise<EndpointStatistics> {
      enter('endpointStatistics');
      endpointOf(id);
      return {
        bytesReceived: 0,
        bytesSent: 0,
        packetsReceived: 0,
        packetsSent: 0,
        droppedPacketsIncoming: 0,
        droppedPacketsOutgoing: 0,
      };
    },

    async createNamespace() {
      enter('createNamespace');
      const id = newGuid();
      namespaces.set(id, { endpoints: new Set(), hosts: [] });
      return id;
    },
    async listNamespaces() {
      enter('listNamespaces');
      return [...namespaces.keys()];
    },
    async deleteNamespace(id) {
      enter('deleteNamespace');
      for (const key of namespaces.get(keyOf(id))?.endpoints ?? []) {
        const endpoint = endpoints.get(key);
        if (endpoint !== undefined) endpoint.State = 4;
      }
      namespaces.delete(keyOf(id));
    },
    async attachEndpoint(namespaceId, endpointId) {
      enter('attachEndpoint');
      const namespace = namespaceOf(namespaceId);
      const endpoint = endpointOf(endpointId);
      const holder = [...namespaces.values()].find((other) => other.endpoints.has(keyOf(endpointId)));
      if (holder !== undefined)
        throw new HnsError('attachEndpoint', HNS.endpointAlreadyAttached, { subject: endpointId });
      namespace.endpoints.add(keyOf(endpointId));
      endpoint.State = 2;
    },
    async detachEndpoint(namespaceId, endpointId) {
      enter('detachEndpoint');
      const namespace = namespaces.get(keyOf(namespaceId));
      if (namespace === undefined || !namespace.endpoints.delete(keyOf(endpointId))) return;
      endpointOf(endpointId).State = 4;
    },

    async setHosts(namespaceId, entries) {
      enter('setHosts');
      namespaceOf(namespaceId).hosts = structuredClone(entries);
    },
    ...(options.forwarder === true ? { publish } : {}),

    hosts: (namespaceId) => namespaceOf(namespaceId).hosts,
    occupy: (protocol, port) => void busyPorts.add(`${port}/${protocol}`),
    reboot() {
      networks.clear();
      endpoints.clear();
      namespaces.clear();
      busyPorts.clear();
    },
    failNext: (method, error) => void failures.set(method, error),
  };
}

/**
 * The network port: HNS objects in, HNS objects out (networking.md 1 and 2). Networks and endpoints are v1 documents;
 * compartments are HCN namespaces. The adapter fills what it decides (ID, subnet, gateway, MAC, IP address) into the
 * object it returns. IDs are upper-case GUIDs without braces.
 *
 * Order for a container: createEndpoint (per network, may happen before the compute system exists) -> createNamespace ->
 * attachEndpoint -> [compute system runs with that namespace] -> deleteNamespace -> deleteEndpoint. deleteX of an unknown
 * object is not an error. All are safe against a crash in between: `list*` shows what exists and reconcile deletes it.
 *
 * Errors: `HnsError` with HNS's code (networking.md 2.4): 0x803B0001 network not found, 0x803B0002 endpoint not found,
 * 0x80070020 port in use, 0x803B001B / 0x803B0002... as listed there.
 */
import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import type { PortCall } from './compute.ts';

export interface EndpointStatistics {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly droppedPacketsIncoming: number;
  readonly droppedPacketsOutgoing: number;
}

export interface PortForward {
  readonly protocol: 'tcp' | 'udp';
  readonly hostIp: string;
  /** 0 = any free port. */
  readonly hostPort: number;
  /** With it: the first free port of `hostPort`..`hostPortEnd`. */
  readonly hostPortEnd?: number;
  readonly containerPort: number;
}

/** Published ports held by this process until closed. */
export interface Publication {
  /** With the host ports that were really bound. */
  readonly forwards: readonly PortForward[];
  close(): Promise<void>;
}

export interface NetworkPort {
  /** HNS network types that can be made here; absent = all that Windows has. */
  readonly networkTypes?: readonly string[];
  /** False where there are no HCN namespaces (Windows before 17763): compute systems take endpoints by themselves. */
  readonly namespaces?: boolean;
  /** What this host cannot give containers, as `WARNING: ...` lines for `info`. Absent = nothing to warn of. */
  readonly warnings?: () => Promise<readonly string[]>;

  createNetwork(document: HnsNetwork, call?: PortCall): Promise<HnsNetwork>;
  getNetwork(id: string, call?: PortCall): Promise<HnsNetwork>;
  listNetworks(call?: PortCall): Promise<HnsNetwork[]>;
  deleteNetwork(id: string, call?: PortCall): Promise<void>;

  createEndpoint(document: HnsEndpoint, call?: PortCall): Promise<HnsEndpoint>;
  getEndpoint(id: string, call?: PortCall): Promise<HnsEndpoint>;
  listEndpoints(call?: PortCall): Promise<HnsEndpoint[]>;
  deleteEndpoint(id: string, call?: PortCall): Promise<void>;
  endpointStatistics(id: string, call?: PortCall): Promise<EndpointStatistics>;

  createNamespace(call?: PortCall): Promise<string>;
  listNamespaces(call?: PortCall): Promise<string[]>;
  deleteNamespace(id: string, call?: PortCall): Promise<void>;
  attachEndpoint(namespaceId: string, endpointId: string, call?: PortCall): Promise<void>;
  detachEndpoint(namespaceId: string, endpointId: string, call?: PortCall): Promise<void>;

  /** Names that the containers of a namespace can resolve: rewritten whenever an endpoint of its networks comes or goes. */
  setHosts(namespaceId: string, entries: readonly HostEntry[], call?: PortCall): Promise<void>;

  /**
   * Present where the host's own NAT does not publish ports (Linux): the caller, a monitor, holds the listeners.
   * Busy port: `HnsError` 0x80070020 -> Docker's `port is already allocated`. Absent on Windows: NAT policies do it.
   */
  readonly publish?: (
    namespaceId: string,
    forwards: readonly PortForward[],
    call?: PortCall,
  ) => Promise<Publication>;
}

export interface HostEntry {
  readonly address: string;
  readonly names: readonly string[];
}

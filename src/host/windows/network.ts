/**
 * The network port on HNS: networks and endpoints through HNSCall (v1), compartments through HCN namespaces, which accept
 * v1-made endpoints (networking.md 9). Mutating calls are serialised across processes: parallel attaches are known to fail.
 * NAT policies publish ports, so there is no `publish`.
 */
import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import type { EndpointStatistics, NetworkPort } from '../ports/network.ts';
import * as hcn from './ffi/computenetwork.ts';
import { hnsCall } from './ffi/hns.ts';

export interface WindowsNetworkDependencies {
  /** Runs one mutating call while no other process of this host runs one. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

interface Envelope<T> {
  Success?: boolean;
  Output?: T;
  Error?: string;
  ErrorCode?: number;
}

/** HNS's answers differ in the case of member names between builds; our documents do not (networking.md 1.3). */
function canonicalCase<T>(value: unknown, spellings: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) return value.map((item) => canonicalCase<unknown>(item, spellings)) as T;
  if (typeof value !== 'object' || value === null) return value as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      spellings.get(key.toLowerCase()) ?? key,
      key === 'Policies' ? item : canonicalCase<unknown>(item, spellings),
    ]),
  ) as T;
}

const spellings: ReadonlyMap<string, string> = new Map(
  [
    ...[
      'ID',
      'Name',
      'Type',
      'Policies',
      'Subnets',
      'AddressPrefix',
      'GatewayAddress',
      'DNSSuffix',
      'DNSServerList',
    ],
    ...[
      'VirtualNetwork',
      'VirtualNetworkName',
      'MacAddress',
      'IPAddress',
      'PrefixLength',
      'SharedContainers',
      'State',
    ],
    ...['ManagementIP', 'MacPools', 'StartMacAddress', 'EndMacAddress', 'EnableInternalDNS', 'DisableICC'],
  ].map((name) => [name.toLowerCase(), name]),
);

async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<T | undefined> {
  const reply = await hnsCall(method, path, body === undefined ? '' : JSON.stringify(body));
  let envelope: Envelope<unknown> = {};
  if (reply.response !== undefined && reply.response !== '') {
    try {
      envelope = canonicalEnvelope(JSON.parse(reply.response));
    } catch (cause) {
      throw new HnsError(`${method} ${path}`, HNS.invalidJson, { cause });
    }
  }
  if (reply.hresult >= 0x80000000)
    throw new HnsError(`${method} ${path}`, envelope.ErrorCode ?? reply.hresult);
  if (envelope.Success === false)
    throw new HnsError(`${method} ${path}`, envelope.ErrorCode ?? HNS.requestUnsupported);
  return envelope.Output === undefined ? undefined : canonicalCase<T>(envelope.Output, spellings);
}

function canonicalEnvelope(value: unknown): Envelope<unknown> {
  const names: Record<string, keyof Envelope<unknown>> = {
    success: 'Success',
    output: 'Output',
    error: 'Error',
    errorcode: 'ErrorCode',
  };
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [names[key.toLowerCase()] ?? key, item as unknown]),
  );
}

async function required<T>(answer: Promise<T | undefined>, missing: number, op: string): Promise<T> {
  const value = await answer;
  if (value === undefined) throw new HnsError(op, missing);
  return value;
}

/** Deleting what is gone already is success. */
async function gone(work: Promise<unknown>, codes: readonly number[]): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HnsError && codes.includes(error.hresult)) return;
    throw error;
  }
}

function hcnCheck(op: string, reply: hcn.HcnReply): hcn.HcnReply {
  if (reply.hresult < 0x80000000 && reply.error === undefined) return reply;
  let code = reply.hresult;
  try {
    code = (JSON.parse(reply.error ?? '{}') as { ErrorCode?: number }).ErrorCode ?? code;
  } catch {
    // The HRESULT has to do.
  }
  throw new HnsError(op, code);
}

export function createWindowsNetwork({ exclusively }: WindowsNetworkDependencies): NetworkPort {
  const resource = (endpointId: string, type: 'Add' | 'Remove'): string =>
    JSON.stringify({ ResourceType: 'Endpoint', RequestType: type, Settings: { EndpointId: endpointId } });

  return {
    createNetwork: (document) =>
      exclusively(() =>
        required(call<HnsNetwork>('POST', '/networks/', document), HNS.invalidNetwork, 'POST /networks/'),
      ),
    getNetwork: (id) =>
      required(call<HnsNetwork>('GET', `/networks/${id}`), HNS.networkNotFound, 'GET /networks/'),
    listNetworks: async () => (await call<HnsNetwork[]>('GET', '/networks/')) ?? [],
    deleteNetwork: (id) =>
      exclusively(() => gone(call('DELETE', `/networks/${id}`), [HNS.networkNotFound, HNS.elementNotFound])),

    createEndpoint: (document) =>
      exclusively(() =>
        required(call<HnsEndpoint>('POST', '/endpoints/', document), HNS.invalidEndpoint, 'POST /endpoints/'),
      ),
    getEndpoint: (id) =>
      required(call<HnsEndpoint>('GET', `/endpoints/${id}`), HNS.endpointNotFound, 'GET /endpoints/'),
    listEndpoints: async () => (await call<HnsEndpoint[]>('GET', '/endpoints/')) ?? [],
    deleteEndpoint: (id) =>
      exclusively(() =>
        gone(call('DELETE', `/endpoints/${id}`), [HNS.endpointNotFound, HNS.elementNotFound]),
      ),

    async endpointStatistics(id): Promise<EndpointStatistics> {
      const raw = (await call<Record<string, number>>('GET', `/endpointstats/${id}`)) ?? {};
      return {
        bytesReceived: raw['BytesReceived'] ?? 0,
        bytesSent: raw['BytesSent'] ?? 0,
        packetsReceived: raw['PacketsReceived'] ?? 0,
        packetsSent: raw['PacketsSent'] ?? 0,
        droppedPacketsIncoming: raw['DroppedPacketsIncoming'] ?? 0,
        droppedPacketsOutgoing: raw['DroppedPacketsOutgoing'] ?? 0,
      };
    },

    createNamespace: () =>
      exclusively(async () => {
        // No Type = Host: a compartment of its own (hcs.md 3.2).
        const settings = JSON.stringify({ SchemaVersion: { Major: 2, Minor: 0 } });
        const reply = hcnCheck('HcnCreateNamespace', await hcn.createNamespace(settings));
        const { ID } = canonicalCase<{ ID?: string }>(JSON.parse(reply.document ?? '{}'), spellings);
        if (ID === undefined) throw new HnsError('HcnCreateNamespace', HNS.invalidJson);
        return ID.toUpperCase();
      }),
    async listNamespaces() {
      const reply = hcnCheck('HcnEnumerateNamespaces', await hcn.enumerateNamespaces());
      return (JSON.parse(reply.document ?? '[]') as string[]).map((id) => id.toUpperCase());
    },
    deleteNamespace: (id) =>
      exclusively(() =>
        gone(
          hcn.deleteNamespace(id).then((reply) => hcnCheck('HcnDeleteNamespace', reply)),
          [HNS.elementNotFound],
        ),
      ),
    attachEndpoint: (namespaceId, endpointId) =>
      exclusively(async () => {
        hcnCheck('HcnModifyNamespace', await hcn.modifyNamespace(namespaceId, resource(endpointId, 'Add')));
      }),
    detachEndpoint: (namespaceId, endpointId) =>
      exclusively(() =>
        gone(
          hcn
            .modifyNamespace(namespaceId, resource(endpointId, 'Remove'))
            .then((reply) => hcnCheck('HcnModifyNamespace', reply)),
          [HNS.elementNotFound, HNS.endpointNotFound],
        ),
      ),

    // Names are served by the endpoint's own DNS settings here; there is no hosts file to keep outside the container.
    setHosts: async () => undefined,
  };
}

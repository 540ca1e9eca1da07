/**
 * The network port on HNS: networks and endpoints through HNSCall (v1), compartments through HCN namespaces, which accept
 * v1-made endpoints (networking.md 9). Mutating calls are serialised across processes: parallel attaches are known to fail.
 * NAT policies publish ports, so there is no `publish`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import { HNS, HnsError, isHnsError, knownHnsCodes } from '../../hns/hns-error.ts';
import type { EndpointStatistics, NetworkPort } from '../ports/network.ts';
import { bounded } from './bounded.ts';
import * as hcn from './ffi/computenetwork.ts';
import { hnsCall, type HnsReply } from './ffi/hns.ts';
import { hresultMessage } from './ffi/kernel32.ts';

export interface WindowsNetworkDependencies {
  /** False on builds without HCN. */
  readonly namespaces?: boolean;
  /** Runs one mutating call while no other process of this host runs one. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
}

interface Envelope<T> {
  Success?: boolean;
  Output?: T;
  Error?: string;
  ErrorCode?: number;
}

/** One spelling of names and IDs, whatever the build's. */
function canonical<T>(value: unknown): T {
  return upperIds(canonicalCase<unknown>(value, spellings)) as T;
}

const idMembers = new Set(['ID', 'VirtualNetwork']);

function upperIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upperIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      idMembers.has(key) && typeof item === 'string' ? item.replace(/[{}]/g, '').toUpperCase() : item,
    ]),
  );
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
      'Namespace',
      'Flags',
      'Version',
      'SharedContainers',
      'Resources',
    ],
    ...['ManagementIP', 'MacPools', 'StartMacAddress', 'EndMacAddress', 'EnableInternalDNS', 'DisableICC'],
  ].map((name) => [name.toLowerCase(), name]),
);

/** HNS or its transport is restarting, or an object of the same name is still being torn down (networking.md 8). */
const passing: readonly number[] = [
  HNS.rpcServerUnavailable,
  HNS.rpcCallFailed,
  HNS.endpointMapperEmpty,
  HNS.managerStopped,
  HNS.objectUsedAfterUnload,
];
const pauses: readonly number[] = [100, 400, 1500];

/** Runs it again after a pause while HNS says that it is not ready. */
async function patiently<T>(work: () => Promise<T>, codes: readonly number[] = passing): Promise<T> {
  for (const pause of pauses) {
    try {
      return await work();
    } catch (error) {
      if (!isHnsError(error, ...codes)) throw error;
    }
    await delay(pause);
  }
  return work();
}

/** Making a switch takes tens of seconds; past this HNS hangs. */
export const hnsTimeouts = { call: 240_000 } as const;

function inTime<T>(op: string, work: Promise<T>): Promise<T> {
  return bounded(work, hnsTimeouts.call, () => {
    throw new HnsError(op, HNS.timeout);
  });
}

async function call<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
  subject?: string,
): Promise<T | undefined> {
  const op = `${method} ${path}`;
  const work = hnsCall(method, path, body === undefined ? '' : JSON.stringify(body));
  const reply = await inTime(op, work);
  const envelope = envelopeOf(op, reply);
  const failed = reply.hresult >= 0x80000000;
  if (failed || envelope.Success === false)
    throw hnsFailure(op, failed ? reply.hresult : HNS.requestUnsupported, envelope, subject);
  return envelope.Output === undefined || envelope.Output === '' ? undefined : canonical<T>(envelope.Output);
}

function envelopeOf(op: string, reply: HnsReply): Envelope<unknown> {
  if (reply.response === undefined || reply.response === '') return {};
  try {
    return canonicalEnvelope(JSON.parse(reply.response));
  } catch (cause) {
    // A failure keeps its own code; an answer that cannot be read is one.
    if (reply.hresult >= 0x80000000) return {};
    throw new HnsError(op, HNS.invalidJson, {
      text: `HNS gave no JSON to ${op}: ${reply.response.slice(0, 200)}`,
      cause,
    });
  }
}

/** The answer's code is the better one: some builds give a general HRESULT. Its text, localised, only where we have none. */
function hnsFailure(
  op: string,
  hresult: number,
  { Error: text, ErrorCode: code }: Envelope<unknown>,
  subject?: string,
): HnsError {
  const chosen = (typeof code === 'number' && code !== 0 ? code : hresult) >>> 0;
  const known = knownHnsCodes().includes(chosen);
  const own = (typeof text === 'string' ? text.trim().slice(0, 500) : '') || hresultMessage(chosen) || '';
  return new HnsError(op, chosen, {
    ...(known || own === '' ? {} : { text: `hnsCall failed in Win32: ${own} (0x${chosen.toString(16)})` }),
    ...(subject === undefined ? {} : { subject }),
  });
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

async function hcnCheck(op: string, work: Promise<hcn.HcnReply>): Promise<hcn.HcnReply> {
  const reply = await inTime(op, work);
  if (reply.hresult < 0x80000000 && reply.error === undefined) return reply;
  let record: Envelope<unknown> = {};
  try {
    record = canonicalEnvelope(JSON.parse(reply.error ?? '{}'));
  } catch {
    // The HRESULT has to do.
  }
  throw hnsFailure(op, reply.hresult >= 0x80000000 ? reply.hresult : HNS.unspecified, record);
}

function documentOf<T extends object>(op: string, reply: hcn.HcnReply, otherwise: T): T {
  try {
    const parsed: unknown = JSON.parse(reply.document ?? JSON.stringify(otherwise));
    if (typeof parsed === 'object' && parsed !== null && Array.isArray(parsed) === Array.isArray(otherwise))
      return canonical<T>(parsed);
  } catch {
    // Said below.
  }
  throw new HnsError(op, HNS.invalidJson, {
    text: `HNS gave no JSON to ${op}: ${String(reply.document).slice(0, 200)}`,
  });
}

/** `0.0.0.0:8080/tcp` of each fixed host port: what 0x20 is about. */
function portsOf(document: HnsEndpoint): string | undefined {
  const ports = (document.Policies ?? []).flatMap((policy) =>
    policy.Type === 'NAT' && Number(policy['ExternalPort'] ?? 0) !== 0
      ? [`0.0.0.0:${Number(policy['ExternalPort'])}/${String(policy['Protocol'])}`]
      : [],
  );
  return ports.length === 0 ? undefined : ports.join(', ');
}

export function createWindowsNetwork({
  exclusively,
  namespaces = true,
}: WindowsNetworkDependencies): NetworkPort {
  const resource = (endpointId: string, type: 'Add' | 'Remove'): string =>
    JSON.stringify({ ResourceType: 'Endpoint', RequestType: type, Settings: { EndpointId: endpointId } });

  /** HNS may answer before the gateway of a new network is there, without which endpoints fail (networking.md 8). */
  async function settled(network: HnsNetwork): Promise<HnsNetwork> {
    const waitsForGateway = (each: HnsNetwork): boolean =>
      ['nat', 'ics'].includes((each.Type ?? 'nat').toLowerCase()) &&
      (each.Subnets?.[0]?.GatewayAddress ?? '') === '';
    let current = network;
    for (let tries = 0; tries < 15 && waitsForGateway(current); tries += 1) {
      await delay(200);
      current = await required(
        call<HnsNetwork>('GET', `/networks/${network.ID}`),
        HNS.networkNotFound,
        'GET /networks/',
      );
    }
    return current;
  }

  const openNamespace = async (id: string): Promise<void> => {
    await hcnCheck('HcnOpenNamespace', hcn.checkNamespace(id));
  };

  return {
    namespaces,
    createNetwork: (document) =>
      exclusively(async () => {
        const created = await patiently(() =>
          required(call<HnsNetwork>('POST', '/networks/', document), HNS.invalidNetwork, 'POST /networks/'),
        );
        return settled(created);
      }),
    getNetwork: (id) =>
      required(call<HnsNetwork>('GET', `/networks/${id}`), HNS.networkNotFound, 'GET /networks/'),
    listNetworks: () => patiently(async () => (await call<HnsNetwork[]>('GET', '/networks/')) ?? []),
    deleteNetwork: (id) =>
      exclusively(() => gone(call('DELETE', `/networks/${id}`), [HNS.networkNotFound, HNS.elementNotFound])),

    createEndpoint: (document) =>
      exclusively(() =>
        patiently(() =>
          required(
            call<HnsEndpoint>('POST', '/endpoints/', document, portsOf(document)),
            HNS.invalidEndpoint,
            'POST /endpoints/',
          ),
        ),
      ),
    getEndpoint: (id) =>
      required(call<HnsEndpoint>('GET', `/endpoints/${id}`), HNS.endpointNotFound, 'GET /endpoints/'),
    listEndpoints: () => patiently(async () => (await call<HnsEndpoint[]>('GET', '/endpoints/')) ?? []),
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
        const op = 'HcnCreateNamespace';
        // No Type = Host: a compartment of its own (hcs.md 3.2).
        const settings = JSON.stringify({ SchemaVersion: { Major: 2, Minor: 0 } });
        const reply = await patiently(() => hcnCheck(op, hcn.createNamespace(settings)));
        const { ID } = documentOf<{ ID?: string }>(op, reply, {});
        if (ID === undefined) throw new HnsError(op, HNS.invalidJson);
        return ID;
      }),
    async listNamespaces() {
      const op = 'HcnEnumerateNamespaces';
      const reply = await hcnCheck(op, hcn.enumerateNamespaces());
      return documentOf<string[]>(op, reply, []).map((id) => id.replace(/[{}]/g, '').toUpperCase());
    },
    deleteNamespace: (id) =>
      exclusively(() => gone(hcnCheck('HcnDeleteNamespace', hcn.deleteNamespace(id)), [HNS.elementNotFound])),
    attachEndpoint: (namespaceId, endpointId) =>
      exclusively(() =>
        patiently(async () => {
          await hcnCheck('HcnModifyNamespace', hcn.modifyNamespace(namespaceId, resource(endpointId, 'Add')));
        }),
      ),
    detachEndpoint: (namespaceId, endpointId) =>
      exclusively(() =>
        gone(
          hcnCheck('HcnModifyNamespace', hcn.modifyNamespace(namespaceId, resource(endpointId, 'Remove'))),
          [HNS.elementNotFound, HNS.endpointNotFound],
        ),
      ),

    // Names are served by the endpoint's own DNS settings here; there is no hosts file to keep outside the container.
    setHosts: (namespaceId) => openNamespace(namespaceId),
  };
}

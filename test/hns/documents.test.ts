import { join } from 'node:path';
import type { EndpointSettings, NetworkCreateRequest, PortBinding } from '../../src/api/types/index.ts';
import type { HnsEndpoint, HnsNetwork } from '../../src/hns/documents.ts';
import { endpointDocument } from '../../src/hns/endpoint-document.ts';
import {
  activeEndpoint,
  networkContainer,
  networkInspect,
  networkSettings,
  requestedEndpoint,
} from '../../src/hns/inspect.ts';
import { dnsNames, extraHosts } from '../../src/hns/names.ts';
import { networkDocument } from '../../src/hns/network-document.ts';
import { checkNetworkRequest, type NetworkHost } from '../../src/hns/network-request.ts';
import { mappingsOfEndpoint, portMappings } from '../../src/hns/ports.ts';
import { caseFolders } from '../support/case-folders.ts';

const id = '6314c8bde88fbaf92e10a054c2db04e42ea17c8e608b6a9fce0c101f78eb4ddb';
const hosts: Record<string, NetworkHost & { forwarder: boolean }> = {
  windows: {
    drivers: ['ics', 'internal', 'l2bridge', 'l2tunnel', 'nat', 'private', 'transparent'],
    embedded: false,
    forwarder: false,
  },
  linux: { drivers: ['internal', 'nat', 'private'], embedded: true, forwarder: true },
};

type CaseInput = { host?: 'windows' | 'linux' } & (
  | { create: Partial<NetworkCreateRequest>; hns?: HnsNetwork; containers?: Record<string, HnsEndpoint> }
  | {
      endpoint: {
        driver?: string;
        networkOptions?: Record<string, string>;
        settings?: Partial<EndpointSettings>;
        portBindings?: Record<string, PortBinding[]>;
        exposedPorts?: string[];
        publishAll?: boolean;
        dns?: string[];
        internalDns?: boolean;
      };
      hns?: HnsEndpoint;
      container?: { name: string; hostname: string };
      networkName?: string;
    }
  | { extraHosts: string[]; gateway?: string }
);

/** What Docker's client sends for `docker network create web`. */
function aNetworkRequest(overrides: Partial<NetworkCreateRequest>): NetworkCreateRequest {
  return {
    Name: 'web',
    Driver: 'bridge',
    Scope: '',
    EnableIPv4: true,
    IPAM: { Driver: 'default', Options: {}, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    ConfigFrom: null,
    Options: {},
    Labels: {},
    ...overrides,
  };
}

function build(input: CaseInput): unknown {
  const host = hosts[input.host ?? 'windows']!;
  if ('create' in input) {
    const checked = checkNetworkRequest(aNetworkRequest(input.create), host);
    const document = networkDocument({ id, ...checked }, { honoursInternal: host.forwarder });
    const facts = { id, created: '2026-01-02T03:04:05.678Z', ...checked };
    const containers = Object.fromEntries(
      Object.entries(input.containers ?? {}).map(([key, endpoint]) => [
        key,
        networkContainer(`name-of-${key}`, 'e'.repeat(64), endpoint),
      ]),
    );
    return { warning: checked.warning, document, inspect: networkInspect(facts, input.hns, containers) };
  }
  if ('endpoint' in input) {
    const { endpoint } = input;
    const mappings = portMappings(
      {
        portBindings: endpoint.portBindings ?? {},
        exposedPorts: endpoint.exposedPorts ?? [],
        publishAll: endpoint.publishAll ?? false,
      },
      host,
    );
    const requested = requestedEndpoint(endpoint.settings);
    const document = endpointDocument({
      hnsNetworkId: '5C242C1E-8E0F-4F65-B9E0-A0B7A6EA41E2',
      driver: endpoint.driver ?? 'nat',
      networkOptions: endpoint.networkOptions ?? {},
      settings: requested,
      mappings,
      dnsServers: endpoint.dns ?? [],
      internalDns: endpoint.internalDns ?? false,
      name: 'porthole-0123456789ab',
    });
    if (input.hns === undefined) return { mappings, document };
    const names = dnsNames({
      id: '0123456789abcdef'.repeat(4),
      name: input.container?.name ?? 'web',
      hostname: input.container?.hostname ?? '0123456789ab',
      aliases: requested.Aliases ?? [],
    });
    const active = activeEndpoint(requested, { networkId: id, endpointId: 'e'.repeat(64) }, input.hns, names);
    return {
      mappings,
      document,
      settings: networkSettings('0123456789abcdef'.repeat(4), mappingsOfEndpoint(input.hns), {
        [input.networkName ?? 'nat']: active,
      }),
    };
  }
  return extraHosts(input.extraHosts, input.gateway);
}

describe('HNS documents from Docker requests', () => {
  caseFolders(join(import.meta.dirname, '../../fixtures/hns'), build);
});

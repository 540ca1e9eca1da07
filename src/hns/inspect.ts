import type {
  EndpointSettings,
  IPAM,
  NetworkContainer,
  NetworkInspect,
  NetworkSettings,
} from '../api/types/index.ts';
import type { HnsEndpoint, HnsNetwork } from './documents.ts';
import { dockerMac } from './mac.ts';
import { networkOptionKeys } from './network-options.ts';
import { portMap, type PortMapping } from './ports.ts';

/** A Docker network as the engine keeps it. */
export interface NetworkFacts {
  readonly id: string;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly driver: string;
  readonly ipam: IPAM;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly configOnly: boolean;
  readonly configFrom: string;
}

/**
 * `network inspect` in Docker 28's key order (networking.md 6.1). The subnets are the real ones of HNS once the network
 * exists there; addresses that were only reserved by the user stay with their subnet.
 */
export function networkInspect(
  facts: NetworkFacts,
  hns: HnsNetwork | undefined,
  containers: Readonly<Record<string, NetworkContainer>>,
): NetworkInspect {
  return {
    Name: facts.name,
    Id: facts.id,
    Created: facts.created,
    Scope: 'local',
    Driver: facts.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: facts.ipam.Driver,
      Options: facts.ipam.Options,
      Config: hns === undefined ? facts.ipam.Config : realSubnets(facts.ipam, hns),
    },
    Internal: facts.internal,
    Attachable: facts.attachable,
    Ingress: false,
    ConfigFrom: { Network: facts.configFrom },
    ConfigOnly: facts.configOnly,
    Containers: Object.fromEntries(Object.entries(containers).sort(([a], [b]) => (a < b ? -1 : 1))),
    Options: sortedKeys({
      ...facts.options,
      ...(hns === undefined
        ? {}
        : {
            [networkOptionKeys.hnsId]: hns.ID ?? '',
            [networkOptionKeys.networkName]: hns.Name ?? '',
          }),
    }),
    Labels: sortedKeys(facts.labels),
  };
}

function realSubnets(ipam: IPAM, hns: HnsNetwork): NonNullable<IPAM['Config']> {
  return (hns.Subnets ?? []).map((subnet) => {
    const asked = (ipam.Config ?? []).find((config) => config.Subnet === subnet.AddressPrefix);
    const auxiliary = asked?.AuxiliaryAddresses;
    return {
      ...(subnet.AddressPrefix === undefined ? {} : { Subnet: subnet.AddressPrefix }),
      ...(subnet.GatewayAddress === undefined ? {} : { Gateway: subnet.GatewayAddress }),
      ...(auxiliary === undefined ? {} : { AuxiliaryAddresses: auxiliary }),
    };
  });
}

/** One value of `Containers`. The prefix length is HNS' own, not the classful one of moby (networking.md 6.3). */
export function networkContainer(name: string, endpointId: string, endpoint: HnsEndpoint): NetworkContainer {
  const address = endpoint.IPAddress ?? '';
  return {
    Name: name,
    EndpointID: endpointId,
    MacAddress: dockerMac(endpoint.MacAddress ?? ''),
    IPv4Address: address === '' ? '' : `${address}/${endpoint.PrefixLength ?? 0}`,
    IPv6Address: '',
  };
}

/** What the user asked for, in Docker's key order, with operational fields empty. */
export function requestedEndpoint(settings: Partial<EndpointSettings> | undefined): EndpointSettings {
  return {
    IPAMConfig: settings?.IPAMConfig ?? null,
    Links: settings?.Links ?? null,
    Aliases: settings?.Aliases ?? null,
    MacAddress: settings?.MacAddress ?? '',
    DriverOpts: settings?.DriverOpts ?? null,
    GwPriority: settings?.GwPriority ?? 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

/** The same with what HNS gave. */
export function activeEndpoint(
  requested: EndpointSettings,
  ids: { readonly networkId: string; readonly endpointId: string },
  endpoint: Pick<HnsEndpoint, 'IPAddress' | 'PrefixLength' | 'GatewayAddress' | 'MacAddress'>,
  names: readonly string[],
): EndpointSettings {
  return {
    ...requested,
    MacAddress: dockerMac(endpoint.MacAddress ?? ''),
    NetworkID: ids.networkId,
    EndpointID: ids.endpointId,
    Gateway: endpoint.GatewayAddress ?? '',
    IPAddress: endpoint.IPAddress ?? '',
    IPPrefixLen: endpoint.PrefixLength ?? 0,
    DNSNames: [...names],
  };
}

/** `NetworkSettings` in Docker 28's key order; the flat addresses are those of `nat` (networking.md 6.3). */
export function networkSettings(
  sandboxId: string,
  bound: readonly PortMapping[],
  networks: Record<string, EndpointSettings>,
): NetworkSettings {
  const flat = networks['nat'] ?? requestedEndpoint(undefined);
  return {
    Bridge: '',
    SandboxID: sandboxId,
    SandboxKey: sandboxId,
    Ports: portMap(bound),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: flat.EndpointID,
    Gateway: flat.Gateway,
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: flat.IPAddress,
    IPPrefixLen: flat.IPPrefixLen,
    IPv6Gateway: '',
    MacAddress: flat.EndpointID === '' ? '' : flat.MacAddress,
    Networks: networks,
  };
}

function sortedKeys(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

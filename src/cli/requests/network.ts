/** `network create` and `network connect` flags -> request bodies (`network/create.go`, `connect.go`; networking.md 4.3). */
import { BlockList, isIP } from 'node:net';
import type { IPAMConfig, NetworkConnectRequest, NetworkCreateRequest } from '../../api/types/index.ts';
import { CliError } from '../cli-error.ts';
import type { FlagSpecs, FlagValues, ParsedFlags } from '../flag.ts';
import { checkLabel, checkLink } from './checks.ts';
import { endpointSettings } from './endpoint.ts';
import { cut, sortedRecord, toMap } from './key-values.ts';

export const networkCreateFlags = {
  attachable: { type: 'bool', description: 'Enable manual container attachment' },
  'aux-address': { type: 'map', description: 'Auxiliary IPv4 or IPv6 addresses used by Network driver' },
  'config-from': { type: 'string', description: 'The network from which to copy the configuration' },
  'config-only': { type: 'bool', description: 'Create a configuration only network' },
  driver: {
    type: 'string',
    char: 'd',
    description: 'Driver to manage the Network',
    default: 'bridge',
    complete: ['nat', 'transparent', 'overlay', 'l2bridge', 'l2tunnel', 'internal', 'private', 'ics'],
  },
  gateway: { type: 'strings', description: 'IPv4 or IPv6 Gateway for the master subnet' },
  ingress: { type: 'bool', description: 'Create swarm routing-mesh network' },
  internal: { type: 'bool', description: 'Restrict external access to the network' },
  'ip-range': { type: 'strings', description: 'Allocate container ip from a sub-range' },
  'ipam-driver': { type: 'string', description: 'IP Address Management Driver', default: 'default' },
  'ipam-opt': { type: 'map', description: 'Set IPAM driver specific options' },
  ipv4: { type: 'bool', description: 'Enable or disable IPv4 address assignment', default: true },
  ipv6: { type: 'bool', description: 'Enable or disable IPv6 address assignment' },
  label: { type: 'list', description: 'Set metadata on a network', check: checkLabel },
  opt: { type: 'map', char: 'o', description: 'Set driver specific options' },
  scope: { type: 'string', description: "Control the network's scope" },
  subnet: { type: 'strings', description: 'Subnet in CIDR format that represents a network segment' },
} as const satisfies FlagSpecs;

export const networkConnectFlags = {
  alias: { type: 'strings', description: 'Add network-scoped alias for the container' },
  'driver-opt': { type: 'strings', description: 'driver options for the network' },
  'gw-priority': {
    type: 'int',
    description: 'Highest gw-priority provides the default gateway. Accepts positive and negative values.',
  },
  ip: { type: 'string', description: 'IPv4 address (e.g., "172.30.100.104")' },
  ip6: { type: 'string', description: 'IPv6 address (e.g., "2001:db8::33")' },
  link: {
    type: 'list',
    description: 'Add link to another container',
    check: checkLink,
    complete: 'container',
  },
  'link-local-ip': { type: 'strings', description: 'Add a link-local address for the container' },
} as const satisfies FlagSpecs;

interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Go's `net.ParseCIDR`. */
function parseCidr(text: string): Cidr {
  const [address, prefix] = cut(text, '/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || !/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > bits)
    throw new CliError(`invalid CIDR address: ${text}`);
  return { address, prefix: Number(prefix), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** True when `data`, an address or a range, starts inside `subnet`. Errors as Docker's `subnetMatches`. */
function subnetMatches(subnet: string, data: string): boolean {
  let cidr: Cidr;
  try {
    cidr = parseCidr(subnet);
  } catch (error) {
    throw new CliError(`invalid subnet: ${(error as Error).message}`);
  }
  const address = data.includes('/') ? parseCidr(data).address : data;
  const family = isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : undefined;
  if (family === undefined || family !== cidr.family) return false;
  const list = new BlockList();
  list.addSubnet(cidr.address, cidr.prefix, cidr.family);
  return list.check(address, family);
}

interface SubnetDraft {
  range: string;
  gateway: string;
  readonly auxiliary: [string, string][];
}

/** Subnets with what belongs to each, in the order given. Throws Docker's text for what fits nowhere or twice. */
function toIpamConfig(flags: FlagValues<typeof networkCreateFlags>): IPAMConfig[] {
  const { subnet: subnets, gateway: gateways, 'ip-range': ranges, 'aux-address': auxiliary } = flags;
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw new CliError('every ip-range or gateway must have a corresponding subnet');
  const drafts = new Map<string, SubnetDraft>();
  for (const subnet of subnets) {
    for (const other of drafts.keys()) {
      if (subnetMatches(subnet, other) || subnetMatches(other, subnet))
        throw new CliError('multiple overlapping subnet configuration is not supported');
    }
    drafts.set(subnet, { range: '', gateway: '', auxiliary: [] });
  }
  const place = (what: string, data: string, put: (draft: SubnetDraft, subnet: string) => void) => {
    const fitting = [...drafts].filter(([subnet]) => subnetMatches(subnet, data));
    if (fitting.length === 0) throw new CliError(`no matching subnet for ${what} ${data}`);
    for (const [subnet, draft] of fitting) put(draft, subnet);
  };
  for (const range of ranges) {
    place('range', range, (draft, subnet) => {
      if (draft.range !== '')
        throw new CliError(
          `cannot configure multiple ranges (${range}, ${draft.range}) on the same subnet (${subnet})`,
        );
      draft.range = range;
    });
  }
  for (const gateway of gateways) {
    place('gateway', gateway, (draft, subnet) => {
      if (draft.gateway !== '')
        throw new CliError(
          `cannot configure multiple gateways (${gateway}, ${draft.gateway}) for the same subnet (${subnet})`,
        );
      draft.gateway = gateway;
    });
  }
  for (const [name, address] of Object.entries(auxiliary))
    place('aux-address', address, (draft) => draft.auxiliary.push([name, address]));
  return [...drafts].map(([subnet, { range, gateway, auxiliary: named }]) => ({
    Subnet: subnet,
    ...(range !== '' && { IPRange: range }),
    ...(gateway !== '' && { Gateway: gateway }),
    ...(named.length > 0 && { AuxiliaryAddresses: sortedRecord(named) }),
  }));
}

/** Keys in the order of Docker's client. The default driver travels as `bridge`; Windows engines read it as `nat`. */
export function toNetworkCreateRequest(
  name: string,
  { flags, changed }: Pick<ParsedFlags<typeof networkCreateFlags>, 'flags' | 'changed'>,
): NetworkCreateRequest {
  return {
    Driver: flags.driver,
    Scope: flags.scope,
    ...(changed.has('ipv4') && { EnableIPv4: flags.ipv4 }),
    ...(changed.has('ipv6') && { EnableIPv6: flags.ipv6 }),
    IPAM: {
      Driver: flags['ipam-driver'],
      Options: sortedRecord(Object.entries(flags['ipam-opt'])),
      Config: toIpamConfig(flags),
    },
    Internal: flags.internal,
    Attachable: flags.attachable,
    Ingress: flags.ingress,
    ConfigOnly: flags['config-only'],
    ConfigFrom: flags['config-from'] === '' ? null : { Network: flags['config-from'] },
    Options: sortedRecord(Object.entries(flags.opt)),
    Labels: toMap(flags.label),
    Name: name,
  };
}

export function toNetworkConnectRequest(
  container: string,
  flags: FlagValues<typeof networkConnectFlags>,
): NetworkConnectRequest {
  const driverOptions = flags['driver-opt'].map((option) => {
    const [key, value, found] = cut(option, '=');
    if (!found) throw new CliError('invalid key/value pair format in driver options');
    return [key.trim(), value.trim()] as const;
  });
  return {
    Container: container,
    EndpointConfig: endpointSettings({
      IPAMConfig: {
        ...(flags.ip !== '' && { IPv4Address: flags.ip }),
        ...(flags.ip6 !== '' && { IPv6Address: flags.ip6 }),
        ...(flags['link-local-ip'].length > 0 && { LinkLocalIPs: flags['link-local-ip'] }),
      },
      ...(flags.link.length > 0 && { Links: flags.link }),
      Aliases: flags.alias,
      DriverOpts: sortedRecord(driverOptions),
      GwPriority: flags['gw-priority'],
    }),
  };
}

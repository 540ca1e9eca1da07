import { broadcastAddress, contains, formatIPv4, networkAddress, parseIPv4, parsePrefix } from './address.ts';
import type { HnsEndpoint, HnsNetwork, HnsSubnet } from './documents.ts';
import { HNS, HnsError } from './hns-error.ts';
import { hnsMac, isMac, macFromPools } from './mac.ts';

export interface EndpointPlanContext {
  readonly network: HnsNetwork;
  /** Endpoints of that network. */
  readonly siblings: readonly HnsEndpoint[];
  /** 0 <= n < 1. */
  readonly random: () => number;
  readonly newGuid: () => string;
}

/**
 * What HNS makes of an endpoint document (networking.md 1.5, 7.2): ID, address (picked at random, as HNS does), prefix
 * length, gateway, MAC, State 1. For hosts without HNS.
 *
 * Errors: 0x803B001E address outside every subnet, 0x803B002F reserved or in use or none left, 0x803B000D bad NAT policy,
 * 0x803B000C bad MAC.
 */
export function planEndpoint(document: HnsEndpoint, context: EndpointPlanContext): HnsEndpoint {
  const { network, siblings } = context;
  for (const policy of document.Policies ?? []) checkPolicy(policy);
  const takenAddresses = new Set(siblings.map((sibling) => sibling.IPAddress ?? ''));
  const requested = document.IPAddress ?? '';
  const subnets = network.Subnets ?? [];
  const { address, subnet } =
    requested === ''
      ? pickAddress(subnets, takenAddresses, context.random)
      : checkAddress(requested, subnets, takenAddresses);
  const takenMacs = new Set(siblings.map((sibling) => sibling.MacAddress ?? ''));
  const mac = document.MacAddress ?? '';
  if (mac !== '' && !isMac(mac)) throw new HnsError('createEndpoint', HNS.invalidEndpoint, { subject: mac });
  const macAddress =
    mac === '' ? macFromPools(network.MacPools ?? [], takenMacs, context.random) : hnsMac(mac);
  if (macAddress === undefined) throw full('no MAC address is left in the pools of the network');
  return {
    ...document,
    ID: document.ID ?? context.newGuid(),
    Name: document.Name ?? 'Ethernet',
    VirtualNetwork: network.ID ?? '',
    VirtualNetworkName: network.Name ?? '',
    MacAddress: macAddress,
    IPAddress: address,
    PrefixLength: parsePrefix(subnet.AddressPrefix ?? '')?.length ?? 0,
    GatewayAddress: subnet.GatewayAddress ?? '',
    SharedContainers: [],
    State: 1,
  };
}

function checkPolicy(policy: Record<string, unknown>): void {
  if (policy['Type'] !== 'NAT') return;
  const protocol = policy['Protocol'];
  const isPort = (value: unknown, optional: boolean): boolean =>
    (optional && value === undefined) ||
    (typeof value === 'number' && Number.isInteger(value) && value >= (optional ? 0 : 1) && value <= 65_535);
  if (
    (protocol !== 'tcp' && protocol !== 'udp') ||
    !isPort(policy['InternalPort'], false) ||
    !isPort(policy['ExternalPort'], true)
  )
    throw new HnsError('createEndpoint', HNS.invalidPolicy);
}

interface Choice {
  readonly address: string;
  readonly subnet: HnsSubnet;
}

function checkAddress(text: string, subnets: readonly HnsSubnet[], taken: ReadonlySet<string>): Choice {
  const address = parseIPv4(text);
  const subnet = subnets.find((candidate) => {
    const prefix = parsePrefix(candidate.AddressPrefix ?? '');
    return prefix !== undefined && address !== undefined && contains(prefix, address);
  });
  if (address === undefined || subnet === undefined)
    throw new HnsError('createEndpoint', HNS.invalidIp, { subject: text });
  if (isReserved(address, subnet) || taken.has(text))
    throw new HnsError('createEndpoint', HNS.addressInvalidOrReserved, { subject: text });
  return { address: text, subnet };
}

function pickAddress(
  subnets: readonly HnsSubnet[],
  taken: ReadonlySet<string>,
  random: () => number,
): Choice {
  for (const subnet of subnets) {
    const prefix = parsePrefix(subnet.AddressPrefix ?? '');
    if (prefix === undefined) continue;
    const start = networkAddress(prefix);
    const count = broadcastAddress(prefix) - start + 1;
    const first = Math.floor(random() * count);
    // Every step is either free or one of `taken`, the two ends or the gateway.
    for (let step = 0; step < Math.min(count, taken.size + 4); step += 1) {
      const address = start + ((first + step) % count);
      const text = formatIPv4(address);
      if (!isReserved(address, subnet) && !taken.has(text)) return { address: text, subnet };
    }
  }
  throw full(
    'every address of the network is in use: remove containers, or make a network with a larger --subnet',
  );
}

function isReserved(address: number, subnet: HnsSubnet): boolean {
  const prefix = parsePrefix(subnet.AddressPrefix ?? '');
  return (
    prefix === undefined ||
    address === networkAddress(prefix) ||
    address === broadcastAddress(prefix) ||
    formatIPv4(address) === subnet.GatewayAddress
  );
}

function full(hint: string): HnsError {
  return new HnsError('createEndpoint', HNS.addressInvalidOrReserved, { hint });
}

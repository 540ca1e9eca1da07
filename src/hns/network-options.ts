import { PortholeError } from '../errors/porthole-error.ts';
import type { MacPool } from './mac.ts';

export const networkOptionPrefix = 'com.docker.network.windowsshim.';

/** Keys of `-o com.docker.network.windowsshim.…` (networking.md 4.1). */
export const networkOptionKeys = {
  networkName: `${networkOptionPrefix}networkname`,
  hnsId: `${networkOptionPrefix}hnsid`,
  hnsOwned: `${networkOptionPrefix}hnsowned`,
  interface: `${networkOptionPrefix}interface`,
  dnsSuffix: `${networkOptionPrefix}dnssuffix`,
  dnsServers: `${networkOptionPrefix}dnsservers`,
  macPool: `${networkOptionPrefix}macpool`,
  vlanId: `${networkOptionPrefix}vlanid`,
  vsid: `${networkOptionPrefix}vsid`,
  disableGatewayDns: `${networkOptionPrefix}disable_gatewaydns`,
  enableOutboundNat: `${networkOptionPrefix}enable_outboundnat`,
  outboundNatExceptions: `${networkOptionPrefix}outboundnat_exceptions`,
  routingDomain: `${networkOptionPrefix}routingdomain`,
} as const;

/** Keys of driver options of one endpoint (networking.md 4.2). */
export const endpointOptionKeys = {
  macAddress: 'com.docker.network.endpoint.macaddress',
  qosPolicies: 'com.docker.endpoint.windowsshim.qospolicies',
  disableIcc: `${networkOptionPrefix}disableicc`,
  disableDns: `${networkOptionPrefix}disable_dns`,
} as const;

export interface NetworkOptions {
  readonly networkName?: string;
  readonly hnsId?: string;
  readonly hnsOwned: boolean;
  readonly adapter?: string;
  readonly dnsSuffix?: string;
  readonly dnsServers?: string;
  readonly macPools: readonly MacPool[];
  readonly vlan: number;
  readonly vsid: number;
  readonly disableGatewayDns: boolean;
  readonly outboundNat: boolean;
  readonly outboundNatExceptions: readonly string[];
}

/**
 * Reads the options of a network. Unknown keys are stored and mean nothing, as in moby. Malformed values: kind `invalid`
 * with Go's parse errors, which moby shows.
 */
export function parseNetworkOptions(options: Readonly<Record<string, string>> | null): NetworkOptions {
  const all = options ?? {};
  const text = (key: keyof typeof networkOptionKeys): string | undefined => {
    const value = all[networkOptionKeys[key]];
    return value === undefined || value === '' ? undefined : value;
  };
  const networkName = text('networkName');
  const hnsId = text('hnsId');
  const adapter = text('interface');
  const dnsSuffix = text('dnsSuffix');
  const dnsServers = text('dnsServers');
  return {
    ...(networkName === undefined ? {} : { networkName }),
    ...(hnsId === undefined ? {} : { hnsId }),
    hnsOwned: parseGoBool(all[networkOptionKeys.hnsOwned] ?? 'false'),
    ...(adapter === undefined ? {} : { adapter }),
    ...(dnsSuffix === undefined ? {} : { dnsSuffix }),
    ...(dnsServers === undefined ? {} : { dnsServers }),
    macPools: macPools(text('macPool')),
    vlan: parseGoUint(all[networkOptionKeys.vlanId] ?? '0'),
    vsid: parseGoUint(all[networkOptionKeys.vsid] ?? '0'),
    disableGatewayDns: parseGoBool(all[networkOptionKeys.disableGatewayDns] ?? 'false'),
    outboundNat: parseGoBool(all[networkOptionKeys.enableOutboundNat] ?? 'false'),
    outboundNatExceptions: text('outboundNatExceptions')?.split(',') ?? [],
  };
}

function macPools(text: string | undefined): MacPool[] {
  const addresses = text?.split(',') ?? [];
  if (addresses.length % 2 !== 0)
    throw invalid('invalid mac pool. You must specify both a start range and an end range');
  const pools: MacPool[] = [];
  for (let index = 0; index < addresses.length; index += 2)
    pools.push({ StartMacAddress: addresses[index]!, EndMacAddress: addresses[index + 1]! });
  return pools;
}

/** Go's strconv.ParseBool. */
export function parseGoBool(text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw invalid(`strconv.ParseBool: parsing "${text}": invalid syntax`);
}

/** Go's strconv.ParseUint(text, 10, 32). */
function parseGoUint(text: string): number {
  if (!/^\d+$/.test(text)) throw invalid(`strconv.ParseUint: parsing "${text}": invalid syntax`);
  const value = Number(text);
  if (value > 0xffffffff) throw invalid(`strconv.ParseUint: parsing "${text}": value out of range`);
  return value;
}

function invalid(message: string): PortholeError {
  return new PortholeError('invalid', 'NETWORK_OPTION_INVALID', message);
}

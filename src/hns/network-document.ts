import type { IPAM } from '../api/types/index.ts';
import type { HnsNetwork, HnsPolicy, HnsSubnet } from './documents.ts';
import { parseNetworkOptions } from './network-options.ts';

export interface NetworkDocumentInput {
  /** Docker's network ID: HNS' name unless the options name another (networking.md 3.2). */
  readonly id: string;
  readonly driver: string;
  readonly ipam: IPAM;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
}

/**
 * The document that dockerd posts for a network (networking.md 3.2). On Windows `--internal` is not told to HNS; where the
 * host can keep traffic in (`honoursInternal`), the network becomes of type `internal`.
 */
export function networkDocument(
  input: NetworkDocumentInput,
  host: { readonly honoursInternal: boolean },
): HnsNetwork {
  const options = parseNetworkOptions(input.options);
  const policies: HnsPolicy[] = [];
  if (options.vlan !== 0) policies.push({ Type: 'VLAN', VLAN: options.vlan });
  if (options.vsid !== 0) policies.push({ Type: 'VSID', VSID: options.vsid });
  const subnets: HnsSubnet[] = (input.ipam.Config ?? []).map((config) => ({
    AddressPrefix: config.Subnet ?? '',
    ...((config.Gateway ?? '') === '' ? {} : { GatewayAddress: config.Gateway! }),
  }));
  if (subnets.length === 0) subnets.push({ AddressPrefix: '0.0.0.0/0' });
  return {
    Name: options.networkName ?? input.id,
    Type: input.internal && host.honoursInternal && input.driver === 'nat' ? 'internal' : input.driver,
    ...(options.adapter === undefined ? {} : { NetworkAdapterName: options.adapter }),
    ...(policies.length > 0 ? { Policies: policies } : {}),
    ...(options.macPools.length > 0 ? { MacPools: [...options.macPools] } : {}),
    Subnets: subnets,
    ...(options.dnsSuffix === undefined ? {} : { DNSSuffix: options.dnsSuffix }),
    ...(options.dnsServers === undefined ? {} : { DNSServerList: options.dnsServers }),
  };
}

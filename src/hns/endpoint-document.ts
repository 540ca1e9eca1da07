import type { EndpointSettings } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { HnsEndpoint, HnsPolicy } from './documents.ts';
import { hnsMac, isMac } from './mac.ts';
import { endpointOptionKeys, parseGoBool, parseNetworkOptions } from './network-options.ts';
import { natPolicies, type PortMapping } from './ports.ts';

export interface EndpointDocumentInput {
  readonly hnsNetworkId: string;
  readonly driver: string;
  readonly networkOptions: Readonly<Record<string, string>>;
  /** What the user asked for on this network. */
  readonly settings: Pick<EndpointSettings, 'IPAMConfig' | 'MacAddress' | 'DriverOpts'>;
  readonly mappings: readonly PortMapping[];
  /** `--dns`; empty = the host's choice. */
  readonly dnsServers: readonly string[];
  /** True when a resolver answers on the gateway (networking.md 5.4). */
  readonly internalDns: boolean;
  /** HNS' name of the endpoint, by which it is recognised as ours after a crash. */
  readonly name: string;
}

/**
 * The document that dockerd posts for an endpoint (networking.md 5.1); a member is there only when it applies. Driver
 * options of an endpoint are honoured as text, which real engines refuse (networking.md 4.2).
 */
export function endpointDocument(input: EndpointDocumentInput): HnsEndpoint {
  const network = parseNetworkOptions(input.networkOptions);
  const options = input.settings.DriverOpts ?? {};
  const policies: HnsPolicy[] = [...natPolicies(input.mappings), ...qosPolicies(options)];
  if (network.outboundNat) {
    const exceptions = network.outboundNatExceptions;
    policies.push({
      Type: 'OutBoundNAT',
      ...(exceptions.length > 0 ? { ExceptionList: [...exceptions] } : {}),
    });
  }
  const mac = input.settings.MacAddress || (options[endpointOptionKeys.macAddress] ?? '');
  if (mac !== '' && !isMac(mac)) {
    throw new PortholeError('invalid', 'MAC_ADDRESS_INVALID', `address ${mac}: invalid MAC address`);
  }
  const address = input.settings.IPAMConfig?.IPv4Address ?? '';
  const disableDns = parseGoBool(options[endpointOptionKeys.disableDns] ?? 'false');
  const internalDns =
    input.internalDns &&
    !disableDns &&
    !network.disableGatewayDns &&
    (input.driver === 'nat' || input.driver === 'overlay');
  return {
    Name: input.name,
    VirtualNetwork: input.hnsNetworkId,
    ...(policies.length > 0 ? { Policies: policies } : {}),
    ...(mac === '' ? {} : { MacAddress: hnsMac(mac) }),
    ...(address === '' ? {} : { IPAddress: address }),
    ...(input.dnsServers.length > 0 && !disableDns ? { DNSServerList: input.dnsServers.join(',') } : {}),
    ...(internalDns ? { EnableInternalDNS: true } : {}),
    ...(parseGoBool(options[endpointOptionKeys.disableIcc] ?? 'false') ? { DisableICC: true } : {}),
  };
}

function qosPolicies(options: Readonly<Record<string, string>>): HnsPolicy[] {
  const text = options[endpointOptionKeys.qosPolicies] ?? '';
  if (text === '') return [];
  if (!/^\d+$/.test(text)) {
    throw new PortholeError(
      'invalid',
      'ENDPOINT_OPTION_INVALID',
      `strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return [{ Type: 'QOS', MaximumOutgoingBandwidthInBytes: Number(text) }];
}

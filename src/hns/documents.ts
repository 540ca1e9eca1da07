/** HNS v1 objects, exactly as HNS spells them (networking.md 1.4-1.7). All fields are omitted when empty. */

export interface HnsSubnet {
  AddressPrefix?: string;
  GatewayAddress?: string;
  Policies?: HnsPolicy[];
}

export type HnsPolicy = { Type: string } & Record<string, unknown>;

export interface HnsNetwork {
  ID?: string;
  Name?: string;
  Type?: string;
  NetworkAdapterName?: string;
  SourceMac?: string;
  Policies?: HnsPolicy[];
  MacPools?: { StartMacAddress: string; EndMacAddress: string }[];
  Subnets?: HnsSubnet[];
  DNSSuffix?: string;
  DNSServerList?: string;
  DNSServerCompartment?: number;
  ManagementIP?: string;
  AutomaticDNS?: boolean;
}

export interface HnsEndpoint {
  ID?: string;
  Name?: string;
  VirtualNetwork?: string;
  VirtualNetworkName?: string;
  Policies?: HnsPolicy[];
  MacAddress?: string;
  IPAddress?: string;
  IPv6Address?: string;
  PrefixLength?: number;
  GatewayAddress?: string;
  DNSServerList?: string;
  DNSSuffix?: string;
  DNSDomain?: string;
  EnableInternalDNS?: boolean;
  DisableICC?: boolean;
  SharedContainers?: string[];
  State?: number;
}

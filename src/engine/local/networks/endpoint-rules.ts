import type { EndpointSettings } from '../../../api/types/index.ts';
import { PortholeError, asError } from '../../../errors/porthole-error.ts';
import { contains, parseIPv4, parsePrefix } from '../../../hns/address.ts';
import type { HnsNetwork } from '../../../hns/documents.ts';
import { HNS, isHnsError } from '../../../hns/hns-error.ts';

/** HNS' name of an endpoint of ours: how it is recognised when a crash kept its ID from being written. */
export function endpointName(endpointId: string): string {
  return `porthole-${endpointId.slice(0, 12)}`;
}

/** A static address must lie in a subnet of the network (networking.md 4.2): kind `invalid`, Docker's text. */
export function checkStaticAddress(settings: EndpointSettings, network: HnsNetwork): void {
  const text = settings.IPAMConfig?.IPv4Address ?? '';
  const address = parseIPv4(text);
  if (address === undefined) return;
  const inside = (network.Subnets ?? []).some((subnet) => {
    const prefix = parsePrefix(subnet.AddressPrefix ?? '');
    return prefix !== undefined && contains(prefix, address);
  });
  if (inside) return;
  throw new PortholeError(
    'invalid',
    'ENDPOINT_INVALID',
    `invalid endpoint settings:\nno configured subnet contains IP address ${text}`,
    {
      hint: `subnets here: ${(network.Subnets ?? []).map((subnet) => subnet.AddressPrefix ?? '').join(', ')}`,
    },
  );
}

/** What `start` says when an endpoint cannot be made; Docker's own errors go on as they are. */
export function endpointFailure(error: unknown, container: string, network: string): Error {
  if (!isHnsError(error)) return asError(error);
  const taken = isHnsError(error, HNS.portInUse, HNS.portAlreadyExists);
  const port = taken && error.subject !== undefined ? error.subject.replace(/\/(tcp|udp)$/, '') : undefined;
  const docker = port === undefined ? '' : `: Bind for ${port} failed: port is already allocated`;
  return new PortholeError(
    error.kind === 'invalid' ? 'invalid' : 'internal',
    taken ? 'PORT_ALLOCATED' : 'ENDPOINT_FAILED',
    `failed to create endpoint ${container} on network ${network}: ${error.message}${docker}`,
    { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) },
  );
}

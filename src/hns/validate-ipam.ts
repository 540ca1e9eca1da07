import type { IPAM } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import {
  contains,
  formatPrefix,
  looksLikeIPv6,
  masked,
  networkAddress,
  parseIPv4,
  parsePrefix,
  type Prefix,
} from './address.ts';

/**
 * moby's ValidateIPAM for IPv4 (networking.md 4.3): every fault of every entry in one message, several as a list. IPv6
 * entries are skipped, as moby does without `--ipv6`.
 */
export function validateIpam(ipam: IPAM | null): void {
  const faults: string[] = [];
  for (const config of ipam?.Config ?? []) {
    const subnet = config.Subnet ?? '';
    if (looksLikeIPv6(subnet)) continue;
    const prefix = parsePrefix(subnet);
    if (prefix === undefined) {
      faults.push(`invalid subnet ${subnet}: invalid CIDR block notation`);
      continue;
    }
    const parent = masked(prefix);
    if (parent.address !== prefix.address)
      faults.push(`invalid subnet ${subnet}: it should be ${formatPrefix(parent)}`);
    faults.push(...rangeFaults(config.IPRange ?? '', parent));
    const gatewayFault = addressFault(config.Gateway ?? '', parent);
    if (gatewayFault !== undefined) faults.push(`invalid gateway ${config.Gateway ?? ''}: ${gatewayFault}`);
    for (const [name, address] of Object.entries(config.AuxiliaryAddresses ?? {})) {
      const fault = addressFault(address, parent);
      if (fault !== undefined) faults.push(`invalid auxiliary address ${name}: ${fault}`);
    }
  }
  if (faults.length === 0) return;
  const list = faults.length === 1 ? faults[0] : faults.map((fault) => `* ${fault}`).join('\n');
  throw new PortholeError('invalid', 'NETWORK_CONFIG_INVALID', `invalid network config:\n${list}`);
}

function rangeFaults(text: string, parent: Prefix): string[] {
  if (text === '') return [];
  const range = parsePrefix(text);
  if (range === undefined) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  const faults: string[] = [];
  if (range.length < parent.length) {
    faults.push(
      `invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${formatPrefix(parent)}`,
    );
  }
  if (networkAddress(range) !== range.address)
    faults.push(`invalid ip-range ${text}: it should be ${formatPrefix(masked(range))}`);
  if (!contains(parent, range.address))
    faults.push(`invalid ip-range ${text}: parent subnet ${formatPrefix(parent)} doesn't contain ip-range`);
  return faults;
}

function addressFault(text: string, parent: Prefix): string | undefined {
  if (text === '') return undefined;
  if (looksLikeIPv6(text)) return 'parent subnet is an IPv4 block';
  const address = parseIPv4(text);
  if (address === undefined) return 'invalid address';
  return contains(parent, address)
    ? undefined
    : `parent subnet ${formatPrefix(parent)} doesn't contain this address`;
}

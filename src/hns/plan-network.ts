import {
  contains,
  formatIPv4,
  formatPrefix,
  masked,
  networkAddress,
  overlaps,
  parseIPv4,
  parsePrefix,
  type Prefix,
} from './address.ts';
import type { HnsNetwork, HnsSubnet } from './documents.ts';
import { HNS, HnsError } from './hns-error.ts';
import { randomMacPool } from './mac.ts';

/** A range that a new subnet must not touch, with words for the message. */
export interface TakenPrefix {
  readonly prefix: Prefix;
  /** `network "web"`, `route 10.0.0.0/8 of eth0`. */
  readonly owner: string;
}

export interface NetworkPlanContext {
  readonly existing: readonly HnsNetwork[];
  /** What the host uses beside those networks. */
  readonly taken: readonly TakenPrefix[];
  /** 0 <= n < 1. */
  readonly random: () => number;
  readonly newGuid: () => string;
}

const knownTypes = new Set([
  'nat',
  'ics',
  'transparent',
  'l2bridge',
  'l2tunnel',
  'overlay',
  'private',
  'internal',
  'mirrored',
]);

/**
 * What HNS makes of a network document on creation (networking.md 1.4, 7.2): an ID, a /20 of 172.16.0.0/12 where the caller
 * leaves the choice, the first address as gateway, a MAC pool. For hosts without HNS.
 *
 * Errors: 0x803B0010 name taken, 0x803B000B type, 0x803B0030 prefix, 0x803B001E gateway outside, 0x80070057 overlap.
 */
export function planNetwork(document: HnsNetwork, context: NetworkPlanContext): HnsNetwork {
  const name = document.Name ?? '';
  if (context.existing.some((other) => sameText(other.Name, name)))
    throw new HnsError('createNetwork', HNS.networkAlreadyExists, { subject: name });
  const type = (document.Type ?? 'nat').toLowerCase();
  if (!knownTypes.has(type)) throw new HnsError('createNetwork', HNS.invalidNetworkType, { subject: type });
  const taken = [...context.taken, ...context.existing.flatMap(prefixesOf)];
  const requested = (document.Subnets ?? []).filter((subnet) => !isAnyPrefix(subnet.AddressPrefix));
  const subnets =
    requested.length > 0
      ? requested.map((subnet) => checkSubnet(subnet, taken))
      : [choose(taken, context.random)];
  return {
    ...document,
    ID: document.ID ?? context.newGuid(),
    Name: name,
    Type: document.Type ?? 'nat',
    MacPools: document.MacPools ?? [randomMacPool(context.random)],
    Subnets: subnets,
  };
}

function isAnyPrefix(text: string | undefined): boolean {
  return text === undefined || text === '' || text === '0.0.0.0/0';
}

function prefixesOf(network: HnsNetwork): TakenPrefix[] {
  return (network.Subnets ?? []).flatMap((subnet) => {
    const prefix = parsePrefix(subnet.AddressPrefix ?? '');
    return prefix === undefined ? [] : [{ prefix, owner: `network "${network.Name ?? ''}"` }];
  });
}

function checkSubnet(subnet: HnsSubnet, taken: readonly TakenPrefix[]): HnsSubnet {
  const text = subnet.AddressPrefix ?? '';
  const prefix = parsePrefix(text);
  if (prefix === undefined || networkAddress(prefix) !== prefix.address || prefix.length > 30)
    throw new HnsError('createNetwork', HNS.invalidPrefix, { subject: text });
  const collision = taken.find((other) => overlaps(other.prefix, prefix));
  if (collision !== undefined) {
    throw new HnsError('createNetwork', HNS.invalidParameter, {
      text: 'HNS failed with error : The parameter is incorrect. ',
      subject: text,
      hint: `subnet ${text} overlaps with ${collision.owner} (${formatPrefix(collision.prefix)}): choose another, or leave --subnet out`,
    });
  }
  const gatewayText = subnet.GatewayAddress ?? '';
  const gateway = gatewayText === '' ? prefix.address + 1 : parseIPv4(gatewayText);
  if (gateway === undefined || !contains(prefix, gateway))
    throw new HnsError('createNetwork', HNS.invalidIp, { subject: gatewayText });
  return { ...subnet, AddressPrefix: text, GatewayAddress: formatIPv4(gateway) };
}

/** HNS' choice: a free /20 of 172.16.0.0/12, picked at random; then of 192.168.0.0/16, then of 10.0.0.0/8. */
function choose(taken: readonly TakenPrefix[], random: () => number): HnsSubnet {
  for (const pool of ['172.16.0.0/12', '192.168.0.0/16', '10.0.0.0/8']) {
    const { address, length } = masked(parsePrefix(pool)!);
    const count = 2 ** (20 - length);
    const first = Math.floor(random() * count);
    for (let step = 0; step < count; step += 1) {
      const prefix = { address: address + ((first + step) % count) * 4096, length: 20 };
      if (!taken.some((other) => overlaps(other.prefix, prefix)))
        return { AddressPrefix: formatPrefix(prefix), GatewayAddress: formatIPv4(prefix.address + 1) };
    }
  }
  throw new HnsError('createNetwork', HNS.invalidParameter, {
    text: 'HNS failed with error : The parameter is incorrect. ',
    hint: 'no private address range is free on this host: choose one with --subnet',
  });
}

function sameText(a: string | undefined, b: string): boolean {
  return a !== undefined && a.toLowerCase() === b.toLowerCase();
}

import type { IPAM, NetworkCreateRequest } from '../api/types/index.ts';
import { PortholeError, type ErrorKind } from '../errors/porthole-error.ts';
import { looksLikeIPv6 } from './address.ts';
import { networkOptionKeys, networkOptionPrefix, parseNetworkOptions } from './network-options.ts';
import { validateIpam } from './validate-ipam.ts';

/** What of the host decides which networks can be made. */
export interface NetworkHost {
  /** Drivers that the host has, beside `null`. */
  readonly drivers: readonly string[];
  /** True on the embedded backend: for hints. */
  readonly embedded: boolean;
}

/** A request that passed, with Docker's defaults filled in. */
export interface CheckedNetwork {
  readonly name: string;
  readonly driver: string;
  readonly ipam: IPAM;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly configOnly: boolean;
  readonly configFrom: string;
  readonly warning: string;
}

/** All of moby's Windows drivers (networking.md 3.1). */
export const windowsDrivers = [
  'ics',
  'internal',
  'l2bridge',
  'l2tunnel',
  'nat',
  'null',
  'overlay',
  'private',
  'transparent',
] as const;

const predefined = new Set(['nat', 'none', 'default']);

/** Names that are no user's: `nat`, `none`, `default`, `container:x` (networking.md 3.6). */
export function isPredefinedNetwork(name: string): boolean {
  return predefined.has(name) || name.startsWith('container:');
}

/**
 * Docker's checks of `network create` on Windows, in its order and words (networking.md 4.3), without those that need other
 * networks. `bridge` is what Docker's client sends when nobody chose a driver, and means `nat`.
 */
export function checkNetworkRequest(request: NetworkCreateRequest, host: NetworkHost): CheckedNetwork {
  const name = request.Name;
  if (name.trim() === '') throw fail('invalid', 'NETWORK_NAME_INVALID', 'invalid name: name is empty');
  if (isPredefinedNetwork(name)) {
    throw fail(
      'forbidden',
      'NETWORK_PREDEFINED',
      `operation is not permitted on predefined ${name} network `,
    );
  }
  if (request.EnableIPv4 === false)
    throw fail('invalid', 'NETWORK_CONFIG_INVALID', 'IPv4 cannot be disabled on Windows');
  validateIpam(request.IPAM);
  if (request.Ingress)
    throw fail('forbidden', 'NETWORK_SCOPE', 'Ingress network can only be global scope network');
  if (request.Scope === 'swarm') {
    throw fail(
      'forbidden',
      'NETWORK_SCOPE',
      'cannot create a swarm scoped network when swarm is not active',
      'porthole has no swarm: leave --scope out',
    );
  }
  if (request.Scope !== '' && request.Scope !== 'local')
    throw fail('invalid', 'NETWORK_SCOPE', `invalid network scope: ${request.Scope}`);
  const driver = request.ConfigOnly ? 'null' : driverOf(request.Driver, host);
  const ipamDriver = checkIpamDriver(request);
  const withoutEffect = checkOptions(request.Options ?? {});
  const ipv6 = (request.IPAM?.Config ?? []).filter((config) => looksLikeIPv6(config.Subnet ?? ''));
  return {
    name,
    driver,
    ipam: {
      Driver: ipamDriver,
      Options: request.IPAM?.Options ?? null,
      Config: (request.IPAM?.Config ?? []).filter((config) => !ipv6.includes(config)),
    },
    options: request.Options ?? {},
    labels: request.Labels ?? {},
    internal: request.Internal,
    attachable: request.Attachable,
    configOnly: request.ConfigOnly,
    configFrom: request.ConfigFrom?.Network ?? '',
    warning: [
      ...ipv6.map((config) => `IPv6 subnet ${config.Subnet ?? ''} is ignored`),
      ...withoutEffect.map((key) => `option ${key} has no effect`),
    ].join('; '),
  };
}

function driverOf(text: string, host: NetworkHost): string {
  const driver = text === '' || text === 'bridge' ? 'nat' : text;
  if (driver === 'null')
    throw fail('forbidden', 'NETWORK_DRIVER', 'only one instance of "null" network is allowed');
  if (driver === 'overlay') {
    throw fail(
      'forbidden',
      'NETWORK_DRIVER',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
      'porthole has no swarm: use -d nat',
    );
  }
  if (host.drivers.includes(driver)) return driver;
  const isWindows = (windowsDrivers as readonly string[]).includes(driver);
  throw fail(
    'notFound',
    'NETWORK_DRIVER',
    `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
    host.embedded && isWindows
      ? `the driver ${driver} needs a Windows host; here there are ${host.drivers.join(', ')}`
      : `drivers here: ${host.drivers.join(', ')}`,
  );
}

/** The options of this driver that nothing reads: misspelled ones, and two that moby knows and never sends to HNS. */
function checkOptions(options: Readonly<Record<string, string>>): string[] {
  const { hnsId, hnsOwned } = parseNetworkOptions(options);
  if (hnsId !== undefined || hnsOwned) {
    const key = hnsId === undefined ? networkOptionKeys.hnsOwned : networkOptionKeys.hnsId;
    throw fail(
      'invalid',
      'NETWORK_OPTION_INVALID',
      `option ${key} cannot be given`,
      'networks that HNS has already are in porthole network ls: use them by their names there',
    );
  }
  const { routingDomain, ...read } = networkOptionKeys;
  const known = new Set<string>(Object.values(read));
  return Object.keys(options).filter(
    (key) => key === routingDomain || (key.startsWith(networkOptionPrefix) && !known.has(key)),
  );
}

function checkIpamDriver(request: NetworkCreateRequest): string {
  const driver = request.IPAM?.Driver ?? '';
  if (!['', 'default', 'windows'].includes(driver)) {
    throw fail(
      'notFound',
      'NETWORK_DRIVER',
      `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
    );
  }
  const hasRange = (request.IPAM?.Config ?? []).some((config) => (config.IPRange ?? '') !== '');
  if (request.EnableIPv6 === true || hasRange) {
    throw fail(
      'internal',
      'NETWORK_IPAM',
      "this request is not supported by the 'windows' ipam driver",
      hasRange ? 'leave --ip-range out: Windows picks addresses from the whole subnet' : 'leave --ipv6 out',
    );
  }
  return request.ConfigOnly ? 'default' : 'windows';
}

function fail(kind: ErrorKind, code: string, message: string, hint?: string): PortholeError {
  return new PortholeError(kind, code, message, hint === undefined ? {} : { hint });
}

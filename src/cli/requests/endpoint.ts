/** `--network`, `--ip`, `--network-alias`… -> endpoint settings (`opts/network.go`, `container/opts.go`; docker-cli.md 5.5). */
import type { EndpointSettings } from '../../api/types/index.ts';
import { quoteGo } from '../../text/go-quote.ts';
import { parseAtoi } from '../../text/strconv.ts';
import { CliError } from '../cli-error.ts';
import type { Client } from './client.ts';
import { csvFields } from './csv.ts';
import { cut, sortedRecord } from './key-values.ts';

interface Attachment {
  target: string;
  aliases: string[];
  links: string[];
  ipv4: string;
  ipv6: string;
  mac: string;
  linkLocalIps: string[];
  driverOptions: [string, string][];
  gatewayPriority: number;
}

/** What `run`, `create` and `network connect` say about one endpoint outside `--network`. */
export interface EndpointFlags {
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
  readonly linkLocalIps: readonly string[];
}

const attachmentTo = (target: string): Attachment => ({
  target,
  aliases: [],
  links: [],
  ipv4: '',
  ipv6: '',
  mac: '',
  linkLocalIps: [],
  driverOptions: [],
  gatewayPriority: 0,
});

/** `key=value` of a driver option; the key is lower-cased. */
export function parseDriverOption(text: string): [key: string, value: string] {
  const [key, value, found] = cut(text, '=');
  if (!found) throw new Error('invalid key value pair format in driver options');
  return [key.trim().toLowerCase(), value.trim()];
}

function parsePriority(text: string): number {
  try {
    return parseAtoi(text);
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*: /, '');
    throw new Error(`invalid gw-priority (${text}): ${reason}`, { cause: error });
  }
}

/** One `--network` value: a name, or the long form `name=…,alias=…`. Docker lower-cases the whole long form. */
function parseAttachment(value: string): Attachment {
  if (!/\w+=\w+(,\w+=\w+)*/.test(value)) return attachmentTo(value);
  const attachment = attachmentTo('');
  for (const field of csvFields(value)) {
    const [rawKey, rawText, found] = cut(field.toLowerCase(), '=');
    if (!found || rawKey === '') throw new Error(`invalid field ${field}`);
    const key = rawKey.trim();
    const text = rawText.trim();
    if (key === 'name') attachment.target = text;
    else if (key === 'alias') attachment.aliases.push(text);
    else if (key === 'ip') attachment.ipv4 = text;
    else if (key === 'ip6') attachment.ipv6 = text;
    else if (key === 'mac-address') attachment.mac = text;
    else if (key === 'link-local-ip') attachment.linkLocalIps.push(text);
    else if (key === 'driver-opt') attachment.driverOptions.push(parseDriverOption(text));
    else if (key === 'gw-priority') attachment.gatewayPriority = parsePriority(text);
    else throw new Error(`invalid field key ${key}`);
  }
  if (attachment.target === '') throw new Error('network name/id is not specified');
  return attachment;
}

/** The flag's own check: kept as typed. */
export function checkNetwork(value: string): string {
  parseAttachment(value);
  return value;
}

export function isMacAddress(text: string): boolean {
  const groups = (size: number, count: number, separator: string) =>
    new RegExp(`^[0-9a-fA-F]{${size}}(?:\\${separator}[0-9a-fA-F]{${size}}){${count - 1}}$`).test(text);
  return [6, 8, 20].some(
    (bytes) => groups(2, bytes, ':') || groups(2, bytes, '-') || groups(4, bytes / 2, '.'),
  );
}

/** Networks that are no user-defined ones for a client of this system: moby `hostconfig_{unix,windows}.go`. */
function isUserDefined(network: string, platform: Client['platform']): boolean {
  const builtIn = platform === 'win32' ? ['nat'] : ['bridge', 'host'];
  return !['', 'default', 'none', ...builtIn].includes(network) && !network.startsWith('container:');
}

function applyFlags(attachment: Attachment, flags: EndpointFlags, platform: Client['platform']): void {
  const both = (what: string) => new CliError(`conflicting options: cannot specify both ${what}`);
  if (attachment.aliases.length > 0 && flags.aliases.length > 0)
    throw both('--network-alias and per-network alias');
  if (attachment.ipv4 !== '' && flags.ipv4 !== '') throw both('--ip and per-network IPv4 address');
  if (attachment.ipv6 !== '' && flags.ipv6 !== '') throw both('--ip6 and per-network IPv6 address');
  if (attachment.mac !== '' && flags.mac !== '') throw both('--mac-address and per-network MAC address');
  if (attachment.linkLocalIps.length > 0 && flags.linkLocalIps.length > 0)
    throw both('--link-local-ip and per-network link-local IP addresses');
  if (flags.aliases.length > 0) attachment.aliases = [...flags.aliases];
  if (isUserDefined(attachment.target, platform)) attachment.links = [...flags.links];
  attachment.ipv4 ||= flags.ipv4;
  attachment.ipv6 ||= flags.ipv6;
  attachment.mac ||= flags.mac;
  if (flags.linkLocalIps.length > 0) attachment.linkLocalIps = [...flags.linkLocalIps];
}

/** Endpoint settings with everything the engine fills left empty, keys in Docker's order. */
export function endpointSettings(
  set: Partial<
    Pick<EndpointSettings, 'IPAMConfig' | 'Links' | 'Aliases' | 'MacAddress' | 'DriverOpts' | 'GwPriority'>
  >,
): EndpointSettings {
  return {
    IPAMConfig: set.IPAMConfig ?? null,
    Links: set.Links ?? null,
    Aliases: set.Aliases ?? null,
    MacAddress: set.MacAddress ?? '',
    DriverOpts: set.DriverOpts ?? null,
    GwPriority: set.GwPriority ?? 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

/** Addresses of an endpoint, absent when none was asked for. */
export function ipamConfig(
  ipv4: string,
  ipv6: string,
  linkLocalIps: readonly string[],
): EndpointSettings['IPAMConfig'] {
  if (ipv4 === '' && ipv6 === '' && linkLocalIps.length === 0) return null;
  return {
    ...(ipv4 !== '' && { IPv4Address: ipv4 }),
    ...(ipv6 !== '' && { IPv6Address: ipv6 }),
    ...(linkLocalIps.length > 0 && { LinkLocalIPs: [...linkLocalIps] }),
  };
}

function toSettings(attachment: Attachment, platform: Client['platform']): EndpointSettings {
  if (attachment.target.trim() === '') throw new CliError('no name set for network');
  if (!isUserDefined(attachment.target, platform)) {
    if (attachment.aliases.length > 0)
      throw new CliError('network-scoped aliases are only supported for user-defined networks');
    if (attachment.links.length > 0) throw new CliError('links are only supported for user-defined networks');
  }
  if (attachment.mac !== '' && !isMacAddress(attachment.mac.trim()))
    throw new CliError(`${attachment.mac} is not a valid mac address`);
  return endpointSettings({
    IPAMConfig: ipamConfig(attachment.ipv4, attachment.ipv6, attachment.linkLocalIps),
    ...(attachment.links.length > 0 && { Links: attachment.links }),
    ...(attachment.aliases.length > 0 && { Aliases: attachment.aliases }),
    MacAddress: attachment.mac,
    ...(attachment.driverOptions.length > 0 && { DriverOpts: sortedRecord(attachment.driverOptions) }),
    GwPriority: attachment.gatewayPriority,
  });
}

const isPlain = (settings: EndpointSettings) =>
  JSON.stringify(settings) === JSON.stringify(endpointSettings({}));

/** `HostConfig.NetworkMode` and the endpoints of a create request. The first network takes the single-network flags. */
export function parseNetworks(
  networks: readonly string[],
  flags: EndpointFlags,
  platform: Client['platform'],
): { mode: string; endpoints: Record<string, EndpointSettings> } {
  const attachments = networks.length === 0 ? [attachmentTo('default')] : networks.map(parseAttachment);
  const endpoints = new Map<string, EndpointSettings>();
  for (const [index, attachment] of attachments.entries()) {
    if (index === 0) applyFlags(attachment, flags, platform);
    const settings = toSettings(attachment, platform);
    if (endpoints.has(attachment.target))
      throw new CliError(`network ${quoteGo(attachment.target)} is specified multiple times`);
    // Docker leaves out the endpoint of a lone --network without options; the engine makes it.
    if (networks.length === 1 && isPlain(settings)) continue;
    endpoints.set(attachment.target, settings);
  }
  const kinds = new Set(
    networks.length === 0 ? [] : attachments.map(({ target }) => isUserDefined(target, platform)),
  );
  if (kinds.size > 1) {
    throw new CliError(
      'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
    );
  }
  return { mode: attachments[0]!.target, endpoints: sortedRecord(endpoints) };
}

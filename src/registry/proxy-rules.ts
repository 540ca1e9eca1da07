/** Which proxy a request goes through: Go's rules, as Docker's engine follows them (images-and-registries.md 2.10). */
import { BlockList, isIP } from 'node:net';
import { PortholeError } from '../errors/porthole-error.ts';
import { redactUserInfo } from './redact.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The proxy's URL, or undefined for a direct connection. Loopback is never proxied. Kind `invalid` for a bad proxy URL. */
export function proxyFor(target: URL, env: Variables): URL | undefined {
  const host = bareHost(target.hostname);
  if (isLoopback(host)) return undefined;
  const name = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[name] ?? env[name.toLowerCase()] ?? '';
  if (value === '' || isExcluded(target, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  return parseProxy(value);
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}

/** Without the brackets of an IPv6 address and in lower case. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isExcluded(target: URL, list: string): boolean {
  const host = bareHost(target.hostname);
  const port = target.port !== '' ? target.port : target.protocol === 'https:' ? '443' : '80';
  return list
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== '')
    .some((item) => matches(item, host, port));
}

function matches(item: string, host: string, port: string): boolean {
  if (item === '*') return true;
  const [network, prefix] = item.split('/');
  if (prefix !== undefined) return inNetwork(host, network!, Number(prefix));
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(item);
  if (withPort !== null && withPort[2] !== port) return false;
  const name = bareHost(withPort?.[1] ?? item).replace(/^\*(?=\.)/, '');
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (isIP(name) === 0 && host.endsWith(`.${name}`));
}

/** True when the address literal `host` lies in `network/prefix`. Names never do. */
export function inNetwork(host: string, network: string, prefix: number): boolean {
  const family = isIP(network);
  if (
    family === 0 ||
    isIP(host) !== family ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > (family === 4 ? 32 : 128)
  )
    return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function parseProxy(value: string): URL {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Falls through to the one error.
  }
  throw new PortholeError('invalid', 'PROXY_INVALID', `invalid proxy address "${redactUserInfo(value)}"`, {
    hint: 'HTTP_PROXY and HTTPS_PROXY are http:// or https:// URLs',
  });
}

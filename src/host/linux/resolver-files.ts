/**
 * /etc/hosts and /etc/resolv.conf of a sandbox (networking.md 7.5): Wine's resolver is the C library's. The files are bound
 * into the sandbox, so they are rewritten in place, never replaced.
 */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostEntry } from '../ports/network.ts';

const loopbackLines = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback'];

/**
 * `own.name` resolves to `own.address` (loopback when there is none), on a line of its own before all others: Wine takes what
 * the computer is called from the first name of the line that its host name is found in.
 */
export function hostsText(
  entries: readonly HostEntry[],
  own: { readonly name?: string; readonly address?: string } = {},
): string {
  const lines = entries
    .filter((entry) => entry.names.length > 0)
    .map((entry) => `${entry.address}\t${entry.names.map(oneWord).join(' ')}`);
  const ownLines =
    own.name === undefined || own.name === '' ? [] : [`${own.address ?? '127.0.0.1'}\t${oneWord(own.name)}`];
  return `${[...loopbackLines, ...ownLines, ...lines].join('\n')}\n`;
}

/** A name with a blank or a line end would be read as something else. */
function oneWord(name: string): string {
  return name.replaceAll(/[\s#]/g, '-');
}

export interface ResolverSettings {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

export function parseResolvConf(text: string): ResolverSettings {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) nameservers.push(words[0]);
    else if (keyword === 'search' || keyword === 'domain') search = words;
    else if (keyword === 'options') options.push(...words);
  }
  return { nameservers, search, options };
}

/** The C library reads three servers. */
export function resolvConfText(settings: ResolverSettings): string {
  const lines = settings.nameservers.slice(0, 3).map((server) => `nameserver ${server}`);
  // Docker's word for "no search list at all".
  const search = settings.search.filter((domain) => domain !== '.');
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  if (settings.options.length > 0) lines.push(`options ${settings.options.join(' ')}`);
  return lines.length === 0 ? '# no name servers\n' : `${lines.join('\n')}\n`;
}

export function isLoopbackServer(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Docker's choice when the host's own servers cannot be reached from a container. */
const publicServers = ['8.8.8.8', '8.8.4.4'];

/**
 * What the host resolves with, as a namespace of its own can use it: servers on loopback are replaced by those behind
 * systemd-resolved, else by public ones, as Docker does.
 */
export function hostResolver(read: (path: string) => string | undefined): ResolverSettings {
  const host = parseResolvConf(read('/etc/resolv.conf') ?? '');
  const reachable = host.nameservers.filter((server) => !isLoopbackServer(server));
  if (reachable.length > 0) return { ...host, nameservers: reachable };
  const behind = parseResolvConf(read('/run/systemd/resolve/resolv.conf') ?? '');
  const others = behind.nameservers.filter((server) => !isLoopbackServer(server));
  return { ...host, nameservers: others.length > 0 ? others : publicServers };
}

export function readHostFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Same inode before and after; made when missing. A reader may see the old or the new text, in one read. */
export function rewriteInPlace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const bytes = Buffer.from(text);
    writeSync(descriptor, bytes, 0, bytes.length, 0);
    ftruncateSync(descriptor, bytes.length);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Bridges, namespaces and links in the kernel, by batches of the program ip (linux-backend.md 14). Needs CAP_NET_ADMIN. Each
 * function makes or removes one thing and can be told twice.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkAddress, parsePrefix } from '../../hns/address.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import type { TakenPrefix } from '../../hns/plan-network.ts';
import { namespacePath } from './kernel-names.ts';
import { findTool, runTool, runToolOk, ToolError } from './run-tool.ts';

export interface BridgeSubject {
  readonly bridge: string;
  /** `172.25.144.1/20`; none for a network that the host takes no part in. */
  readonly addresses: readonly string[];
}

export interface LinkSubject {
  readonly bridge: string;
  readonly veth: string;
  /** Name of the namespace below /run/netns. */
  readonly netns: string;
  /** Interface name inside: `eth0`. */
  readonly device: string;
  /** `00:15:5d:ab:58:c6` */
  readonly mac: string;
  /** `172.25.145.155/20` */
  readonly address: string;
  readonly gateway?: string;
  /** Neighbours of the bridge cannot reach it (DisableICC). */
  readonly isolated: boolean;
}

/** Makes the namespace if need be, and the link into it. `ip -batch` lines run in the host's namespace. */
export function hostLinkLines(subject: LinkSubject, makeNamespace: boolean): string[] {
  return [
    ...(makeNamespace ? [`netns add ${subject.netns}`] : []),
    `link add name ${subject.veth} master ${subject.bridge} up type veth peer name ${subject.device} address ${subject.mac} netns ${subject.netns}`,
    ...(subject.isolated ? [`link set dev ${subject.veth} type bridge_slave isolated on`] : []),
  ];
}

/** Lines that run inside. */
export function namespaceLinkLines(subject: LinkSubject): string[] {
  return [
    'link set dev lo up',
    `address add ${subject.address} dev ${subject.device}`,
    `link set dev ${subject.device} up`,
    ...(subject.gateway === undefined
      ? []
      : [`route add default via ${subject.gateway} dev ${subject.device}`]),
  ];
}

/** Without capabilities a program of a container could neither ping nor take port 80; inside its own network it may. */
const openSysctls = [
  ['ping_group_range', '0 2147483647'],
  ['ip_unprivileged_port_start', '0'],
] as const;

export const sysctlScript = openSysctls
  .map(([name, value]) => `echo "${value}" >/proc/sys/net/ipv4/${name} 2>/dev/null;`)
  .join(' ');

export class KernelNetwork {
  readonly #path: string | undefined;
  readonly #ip: string;

  constructor(path: string | undefined) {
    this.#path = path;
    this.#ip = findTool('ip', path) ?? 'ip';
  }

  async addBridge({ bridge, addresses }: BridgeSubject): Promise<void> {
    const lines = [
      `link add name ${bridge} type bridge`,
      ...addresses.map((address) => `address add ${address} dev ${bridge}`),
      `link set dev ${bridge} up`,
    ];
    await this.#batch('createNetwork', lines);
    try {
      // Router advertisements of a container must not reach the host.
      writeFileSync(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1\n');
    } catch {
      // No IPv6 here.
    }
  }

  async removeLink(name: string): Promise<void> {
    if (linkNames().has(name)) await runTool(this.#ip, ['link', 'delete', 'dev', name]);
  }

  async addNamespace(netns: string): Promise<void> {
    await this.#batch('createNamespace', [`netns add ${netns}`]);
    await this.#inside(netns, ['link set dev lo up'], true);
  }

  async addLink(subject: LinkSubject, makeNamespace: boolean): Promise<void> {
    await this.#batch('attachEndpoint', hostLinkLines(subject, makeNamespace));
    await this.#inside(subject.netns, namespaceLinkLines(subject), makeNamespace);
  }

  async removeNamespace(netns: string): Promise<void> {
    if (existsSync(namespacePath(netns))) await runTool(this.#ip, ['netns', 'delete', netns]);
  }

  /** Everything that the routing tables know, local addresses included. */
  async takenPrefixes(): Promise<TakenPrefix[]> {
    const text = await runToolOk(this.#ip, ['-json', '-4', 'route', 'show', 'table', 'all']);
    const routes = JSON.parse(text === '' ? '[]' : text) as { type?: string; dst?: string; dev?: string }[];
    return routes.flatMap(({ type, dst = '', dev = '?' }) => {
      const prefix = parsePrefix(dst.includes('/') ? dst : `${dst}/32`);
      if (dst === 'default' || type === 'broadcast' || prefix === undefined || prefix.length === 0) return [];
      // 127.0.0.0/8 and link-local ranges collide with nothing that may be chosen.
      return [{ prefix: { ...prefix, address: networkAddress(prefix) }, owner: `route ${dst} of ${dev}` }];
    });
  }

  async #inside(netns: string, lines: readonly string[], first: boolean): Promise<void> {
    const nsenter = findTool('nsenter', this.#path) ?? 'nsenter';
    const script = `${first ? sysctlScript : ''} exec ${this.#ip} -batch -`;
    const result = await runTool(
      nsenter,
      [`--net=${namespacePath(netns)}`, '/bin/sh', '-c', script],
      `${lines.join('\n')}\n`,
    );
    if (result.code !== 0) throw kernelFailure('attachEndpoint', new ToolError('ip', result));
  }

  async #batch(op: string, lines: readonly string[]): Promise<void> {
    const result = await runTool(this.#ip, ['-batch', '-'], `${lines.join('\n')}\n`);
    if (result.code !== 0) throw kernelFailure(op, new ToolError('ip', result));
  }
}

function kernelFailure(op: string, error: ToolError): HnsError {
  const text = error.result.stderr.replaceAll(/^Command failed -:\d+\n?/gm, '').trim();
  const denied = /not permitted|denied/i.test(text);
  return new HnsError(op, denied ? HNS.accessDenied : HNS.unspecified, {
    text: `the kernel refused the network set-up: ${text}`,
    hint: denied
      ? 'run as root with CAP_NET_ADMIN and CAP_SYS_ADMIN, or as an ordinary user'
      : 'the kernel may lack bridges or veth links; --network none needs neither',
    cause: error,
  });
}

export interface LinkCounters {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receivedDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sentDropped: number;
}

/** Counters of every interface, as the host sees them. */
export function linkCounters(text = readFileSync('/proc/net/dev', 'latin1')): Map<string, LinkCounters> {
  const counters = new Map<string, LinkCounters>();
  for (const line of text.split('\n').slice(2)) {
    const [name, values] = line.split(':');
    const fields = values?.trim().split(/\s+/).map(Number) ?? [];
    if (name === undefined || fields.length < 12) continue;
    counters.set(name.trim(), {
      receivedBytes: fields[0]!,
      receivedPackets: fields[1]!,
      receivedDropped: fields[3]!,
      sentBytes: fields[8]!,
      sentPackets: fields[9]!,
      sentDropped: fields[11]!,
    });
  }
  return counters;
}

export function linkNames(): Set<string> {
  return new Set(linkCounters().keys());
}

/** The PORTS column (`formatter/container.go`; docker-cli.md 2.3) and `docker port`. */
import type { ContainerPort, PortMap } from '../../api/types/index.ts';
import { naturalCompare } from './short.ts';

const hostAndPort = (ip: string, port: string | number) =>
  ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;

interface Range {
  first: number;
  last: number;
}

function rangeText(key: string, { first, last }: Range): string {
  const [ip, protocol] = key.includes('/') ? (key.split('/') as [string, string]) : ['', key];
  const span = first === last ? String(first) : `${first}-${last}`;
  return ip === '' ? `${span}/${protocol}` : `${hostAndPort(ip, span)}->${span}/${protocol}`;
}

function comparePorts(a: ContainerPort, b: ContainerPort): number {
  const order = (left: string | number, right: string | number) => (left < right ? -1 : left > right ? 1 : 0);
  return (
    a.PrivatePort - b.PrivatePort ||
    order(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    order(a.Type, b.Type)
  );
}

/** Ports published on another number come last; runs of neighbouring numbers become ranges. */
export function displayPorts(ports: readonly ContainerPort[]): string {
  const open = new Map<string, Range>();
  const ranges: string[] = [];
  const mapped: string[] = [];
  for (const { IP: ip = '', PrivatePort: inner, PublicPort: outer = 0, Type: type } of ports.toSorted(
    comparePorts,
  )) {
    let key = type;
    if (ip !== '') {
      if (outer !== inner) {
        mapped.push(`${hostAndPort(ip, outer)}->${inner}/${type}`);
        continue;
      }
      key = `${ip}/${type}`;
    }
    const range = open.get(key);
    if (range && range.last + 1 === inner) range.last = inner;
    else {
      if (range) ranges.push(rangeText(key, range));
      // The map keeps the place of the first sight, like Docker's own list of keys.
      open.set(key, { first: inner, last: inner });
    }
  }
  return [...ranges, ...[...open].map(([key, range]) => rangeText(key, range)), ...mapped].join(', ');
}

/** `docker port C`: `80/tcp -> 0.0.0.0:8080`, one line a binding. */
export function portLines(ports: PortMap | null | undefined): string[] {
  return Object.entries(ports ?? {})
    .flatMap(([port, bindings]) =>
      (bindings ?? []).map((binding) => `${port} -> ${hostAndPort(binding.HostIp, binding.HostPort)}`),
    )
    .sort(naturalCompare);
}

/** `docker port C 80[/proto]`: host sides only; undefined when that port is not published. */
export function portBindings(ports: PortMap | null | undefined, wanted: string): string[] | undefined {
  const bindings = ports?.[wanted];
  if (!bindings || bindings.length === 0) return undefined;
  return bindings.map((binding) => hostAndPort(binding.HostIp, binding.HostPort)).sort(naturalCompare);
}

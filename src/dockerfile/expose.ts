import { isIP } from 'node:net';
import { quoteGo } from '../text/go-quote.ts';

/**
 * EXPOSE's port specifications (dockerfile.md 2.5): `80`, `80-90/udp`, also with an address or host port in front, which mean
 * nothing here. Answers `80/tcp` keys. Throws Errors in the reference's words.
 */
export function exposedPorts(specs: readonly string[]): string[] {
  return specs.flatMap(readSpec);
}

function readSpec(spec: string): string[] {
  const parts = spec.split(':');
  const last = parts.pop()!;
  const slash = last.indexOf('/');
  const port = slash < 0 ? last : last.slice(0, slash);
  const given = slash < 0 ? '' : last.slice(slash + 1);
  if (port === '') throw new Error(`invalid port: ${quoteGo(spec)}: no port specified`);
  const protocol = given === '' ? 'tcp' : given.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) {
    throw new Error(`invalid port: ${quoteGo(spec)}: invalid proto: ${given}`);
  }
  const hostPort = parts.pop() ?? '';
  const address = parts.join(':').replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && isIP(address) === 0) throw new Error(`invalid IP address: ${address}`);
  const range = portRange(port, 'containerPort');
  if (hostPort !== '') {
    const host = portRange(hostPort, 'hostPort');
    if (host.last - host.first !== range.last - range.first && range.last !== range.first) {
      throw new Error(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
    }
  }
  return Array.from(
    { length: range.last - range.first + 1 },
    (_, index) => `${range.first + index}/${protocol}`,
  );
}

function portRange(text: string, what: string): { first: number; last: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first > 65535 || last > 65535 || last < first) throw new Error(`invalid ${what}: ${text}`);
  return { first, last };
}

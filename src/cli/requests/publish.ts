/** `-p` and `--expose` (`go-connections/nat`; docker-cli.md 5.4). */
import { isIP } from 'node:net';
import type { PortBinding } from '../../api/types/index.ts';
import { asError } from '../../errors/porthole-error.ts';
import { parseUint } from '../../text/strconv.ts';
import { CliError } from '../cli-error.ts';
import { cut, sortedRecord } from './key-values.ts';

export interface PublishedPorts {
  readonly exposed: Record<string, Record<string, never>>;
  readonly bindings: Record<string, PortBinding[]>;
}

/** `published=8080,target=80,protocol=tcp` -> `8080:80/tcp`. */
function shortForm(spec: string): string {
  if (!spec.includes('=')) return spec;
  const params: Record<string, string> = { published: '', target: '', protocol: 'tcp' };
  for (const param of spec.split(',')) {
    const [key, value, found] = cut(param, '=');
    if (!found || key === '')
      throw new CliError(`invalid publish opts format (should be name=value but got '${param}')`);
    params[key] = value;
  }
  return `${params['published']}:${params['target']}/${params['protocol']}`;
}

/** `80/udp` -> port and protocol; both empty when there is no port. */
function splitProtocol(text: string): { port: string; protocol: string } {
  const [port, protocol] = text.split('/') as [string, string?];
  if (port === '') return { port: '', protocol: '' };
  return { port, protocol: protocol === undefined || protocol === '' ? 'tcp' : protocol };
}

function parseRange(text: string): [start: number, end: number] {
  if (text === '') throw new Error('empty string specified for ports');
  const [first, last] = text.split('-') as [string, string?];
  const start = parseUint(first, 16, 10);
  const end = last === undefined ? start : parseUint(last, 16, 10);
  if (end < start) throw new Error(`invalid range specified for port: ${text}`);
  return [start, end];
}

function rangeOr(text: string, what: string): [start: number, end: number] {
  try {
    return parseRange(text);
  } catch {
    throw new CliError(`invalid ${what}: ${text}`);
  }
}

/** One `-p` value -> its ports with one binding each. */
export function parsePublish(spec: string): { port: string; binding: PortBinding }[] {
  const raw = shortForm(spec);
  const parts = raw.split(':');
  const { port: containerPort, protocol } = splitProtocol(parts.at(-1)!);
  const hostPort = parts.length > 1 ? parts.at(-2)! : '';
  let ip = parts.slice(0, -2).join(':');
  if (/^\[[^\]]*\]$/.test(ip)) ip = ip.slice(1, -1);
  if (ip !== '' && (isIP(ip) === 0 || ip.includes('%'))) throw new CliError(`invalid IP address: ${ip}`);
  if (containerPort === '') throw new CliError(`no port specified: ${raw}<empty>`);
  const [start, end] = rangeOr(containerPort, 'containerPort');
  let hostRange: [number, number] | undefined;
  if (hostPort !== '') {
    hostRange = rangeOr(hostPort, 'hostPort');
    if (end - start !== hostRange[1] - hostRange[0] && end !== start) {
      throw new CliError(
        `invalid ranges specified for container and host Ports: ${containerPort} and ${hostPort}`,
      );
    }
  }
  if (!/^(tcp|udp|sctp)$/i.test(protocol)) throw new CliError(`invalid proto: ${protocol}`);
  const ports: { port: string; binding: PortBinding }[] = [];
  for (let port = start; port <= end; port++) {
    let host = hostRange ? String(hostRange[0] + port - start) : '';
    if (hostRange && start === end && hostRange[0] !== hostRange[1]) host += `-${hostRange[1]}`;
    ports.push({ port: `${port}/${protocol.toLowerCase()}`, binding: { HostIp: ip, HostPort: host } });
  }
  return ports;
}

/** One `--expose` value -> its ports. The protocol is not checked here, as in Docker's client. */
export function parseExpose(spec: string): string[] {
  if (spec.includes(':')) throw new CliError(`invalid port format for --expose: ${spec}`);
  const { port, protocol } = splitProtocol(spec);
  let range: [number, number];
  try {
    range = parseRange(port);
  } catch (error) {
    throw new CliError(`invalid range format for --expose: ${spec}, error: ${asError(error).message}`);
  }
  return Array.from({ length: range[1] - range[0] + 1 }, (_, index) => `${range[0] + index}/${protocol}`);
}

/** All `-p` and `--expose` values, keys in Go's map order. */
export function parsePorts(publish: readonly string[], expose: readonly string[]): PublishedPorts {
  const shorts = publish.map(shortForm);
  const bindings = new Map<string, PortBinding[]>();
  for (const spec of shorts) {
    for (const { port, binding } of parsePublish(spec)) {
      const list = bindings.get(port);
      if (list) list.push(binding);
      else bindings.set(port, [binding]);
    }
  }
  const exposed = new Set([...bindings.keys(), ...expose.flatMap(parseExpose)]);
  return {
    exposed: sortedRecord([...exposed].map((port) => [port, {}] as const)),
    bindings: sortedRecord(bindings),
  };
}

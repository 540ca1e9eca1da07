import type { PortBinding, PortMap } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { HnsEndpoint, HnsPolicy } from './documents.ts';

/** One port of a container on a host port; a `PortForward` of the network port has this shape. */
export interface PortMapping {
  readonly protocol: 'tcp' | 'udp';
  /** Empty = every address of the host. */
  readonly hostIp: string;
  /** 0 = any free port. */
  readonly hostPort: number;
  /** With it: the first free port of `hostPort`..`hostPortEnd`. */
  readonly hostPortEnd?: number;
  readonly containerPort: number;
}

export interface PortRequest {
  readonly portBindings: Readonly<Record<string, readonly PortBinding[] | null>> | null;
  /** Keys of ExposedPorts: `80/tcp`, `8000-8002/udp`. */
  readonly exposedPorts: readonly string[];
  readonly publishAll: boolean;
}

/**
 * Docker's bindings as single mappings, in the order of container ports. WinNAT takes neither host addresses nor ranges
 * (networking.md 5.3); where a forwarder of ours holds the ports, both work. Errors: kind `invalid`, Docker's texts.
 */
export function portMappings(request: PortRequest, host: { readonly forwarder: boolean }): PortMapping[] {
  const mappings: PortMapping[] = [];
  const bound = new Set<string>();
  for (const [key, bindings] of Object.entries(request.portBindings ?? {})) {
    for (const { port, protocol } of portsOf(key)) {
      if ((bindings ?? []).length > 0) bound.add(`${port}/${protocol}`);
      for (const binding of bindings ?? []) mappings.push(mapping(port, protocol, binding, host));
    }
  }
  if (request.publishAll) {
    for (const key of request.exposedPorts) {
      for (const { port, protocol } of portsOf(key)) {
        if (bound.has(`${port}/${protocol}`)) continue;
        bound.add(`${port}/${protocol}`);
        mappings.push(mapping(port, protocol, { HostIp: '', HostPort: '' }, host));
      }
    }
  }
  return mappings.sort(
    (a, b) =>
      a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol) || a.hostPort - b.hostPort,
  );
}

function mapping(
  containerPort: number,
  protocol: string,
  binding: PortBinding,
  host: { readonly forwarder: boolean },
): PortMapping {
  if (protocol !== 'tcp' && protocol !== 'udp') throw refuse(`invalid protocol ${protocol}`);
  const range = /^(\d*)(?:-(\d+))?$/.exec(binding.HostPort ?? '');
  const first = Number(range?.[1] ?? '');
  const last = range?.[2] === undefined ? first : Number(range[2]);
  if (range === null || (range[2] !== undefined && range[1] === '') || last > 65_535 || last < first)
    throw refuse(`invalid port specification: "${binding.HostPort}"`);
  const hostIp = binding.HostIp ?? '';
  if (!host.forwarder && last > first) {
    throw refuse(
      'Windows does not support more than one host port in NAT settings',
      'name one host port, or none to let Windows pick it',
    );
  }
  if (!host.forwarder && hostIp !== '' && hostIp !== '0.0.0.0' && hostIp !== '::') {
    throw refuse(
      'Windows does not support host IP addresses in NAT settings',
      'leave the address out, and restrict access with the firewall',
    );
  }
  return {
    protocol,
    hostIp,
    hostPort: first,
    ...(last > first ? { hostPortEnd: last } : {}),
    containerPort,
  };
}

/** `80`, `80/tcp`, `8000-8002/udp`. */
function portsOf(key: string): { port: number; protocol: string }[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(key);
  const first = Number(match?.[1] ?? 0);
  const last = match?.[2] === undefined ? first : Number(match[2]);
  if (match === null || first < 1 || last < first || last > 65_535)
    throw refuse(`invalid port specification: "${key}"`);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, index) => ({ port: first + index, protocol }));
}

/** The NAT policies of an endpoint (networking.md 5.1). Host addresses and ranges have no place in them. */
export function natPolicies(mappings: readonly PortMapping[]): HnsPolicy[] {
  return mappings.map((each) => ({
    Type: 'NAT',
    Protocol: each.protocol,
    InternalPort: each.containerPort,
    ...(each.hostPort === 0 || each.hostPortEnd !== undefined ? {} : { ExternalPort: each.hostPort }),
    ExternalPortReserved: true,
  }));
}

/** What HNS made of the NAT policies: host address 0.0.0.0, host ports filled in. */
export function mappingsOfEndpoint(endpoint: HnsEndpoint): PortMapping[] {
  return (endpoint.Policies ?? []).flatMap((policy) =>
    policy.Type !== 'NAT'
      ? []
      : [
          {
            protocol:
              String(policy['Protocol']).toLowerCase() === 'udp' ? ('udp' as const) : ('tcp' as const),
            hostIp: '0.0.0.0',
            hostPort: Number(policy['ExternalPort'] ?? 0),
            containerPort: Number(policy['InternalPort'] ?? 0),
          },
        ],
  );
}

/** `NetworkSettings.Ports`: only what is published, in the order of container ports (networking.md 5.3). */
export function portMap(bound: readonly PortMapping[]): PortMap {
  const map: PortMap = {};
  const sorted = [...bound].sort(
    (a, b) =>
      a.containerPort - b.containerPort || a.protocol.localeCompare(b.protocol) || a.hostPort - b.hostPort,
  );
  for (const each of sorted) {
    const key = `${each.containerPort}/${each.protocol}`;
    const bindings = (map[key] ??= []);
    bindings.push({
      HostIp: each.hostIp === '' ? '0.0.0.0' : each.hostIp,
      HostPort: String(each.hostPort),
    });
  }
  return map;
}

function refuse(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'PORT_INVALID', message, hint === undefined ? {} : { hint });
}

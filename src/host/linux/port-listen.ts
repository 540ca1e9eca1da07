import { createSocket, type Socket } from 'node:dgram';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import type { PortForward } from '../ports/network.ts';

/** A published port that is bound but not served yet. */
export interface BoundPort {
  /** With the port that was really bound, and the address that Docker shows. */
  readonly forward: PortForward;
  /** One, or one each for IPv4 and IPv6. */
  readonly listeners: readonly (Server | Socket)[];
}

/**
 * Binds the host side of every forward, all or none. No address means all of IPv4 and, where the host has it, IPv6, on the
 * same port; it is shown as 0.0.0.0. Ranges give their first free port.
 *
 * Errors: `HnsError` 0x80070020 with subject `0.0.0.0:8080/tcp` for a busy port, 0x80070005 for a port that this user may not
 * bind, 0x80070057 for an address that the host does not have.
 */
export async function bindPorts(forwards: readonly PortForward[]): Promise<BoundPort[]> {
  const bound: BoundPort[] = [];
  try {
    for (const forward of forwards) bound.push(await bindOne(forward));
    return bound;
  } catch (error) {
    await Promise.all(bound.flatMap((each) => each.listeners.map(closeListener)));
    throw error;
  }
}

export function closeListener(listener: Server | Socket): Promise<void> {
  return new Promise((resolve) => {
    listener.close(() => resolve());
  });
}

async function bindOne({ hostPortEnd, ...forward }: PortForward): Promise<BoundPort> {
  const last = forward.hostPort === 0 ? 0 : (hostPortEnd ?? forward.hostPort);
  let failure: unknown;
  for (let port = forward.hostPort; port <= last; port += 1) {
    try {
      return await bindAddresses(forward, port);
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE') throw explained(error, forward, port);
      failure ??= explained(error, forward, port);
    }
  }
  throw failure;
}

/** How often another free port is tried when IPv6 has the one taken that IPv4 gave. */
const mostRetries = 10;

async function bindAddresses(forward: PortForward, port: number): Promise<BoundPort> {
  if (forward.hostIp !== '') {
    const listener = await listen(forward.protocol, forward.hostIp, port);
    return { forward: { ...forward, hostPort: portOf(listener) }, listeners: [listener] };
  }
  for (let attempt = 0; ; attempt += 1) {
    const v4 = await listen(forward.protocol, '0.0.0.0', port);
    const hostPort = portOf(v4);
    try {
      const v6 = await listen(forward.protocol, '::', hostPort);
      return { forward: { ...forward, hostIp: '0.0.0.0', hostPort }, listeners: [v4, v6] };
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE')
        return { forward: { ...forward, hostIp: '0.0.0.0', hostPort }, listeners: [v4] };
      await closeListener(v4);
      if (port !== 0 || attempt >= mostRetries) throw error;
    }
  }
}

function listen(protocol: 'tcp' | 'udp', address: string, port: number): Promise<Server | Socket> {
  return new Promise((resolve, reject) => {
    if (protocol === 'tcp') {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
      server.once('error', reject);
      server.listen({ host: address, port, ipv6Only: true, backlog: 4096 }, () => {
        server.off('error', reject);
        resolve(server);
      });
      return;
    }
    const isV6 = address.includes(':');
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', ipv6Only: isV6 });
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function portOf(listener: Server | Socket): number {
  return (listener.address() as AddressInfo).port;
}

function explained(error: unknown, forward: PortForward, port: number): unknown {
  const address = forward.hostIp === '' ? '0.0.0.0' : forward.hostIp;
  const where = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const subject = `${where}/${forward.protocol}`;
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new HnsError('publish', HNS.portInUse, { subject, cause: error });
    case 'EACCES':
    case 'EPERM':
      return new HnsError('publish', HNS.accessDenied, {
        text: `failed to bind host port for ${where}/${forward.protocol}: listen ${forward.protocol} ${where}: bind: permission denied`,
        subject,
        hint: `ports below 1024 need root, or sysctl net.ipv4.ip_unprivileged_port_start=${port}`,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'ENOTFOUND':
      return new HnsError('publish', HNS.invalidParameter, {
        text: `failed to bind host port for ${where}/${forward.protocol}: listen ${forward.protocol} ${where}: bind: cannot assign requested address`,
        subject,
        hint: 'the address belongs to no interface of this host',
        cause: error,
      });
    default:
      return error;
  }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

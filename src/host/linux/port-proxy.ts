import { Socket as DatagramSocket } from 'node:dgram';
import type { Publication } from '../ports/network.ts';
import { closeListener, type BoundPort } from './port-listen.ts';
import { TcpRelay } from './tcp-relay.ts';
import { UdpRelay, type UdpRelayOptions } from './udp-relay.ts';

/** Serves bound ports in this process until closed. `targets`: addresses of the container, tried in order. */
export function servePorts(
  ports: readonly BoundPort[],
  targets: readonly string[],
  options: UdpRelayOptions = {},
): Publication {
  const relays = ports.map(({ forward, listeners }) => {
    const relay =
      forward.protocol === 'tcp'
        ? new TcpRelay(targets, forward.containerPort)
        : new UdpRelay(targets[0] ?? '127.0.0.1', forward.containerPort, options);
    for (const listener of listeners) {
      if (relay instanceof UdpRelay && listener instanceof DatagramSocket) relay.serve(listener);
      else if (relay instanceof TcpRelay && !(listener instanceof DatagramSocket)) relay.serve(listener);
    }
    return relay;
  });
  let closed: Promise<void> | undefined;
  return {
    forwards: ports.map(({ forward }) => forward),
    close: () =>
      (closed ??= (async () => {
        const listeners = ports.flatMap((port) => port.listeners.map(closeListener));
        for (const relay of relays) relay.close();
        await Promise.all(listeners);
      })()),
  };
}

/**
 * Runs inside a sandbox's network namespace and serves host ports whose listening sockets the monitor sends. Ends when the
 * monitor does.
 */
import { Socket as DatagramSocket } from 'node:dgram';
import { Server } from 'node:net';
import { TcpRelay } from './tcp-relay.ts';
import type { WorkerMessage } from './rootless-network.ts';
import { UdpRelay } from './udp-relay.ts';

process.on('message', (message: WorkerMessage, listener: unknown) => {
  if (listener instanceof DatagramSocket)
    new UdpRelay(message.targets[0] ?? '127.0.0.1', message.port).serve(listener);
  else if (listener instanceof Server) new TcpRelay(message.targets, message.port).serve(listener);
  process.send?.('serving');
});
process.once('disconnect', () => process.exit(0));
process.send?.('ready');

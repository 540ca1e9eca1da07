/**
 * Runs inside a sandbox's network namespace and serves host ports whose listening sockets the monitor sends. Ends when the
 * monitor does.
 */
import { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';
import { TcpRelay } from './tcp-relay.ts';
import type { WorkerMessage } from './rootless-network.ts';
import { UdpRelay } from './udp-relay.ts';

process.on('message', ({ targets, port }: WorkerMessage, handle: unknown) => {
  if (handle instanceof DatagramSocket) new UdpRelay(targets[0] ?? '127.0.0.1', port).serve(handle);
  else if (handle instanceof Server) new TcpRelay(targets, port).serve(handle);
  else if (handle instanceof Socket) new TcpRelay(targets, port).take(handle);
  process.send?.('taken');
});
process.once('disconnect', () => process.exit(0));
process.send?.('ready');

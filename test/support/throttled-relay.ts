/** A TCP relay in front of a server that passes on only so many bytes a second, and counts what it passed. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

export class ThrottledRelay {
  /** Bytes that clients got. */
  received = 0;
  /** Bytes a 10 ms, for all connections together. */
  bytesPerTurn = Infinity;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(port: number): Promise<ThrottledRelay> {
    const server = createServer();
    const relay = new ThrottledRelay(server);
    server.on('connection', (client) => relay.#pipe(client, port));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pipe(client: Socket, port: number): void {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('readable', () => this.#pass(upstream, client));
    upstream.once('end', () => client.end());
  }

  #pass(from: Socket, to: Socket): void {
    if (from.destroyed || from.readableLength === 0) return;
    const chunk = from.read(Math.min(from.readableLength, this.bytesPerTurn)) as Buffer | null;
    if (chunk === null) return;
    this.received += chunk.length;
    to.write(chunk);
    if (from.readableLength > 0)
      setTimeout(() => this.#pass(from, to), this.bytesPerTurn === Infinity ? 0 : 10);
  }
}

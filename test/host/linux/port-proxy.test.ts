import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { HNS, HnsError } from '../../../src/hns/hns-error.ts';
import { bindPorts } from '../../../src/host/linux/port-listen.ts';
import { servePorts } from '../../../src/host/linux/port-proxy.ts';
import { UdpRelay } from '../../../src/host/linux/udp-relay.ts';
import type { PortForward, Publication } from '../../../src/host/ports/network.ts';

const loopback = ['127.0.0.1'];

function tcp(containerPort: number, hostPort = 0, hostIp = '127.0.0.1'): PortForward {
  return { protocol: 'tcp', hostIp, hostPort, containerPort };
}

async function aServer(answer: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('port proxy', () => {
  const open: { close(): unknown }[] = [];

  const publish = async (...forwards: PortForward[]): Promise<Publication> => {
    const publication = servePorts(await bindPorts(forwards), loopback);
    open.push(publication);
    return publication;
  };
  const serve = async (answer: (socket: Socket) => void): Promise<number> => {
    const { server, port } = await aServer(answer);
    open.push(server);
    return port;
  };
  const dial = (port: number, host = '127.0.0.1'): Socket => connect({ port, host, allowHalfOpen: true });

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  describe('TCP', () => {
    it('carries what a client sends, and answers after its end', async () => {
      const target = await serve((socket) => void text(socket).then((sent) => socket.end(`got ${sent}`)));
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      client.end('all of it');

      expect(await text(client)).to.equal('got all of it');
    });

    it('lets a client go on sending after the server’s end', async () => {
      let received: Promise<string> | undefined;
      const target = await serve((socket) => {
        socket.end('bye');
        received = text(socket);
      });
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      expect(await text(client)).to.equal('bye');
      client.end('still here');

      await once(client, 'close');
      expect(await received).to.equal('still here');
    });

    it('speaks first when the server does', async () => {
      const target = await serve((socket) => void socket.write('220 ready'));
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      const [greeting] = (await once(client, 'data')) as [Buffer];

      expect(greeting.toString()).to.equal('220 ready');
      client.destroy();
    });

    it('changes no byte of large streams in both directions at once', async () => {
      const size = 24 * 1024 * 1024;
      const up = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz0123456789-');
      const down = Buffer.alloc(size, '0123456789 the other way');
      let upHash: Promise<string> | undefined;
      const target = await serve((socket) => {
        upHash = hashOf(socket);
        socket.end(down);
      });
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      client.end(up);

      expect(await hashOf(client)).to.equal(sha256(down));
      expect(await upHash).to.equal(sha256(up));
    });

    it('does not run ahead of a client that reads slowly', async () => {
      const chunk = Buffer.alloc(1 << 20);
      let written = 0;
      let stalled: () => void = () => undefined;
      const stall = new Promise<void>((resolve) => (stalled = resolve));
      const target = await serve((socket) => {
        const fill = (): void => {
          while (written < 512 << 20) {
            written += chunk.length;
            if (!socket.write(chunk)) {
              socket.once('drain', fill);
              setTimeout(stalled, 200);
              return;
            }
          }
        };
        fill();
      });
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      client.pause();
      await stall;

      expect(written).to.be.lessThan(64 << 20);
      client.destroy();
    });

    it('resets a connection when nothing listens', async () => {
      const { server, port } = await aServer(() => undefined);
      await new Promise((resolve) => server.close(resolve));
      const { forwards } = await publish(tcp(port));
      const client = dial(forwards[0]!.hostPort);
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];

      expect(error.code).to.equal('ECONNRESET');
    });

    it('tries the next address when the first refuses', async () => {
      const target = await serve((socket) => socket.end('second'));
      const publication = servePorts(await bindPorts([tcp(target)]), ['127.0.0.9', '127.0.0.1']);
      open.push(publication);

      expect(await text(dial(publication.forwards[0]!.hostPort))).to.equal('second');
    });

    it('tells the server when a client breaks off', async () => {
      let ended: Promise<unknown> | undefined;
      const target = await serve((socket) => {
        ended = once(socket, 'end');
        socket.resume();
        socket.write('x');
      });
      const { forwards } = await publish(tcp(target));
      const client = dial(forwards[0]!.hostPort);
      await once(client, 'data');
      client.resetAndDestroy();
      await ended;
    });

    it('carries many at once', async () => {
      const target = await serve((socket) => void text(socket).then((sent) => socket.end(`${sent}!`)));
      const { forwards } = await publish(tcp(target));
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const client = dial(forwards[0]!.hostPort);
          client.end(String(index));
          return text(client);
        }),
      );

      expect(answers).to.deep.equal(Array.from({ length: 200 }, (_, index) => `${index}!`));
    });

    it('ends its connections and gives the port back when it is closed', async () => {
      const target = await serve((socket) => void socket.write('x'));
      const publication = await publish(tcp(target));
      const { hostPort } = publication.forwards[0]!;
      const client = dial(hostPort);
      client.on('error', () => undefined);
      client.on('end', () => client.end());
      await once(client, 'data');
      const closed = once(client, 'close');
      await publication.close();
      await closed;

      const again = await publish(tcp(target, hostPort));
      expect(again.forwards[0]!.hostPort).to.equal(hostPort);
    });
  });

  describe('binding', () => {
    const failureOf = async (...forwards: PortForward[]): Promise<HnsError> => {
      try {
        await publish(...forwards);
      } catch (error) {
        if (error instanceof HnsError) return error;
        throw error;
      }
      throw new Error('should have failed');
    };

    it('listens on IPv4 and IPv6 without an address, and shows 0.0.0.0', async function () {
      const target = await serve((socket) => socket.end('hi'));
      const { forwards } = await publish(tcp(target, 0, ''));

      expect(forwards[0]).to.include({ hostIp: '0.0.0.0', protocol: 'tcp', containerPort: target });
      expect(await text(dial(forwards[0]!.hostPort))).to.equal('hi');
      if (!(await hasIPv6())) this.skip();
      expect(await text(dial(forwards[0]!.hostPort, '::1'))).to.equal('hi');
    });

    it('names the port that is taken', async () => {
      const holder = await serve(() => undefined);
      const failure = await failureOf(tcp(80, holder));

      expect(failure).to.include({ hresult: HNS.portInUse, subject: `127.0.0.1:${holder}/tcp` });
      expect((await failureOf(tcp(80, holder, ''))).subject).to.equal(`0.0.0.0:${holder}/tcp`);
    });

    it('names an address that is not the host’s', async () => {
      const failure = await failureOf(tcp(80, 0, '192.0.2.77'));

      expect(failure.message).to.equal(
        'failed to bind host port for 192.0.2.77:0/tcp: listen tcp 192.0.2.77:0: bind: cannot assign requested address',
      );
    });

    it('binds all of a set or none', async () => {
      const holder = await serve(() => undefined);
      const spare = await publish(tcp(80));
      const { hostPort } = spare.forwards[0]!;
      await spare.close();
      await failureOf(tcp(80, hostPort), tcp(80, holder));

      expect((await publish(tcp(80, hostPort))).forwards[0]!.hostPort).to.equal(hostPort);
    });

    it('takes TCP and UDP of one number', async () => {
      const first = await publish(tcp(80));
      const { hostPort } = first.forwards[0]!;
      const second = await publish({ ...tcp(80, hostPort), protocol: 'udp' });

      expect(second.forwards[0]).to.include({ protocol: 'udp', hostPort });
      expect((await failureOf({ ...tcp(80, hostPort), protocol: 'udp' })).subject).to.equal(
        `127.0.0.1:${hostPort}/udp`,
      );
    });
  });

  describe('UDP', () => {
    const sockets: UdpSocket[] = [];
    const aSocket = async (): Promise<UdpSocket> => {
      const socket = createSocket('udp4');
      sockets.push(socket);
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    };
    const messageOf = async (socket: UdpSocket): Promise<string> => {
      const [message] = (await once(socket, 'message')) as [Buffer];
      return message.toString();
    };

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.close();
    });

    it('answers every peer on its own flow', async () => {
      const echo = await aSocket();
      echo.on('message', (message, peer) => echo.send(`re: ${message.toString()}`, peer.port, peer.address));
      const { forwards } = await publish({ ...tcp(echo.address().port), protocol: 'udp' });
      const peers = await Promise.all([aSocket(), aSocket(), aSocket()]);
      const answers = peers.map((peer, index) => {
        const answer = messageOf(peer);
        peer.send(`peer ${index}`, forwards[0]!.hostPort, '127.0.0.1');
        return answer;
      });

      expect(await Promise.all(answers)).to.deep.equal(['re: peer 0', 're: peer 1', 're: peer 2']);
    });

    it('keeps the order and the borders of datagrams, empty ones too', async () => {
      const sink = await aSocket();
      const { forwards } = await publish({ ...tcp(sink.address().port), protocol: 'udp' });
      const peer = await aSocket();
      const sizes = [10, 0, 1400, 1, 9000];
      const seen: number[] = [];
      const all = new Promise<void>((resolve) =>
        sink.on('message', (message) => {
          seen.push(message.length);
          if (seen.length === sizes.length) resolve();
        }),
      );
      for (const size of sizes) peer.send(Buffer.alloc(size), forwards[0]!.hostPort, '127.0.0.1');
      await all;

      expect(seen).to.deep.equal(sizes);
    });

    it('forgets flows that are silent, and makes new ones', async () => {
      const echo = await aSocket();
      echo.on('message', (message, peer) => echo.send(message, peer.port, peer.address));
      const listener = await aSocket();
      const relay = new UdpRelay('127.0.0.1', echo.address().port, { idleMs: 20 });
      relay.serve(listener);
      const peer = await aSocket();
      const ask = (): Promise<string> => {
        const answer = messageOf(peer);
        peer.send('x', listener.address().port, '127.0.0.1');
        return answer;
      };
      await ask();
      expect(relay.flows).to.equal(1);
      while (relay.flows > 0) await new Promise((resolve) => setTimeout(resolve, 5));

      expect(await ask()).to.equal('x');
      relay.close();
      expect(relay.flows).to.equal(0);
    });

    it('holds a bounded number of flows', async () => {
      const echo = await aSocket();
      echo.on('message', (message, peer) => echo.send(message, peer.port, peer.address));
      const listener = await aSocket();
      const relay = new UdpRelay('127.0.0.1', echo.address().port, { mostFlows: 2 });
      relay.serve(listener);
      for (let index = 0; index < 5; index += 1) {
        const peer = await aSocket();
        const answer = messageOf(peer);
        peer.send('x', listener.address().port, '127.0.0.1');
        await answer;
      }

      expect(relay.flows).to.equal(2);
      relay.close();
    });

    it('survives a target that refuses', async () => {
      const gone = await aSocket();
      const { port } = gone.address();
      sockets.splice(sockets.indexOf(gone), 1);
      gone.close();
      await once(gone, 'close');
      const { forwards } = await publish({ ...tcp(port), protocol: 'udp' });
      const peer = await aSocket();
      for (let index = 0; index < 3; index += 1) {
        peer.send('x', forwards[0]!.hostPort, '127.0.0.1');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const late = createSocket('udp4');
      sockets.push(late);
      late.bind(port, '127.0.0.1');
      await once(late, 'listening');
      const arrived = messageOf(late);
      peer.send('now', forwards[0]!.hostPort, '127.0.0.1');

      expect(await arrived).to.equal('now');
    });
  });
});

/** Without ending the other direction, as reading with an iterator would. */
async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', (chunk: Buffer) => hash.update(chunk));
  await once(socket, 'end');
  return hash.digest('hex');
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

async function hasIPv6(): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(0, '::1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

import { expect } from 'chai';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { HnsEndpoint, HnsNetwork } from '../../src/hns/documents.ts';
import { HNS, HnsError } from '../../src/hns/hns-error.ts';
import { contains, parseIPv4, parsePrefix } from '../../src/hns/address.ts';
import type { NetworkPort, PortForward } from '../../src/host/ports/network.ts';

/** One host under test. `dispose` removes everything that the suite made. */
export interface NetworkContractHost {
  readonly network: NetworkPort;
  /** A subnet that nothing on the host uses, as `10.x.y.0/24`. */
  readonly freeSubnet: string;
  /** Present where traffic can be made: programs inside a namespace. */
  readonly traffic?: NetworkTraffic;
  dispose(): Promise<void>;
}

/** Ways into a namespace, for adapters that carry real packets. */
export interface NetworkTraffic {
  /** Runs a server in the namespace that answers every TCP connection with `text` after reading to its end. */
  answerTcp(namespaceId: string, port: number, text: string): Promise<{ stop(): Promise<void> }>;
  /** The same for each datagram: `text` before the datagram's own content. */
  answerUdp(namespaceId: string, port: number, text: string): Promise<{ stop(): Promise<void> }>;
  /** Sends `message` from the namespace to address:port and gives what comes back; undefined when it cannot connect. */
  ask(namespaceId: string, address: string, port: number, message: string): Promise<string | undefined>;
}

/** The contract of the network port (the comment of src/host/ports/network.ts). Every adapter passes it whole. */
export function networkContract(
  name: string,
  open: () => Promise<NetworkContractHost>,
  timeoutMs = 8000,
): void {
  describe(`network contract: ${name}`, function () {
    this.timeout(timeoutMs);
    let host: NetworkContractHost;
    let network: NetworkPort;
    let counter = 0;
    const unique = `contract-${process.pid}-${Date.now().toString(36)}`;
    const made: { networks: Set<string>; namespaces: Set<string> } = {
      networks: new Set(),
      namespaces: new Set(),
    };

    const newName = (): string => `${unique}-${(counter += 1)}`;
    const createNetwork = async (document: Partial<HnsNetwork> = {}): Promise<HnsNetwork> => {
      const created = await network.createNetwork({
        Name: newName(),
        Type: 'nat',
        Subnets: [{ AddressPrefix: '0.0.0.0/0' }],
        ...document,
      });
      made.networks.add(created.ID!);
      return created;
    };
    const createEndpoint = (on: HnsNetwork, document: Partial<HnsEndpoint> = {}): Promise<HnsEndpoint> =>
      network.createEndpoint({ VirtualNetwork: on.ID!, ...document });
    const createNamespace = async (): Promise<string> => {
      const id = await network.createNamespace();
      made.namespaces.add(id);
      return id;
    };
    const attached = async (
      on: HnsNetwork,
      document: Partial<HnsEndpoint> = {},
    ): Promise<{ namespaceId: string; endpoint: HnsEndpoint }> => {
      const endpoint = await createEndpoint(on, document);
      const namespaceId = await createNamespace();
      await network.attachEndpoint(namespaceId, endpoint.ID!);
      return { namespaceId, endpoint };
    };

    before(async function () {
      this.timeout(timeoutMs * 4);
      host = await open();
      network = host.network;
    });
    afterEach(async () => {
      for (const id of made.namespaces) await network.deleteNamespace(id);
      for (const id of made.networks) await network.deleteNetwork(id);
      made.namespaces.clear();
      made.networks.clear();
    });
    after(async () => {
      await host?.dispose();
    });

    describe('networks', () => {
      it('chooses a subnet, a gateway in it and a pool of MAC addresses', async () => {
        const created = await createNetwork();
        const subnet = created.Subnets?.[0];
        const prefix = parsePrefix(subnet?.AddressPrefix ?? '');
        const pool = created.MacPools?.[0];

        expect(prefix?.length).to.equal(20);
        expect(parseIPv4(subnet?.GatewayAddress ?? '')).to.equal(prefix!.address + 1);
        expect(pool?.StartMacAddress).to.match(/^00-15-5D-[0-9A-F]{2}-[0-9A-F]0-00$/);
        expect(created.ID).to.match(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
      });

      it('gives two networks two subnets', async () => {
        const [a, b] = [await createNetwork(), await createNetwork()];

        expect(a.Subnets?.[0]?.AddressPrefix).to.not.equal(b.Subnets?.[0]?.AddressPrefix);
      });

      it('takes the subnet and the gateway that it is given', async () => {
        const gateway = host.freeSubnet.replace('.0/24', '.254');
        const created = await createNetwork({
          Subnets: [{ AddressPrefix: host.freeSubnet, GatewayAddress: gateway }],
        });

        expect(created.Subnets).to.have.length(1);
        expect(created.Subnets?.[0]).to.include({ AddressPrefix: host.freeSubnet, GatewayAddress: gateway });
      });

      it('finds it again by its ID in any case, and in the list', async () => {
        const created = await createNetwork();
        const found = await network.getNetwork(created.ID!.toLowerCase());

        expect(found).to.deep.equal(created);
        expect((await network.listNetworks()).map((each) => each.ID)).to.include(created.ID);
      });

      it('has one network a name', async () => {
        const created = await createNetwork();

        await expectCode(
          network.createNetwork({ Name: created.Name!, Type: 'nat' }),
          HNS.networkAlreadyExists,
        );
      });

      it('refuses overlapping and malformed subnets', async () => {
        await createNetwork({ Subnets: [{ AddressPrefix: host.freeSubnet }] });
        const inside = host.freeSubnet.replace('.0/24', '.128/25');

        await expectCode(
          network.createNetwork({ Name: newName(), Type: 'nat', Subnets: [{ AddressPrefix: inside }] }),
          HNS.invalidParameter,
        );
        await expectCode(
          network.createNetwork({ Name: newName(), Type: 'nat', Subnets: [{ AddressPrefix: '10.1.2.3' }] }),
          HNS.invalidPrefix,
        );
        await expectCode(
          network.createNetwork({
            Name: newName(),
            Type: 'nat',
            Subnets: [{ AddressPrefix: '10.200.0.0/24', GatewayAddress: '10.201.0.1' }],
          }),
          HNS.invalidIp,
        );
      });

      it('refuses a type that it does not know', async () => {
        await expectCode(network.createNetwork({ Name: newName(), Type: 'bogus' }), HNS.invalidNetworkType);
      });

      it('deletes, and does not mind what is gone', async () => {
        const created = await createNetwork();
        await network.deleteNetwork(created.ID!);
        await network.deleteNetwork(created.ID!);

        await expectCode(network.getNetwork(created.ID!), HNS.networkNotFound);
        expect((await network.listNetworks()).map((each) => each.ID)).to.not.include(created.ID);
      });

      it('gives a deleted network’s name and subnet free', async () => {
        const first = await createNetwork({ Subnets: [{ AddressPrefix: host.freeSubnet }] });
        await network.deleteNetwork(first.ID!);

        await createNetwork({ Name: first.Name!, Subnets: [{ AddressPrefix: host.freeSubnet }] });
      });
    });

    describe('endpoints', () => {
      it('fills in address, prefix, gateway and MAC', async () => {
        const on = await createNetwork();
        const endpoint = await createEndpoint(on);
        const prefix = parsePrefix(on.Subnets![0]!.AddressPrefix!)!;

        expect(contains(prefix, parseIPv4(endpoint.IPAddress!)!)).to.equal(true);
        expect(endpoint.IPAddress).to.not.equal(on.Subnets![0]!.GatewayAddress);
        expect(endpoint).to.include({
          PrefixLength: prefix.length,
          GatewayAddress: on.Subnets![0]!.GatewayAddress,
          VirtualNetworkName: on.Name,
        });
        expect(endpoint.MacAddress).to.match(/^00-15-5D(-[0-9A-F]{2}){3}$/);
        expect(endpoint.VirtualNetwork!.toUpperCase()).to.equal(on.ID);
      });

      it('gives each its own address and MAC', async () => {
        const on = await createNetwork({ Subnets: [{ AddressPrefix: host.freeSubnet }] });
        const endpoints: HnsEndpoint[] = [];
        for (let index = 0; index < 40; index += 1) endpoints.push(await createEndpoint(on));

        expect(new Set(endpoints.map((each) => each.IPAddress)).size).to.equal(40);
        expect(new Set(endpoints.map((each) => each.MacAddress)).size).to.equal(40);
      });

      it('takes the address and the MAC that it is given', async () => {
        const on = await createNetwork({ Subnets: [{ AddressPrefix: host.freeSubnet }] });
        const address = host.freeSubnet.replace('.0/24', '.77');
        const endpoint = await createEndpoint(on, { IPAddress: address, MacAddress: '02-42-ac-11-00-02' });

        expect(endpoint).to.include({ IPAddress: address, MacAddress: '02-42-AC-11-00-02' });
      });

      it('refuses addresses outside, reserved and in use', async () => {
        const on = await createNetwork({ Subnets: [{ AddressPrefix: host.freeSubnet }] });
        const at = (last: number): string => host.freeSubnet.replace('.0/24', `.${last}`);
        await createEndpoint(on, { IPAddress: at(5) });

        await expectCode(createEndpoint(on, { IPAddress: '9.9.9.9' }), HNS.invalidIp);
        for (const last of [0, 1, 255, 5])
          await expectCode(createEndpoint(on, { IPAddress: at(last) }), HNS.addressInvalidOrReserved);
      });

      it('uses a small subnet up, then refuses, and gives freed addresses again', async () => {
        const on = await createNetwork({
          Subnets: [{ AddressPrefix: host.freeSubnet.replace('/24', '/29') }],
        });
        const endpoints: HnsEndpoint[] = [];
        for (let index = 0; index < 5; index += 1) endpoints.push(await createEndpoint(on));
        await expectCode(createEndpoint(on), HNS.addressInvalidOrReserved);

        await network.deleteEndpoint(endpoints[2]!.ID!);
        expect((await createEndpoint(on)).IPAddress).to.equal(endpoints[2]!.IPAddress);
      });

      it('finds it again, lists it, deletes it twice', async () => {
        const on = await createNetwork();
        const endpoint = await createEndpoint(on);
        expect(await network.getEndpoint(endpoint.ID!.toLowerCase())).to.deep.equal(endpoint);
        expect((await network.listEndpoints()).map((each) => each.ID)).to.include(endpoint.ID);

        await network.deleteEndpoint(endpoint.ID!);
        await network.deleteEndpoint(endpoint.ID!);
        await expectCode(network.getEndpoint(endpoint.ID!), HNS.endpointNotFound);
        await expectCode(network.endpointStatistics(endpoint.ID!), HNS.endpointNotFound);
        expect((await network.listEndpoints()).map((each) => each.ID)).to.not.include(endpoint.ID);
      });

      it('needs a network that exists', async () => {
        await expectCode(
          network.createEndpoint({ VirtualNetwork: '00000000-0000-0000-0000-000000000000' }),
          HNS.networkNotFound,
        );
      });

      it('refuses NAT policies that make no sense', async () => {
        const on = await createNetwork();
        for (const policy of [
          { Type: 'NAT', Protocol: 'sctp', InternalPort: 80 },
          { Type: 'NAT', Protocol: 'tcp' },
          { Type: 'NAT', Protocol: 'tcp', InternalPort: 80, ExternalPort: 70_000 },
        ])
          await expectCode(createEndpoint(on, { Policies: [policy] }), HNS.invalidPolicy);
      });

      it('goes with its network', async () => {
        const on = await createNetwork();
        const endpoint = await createEndpoint(on);
        await network.deleteNetwork(on.ID!);

        await expectCode(network.getEndpoint(endpoint.ID!), HNS.endpointNotFound);
      });
    });

    describe('namespaces', () => {
      it('lists them, deletes them twice', async () => {
        const id = await createNamespace();
        expect(await network.listNamespaces()).to.include(id);

        await network.deleteNamespace(id);
        await network.deleteNamespace(id);
        expect(await network.listNamespaces()).to.not.include(id);
      });

      it('attaches, tells so in the endpoint, and detaches', async () => {
        const { namespaceId, endpoint } = await attached(await createNetwork());
        expect((await network.getEndpoint(endpoint.ID!)).State).to.equal(2);

        await network.detachEndpoint(namespaceId, endpoint.ID!);
        await network.detachEndpoint(namespaceId, endpoint.ID!);
        expect((await network.getEndpoint(endpoint.ID!)).State).to.equal(4);
      });

      it('attaches an endpoint to one namespace only', async () => {
        const { endpoint } = await attached(await createNetwork());
        const other = await createNamespace();

        await expectCode(network.attachEndpoint(other, endpoint.ID!), HNS.endpointAlreadyAttached);
      });

      it('attaches nothing to nothing', async () => {
        const on = await createNetwork();
        const endpoint = await createEndpoint(on);
        const nowhere = '00000000-0000-0000-0000-000000000000';

        await expectCode(network.attachEndpoint(nowhere, endpoint.ID!), HNS.elementNotFound);
        await expectCode(network.attachEndpoint(await createNamespace(), nowhere), HNS.endpointNotFound);
        await expectCode(network.setHosts(nowhere, []), HNS.elementNotFound);
        await network.detachEndpoint(nowhere, endpoint.ID!);
      });

      it('leaves the endpoint when a namespace is deleted, to be attached again', async () => {
        const { namespaceId, endpoint } = await attached(await createNetwork());
        await network.deleteNamespace(namespaceId);

        const next = await createNamespace();
        await network.attachEndpoint(next, endpoint.ID!);
        expect((await network.getEndpoint(endpoint.ID!)).State).to.equal(2);
      });

      it('deletes an attached endpoint', async () => {
        const on = await createNetwork();
        const { namespaceId, endpoint } = await attached(on);
        await network.deleteEndpoint(endpoint.ID!);

        await network.detachEndpoint(namespaceId, endpoint.ID!);
        const again = await createEndpoint(on, { IPAddress: endpoint.IPAddress! });
        await network.attachEndpoint(namespaceId, again.ID!);
      });

      it('counts traffic from zero', async () => {
        const { endpoint } = await attached(await createNetwork());
        const statistics = await network.endpointStatistics(endpoint.ID!);

        expect(Object.keys(statistics).sort()).to.deep.equal([
          'bytesReceived',
          'bytesSent',
          'droppedPacketsIncoming',
          'droppedPacketsOutgoing',
          'packetsReceived',
          'packetsSent',
        ]);
        expect(Object.values(statistics).every((value) => Number.isInteger(value) && value >= 0)).to.equal(
          true,
        );
      });

      it('takes names, several times', async () => {
        const { namespaceId, endpoint } = await attached(await createNetwork());
        await network.setHosts(namespaceId, [{ address: endpoint.IPAddress!, names: ['web', 'web.local'] }]);
        await network.setHosts(namespaceId, []);
      });
    });

    describe('published ports, where no NAT does it', () => {
      const publish = async (
        namespaceId: string,
        ...forwards: PortForward[]
      ): Promise<{ forwards: readonly PortForward[]; close(): Promise<void> }> =>
        network.publish!(namespaceId, forwards);

      before(function () {
        if (network.publish === undefined) this.skip();
      });

      it('picks a free port for 0, and tells it', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const publication = await publish(
          namespaceId,
          { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 },
          { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 53 },
        );

        expect(publication.forwards.map((each) => [each.protocol, each.containerPort])).to.deep.equal([
          ['tcp', 80],
          ['udp', 53],
        ]);
        expect(publication.forwards.every((each) => each.hostPort > 0)).to.equal(true);
        await publication.close();
      });

      it('refuses a port that is taken, binds none of the others, and gives ports free', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const first = await publish(namespaceId, {
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort: 0,
          containerPort: 80,
        });
        const taken = first.forwards[0]!.hostPort;
        const spare = await publish(namespaceId, {
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort: 0,
          containerPort: 80,
        });
        const other = spare.forwards[0]!.hostPort;
        await spare.close();

        const both: PortForward[] = [other, taken].map((hostPort) => ({
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort,
          containerPort: 80,
        }));
        await expectCode(publish(namespaceId, ...both), HNS.portInUse);
        await first.close();
        const second = await publish(namespaceId, ...both);
        expect(second.forwards.map((each) => each.hostPort)).to.deep.equal([other, taken]);
        await second.close();
        await second.close();
      });

      it('takes the first free port of a range', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const first = await publish(namespaceId, {
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort: 0,
          containerPort: 80,
        });
        const taken = first.forwards[0]!.hostPort;
        const range: PortForward = {
          protocol: 'tcp',
          hostIp: '127.0.0.1',
          hostPort: taken,
          hostPortEnd: Math.min(taken + 20, 65_535),
          containerPort: 80,
        };
        const second = await publish(namespaceId, range);

        expect(second.forwards[0]!.hostPort).to.be.within(taken + 1, taken + 20);
        expect(second.forwards[0]).to.not.have.property('hostPortEnd');
        await expectCode(publish(namespaceId, { ...range, hostPortEnd: taken }), HNS.portInUse);
        await first.close();
        await second.close();
      });

      it('needs a namespace', async () => {
        await expectCode(
          publish('00000000-0000-0000-0000-000000000000', {
            protocol: 'tcp',
            hostIp: '127.0.0.1',
            hostPort: 0,
            containerPort: 80,
          }),
          HNS.elementNotFound,
        );
      });
    });

    describe('traffic, where the host carries any', () => {
      let traffic: NetworkTraffic;

      before(function () {
        if (host.traffic === undefined) this.skip();
        traffic = host.traffic!;
      });

      it('runs between containers of a network, by address', async () => {
        const on = await createNetwork();
        const [server, client] = [await attached(on), await attached(on)];
        const web = await traffic.answerTcp(server.namespaceId, 8080, 'hello ');

        const answer = await traffic.ask(client.namespaceId, server.endpoint.IPAddress!, 8080, 'you');
        await web.stop();
        expect(answer).to.equal('hello you');
      });

      it('does not run between networks', async () => {
        const [server, client] = [
          await attached(await createNetwork()),
          await attached(await createNetwork()),
        ];
        const web = await traffic.answerTcp(server.namespaceId, 8080, 'hello ');

        const answer = await traffic.ask(client.namespaceId, server.endpoint.IPAddress!, 8080, 'you');
        await web.stop();
        expect(answer).to.equal(undefined);
      });

      it('reaches a published TCP port, both halves closing on their own', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const web = await traffic.answerTcp(namespaceId, 80, 'from inside: ');
        const publication = await network.publish!(namespaceId, [
          { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 80 },
        ]);
        const socket = connect({
          port: publication.forwards[0]!.hostPort,
          host: '127.0.0.1',
          allowHalfOpen: true,
        });
        socket.end('ping');

        expect(await text(socket)).to.equal('from inside: ping');
        await publication.close();
        await web.stop();
      });

      it('closes a connection to a port where nothing listens', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const publication = await network.publish!(namespaceId, [
          { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 81 },
        ]);
        const socket = connect(publication.forwards[0]!.hostPort, '127.0.0.1');

        expect(await ended(socket)).to.equal(true);
        await publication.close();
      });

      it('reaches a published UDP port from several peers', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const dns = await traffic.answerUdp(namespaceId, 53, 'answer to ');
        const publication = await network.publish!(namespaceId, [
          { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 0, containerPort: 53 },
        ]);
        const port = publication.forwards[0]!.hostPort;

        const answers = await Promise.all([askUdp(port, 'a'), askUdp(port, 'b')]);
        expect(answers).to.deep.equal(['answer to a', 'answer to b']);
        await publication.close();
        await dns.stop();
      });

      it('is refused when another program holds the port', async () => {
        const { namespaceId } = await attached(await createNetwork());
        const holder = createServer().listen(0, '127.0.0.1');
        await once(holder, 'listening');
        const { port } = holder.address() as AddressInfo;

        await expectCode(
          network.publish!(namespaceId, [
            { protocol: 'tcp', hostIp: '127.0.0.1', hostPort: port, containerPort: 80 },
          ]),
          HNS.portInUse,
        );
        await new Promise((resolve) => holder.close(resolve));
      });

      it('is counted', async () => {
        const on = await createNetwork();
        const [server, client] = [await attached(on), await attached(on)];
        const web = await traffic.answerTcp(server.namespaceId, 8080, 'x'.repeat(5000));
        await traffic.ask(client.namespaceId, server.endpoint.IPAddress!, 8080, 'you');
        await web.stop();

        const [sent, received] = [
          await network.endpointStatistics(server.endpoint.ID!),
          await network.endpointStatistics(client.endpoint.ID!),
        ];
        expect(sent.bytesSent).to.be.greaterThan(5000);
        expect(received.bytesReceived).to.be.greaterThan(5000);
      });
    });
  });
}

async function ended(socket: Socket): Promise<boolean> {
  socket.on('error', () => undefined);
  socket.resume();
  // `once` of node:events would take the reset for its own failure.
  return new Promise((resolve) => socket.once('close', () => resolve(true)));
}

async function askUdp(port: number, message: string): Promise<string> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  try {
    socket.send(message, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString();
  } finally {
    socket.close();
  }
}

async function expectCode(promise: Promise<unknown>, code: number): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(HnsError);
  const { hresult } = error as HnsError;
  expect(hresult, `0x${hresult.toString(16)} is not 0x${code.toString(16)}`).to.equal(code);
}

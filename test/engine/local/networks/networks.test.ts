import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkCreateRequest } from '../../../../src/api/types/index.ts';
import type { NetworkedContainer } from '../../../../src/engine/local/networks/endpoints.ts';
import { createNetworks } from '../../../../src/engine/local/networks/networks.ts';
import type { NetworkingRequest } from '../../../../src/engine/local/networks/endpoints.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../../../src/host/memory/network.ts';
import { HNS, HnsError } from '../../../../src/hns/hns-error.ts';
import type { EventInput } from '../../../../src/state/event-log.ts';
import { monitorLockPath } from '../../../../src/state/container-files.ts';
import { tryLock } from '../../../../src/state/lock.ts';
import { dataPaths, type DataPaths } from '../../../../src/state/paths.ts';

const hostConfig: NetworkingRequest['hostConfig'] = {
  NetworkMode: 'default',
  PortBindings: {},
  PublishAllPorts: false,
  Dns: [],
  DnsSearch: [],
  ExtraHosts: null,
};

interface World {
  readonly root: string;
  readonly paths: DataPaths;
  readonly port: MemoryNetwork;
  readonly events: EventInput[];
  readonly containers: Map<string, NetworkedContainer>;
  readonly networks: ReturnType<typeof createNetworks>;
  /** A container of that name as `create` leaves it. */
  container(name: string, request?: Partial<NetworkingRequest>): Promise<string>;
  run(id: string): Promise<void>;
}

function aWorld(forwarder = true): World {
  const root = mkdtempSync(join(tmpdir(), 'porthole-networks-'));
  const paths = dataPaths(root);
  const port = createMemoryNetwork({
    forwarder,
    ...(forwarder ? { types: ['nat', 'internal', 'private'] } : {}),
  });
  const events: EventInput[] = [];
  const containers = new Map<string, NetworkedContainer>();
  let counter = 0;
  const networks = createNetworks({
    environment: {
      newId: () => (counter += 1).toString(16).padStart(4, '0').padEnd(64, 'f'),
      now: () => Date.parse('2026-01-02T03:04:05.678Z'),
    },
    paths,
    network: async () => port,
    containers: {
      async find(nameOrId) {
        const found =
          containers.get(nameOrId) ?? [...containers.values()].find((each) => each.name === nameOrId);
        if (found === undefined)
          throw new PortholeError('notFound', 'CONTAINER_NOT_FOUND', `No such container: ${nameOrId}`);
        return found;
      },
    },
    emit: (event) => void events.push(event),
  });
  return {
    root,
    paths,
    port,
    events,
    containers,
    networks,
    async container(name, request = {}) {
      const id = `c${(containers.size + 1).toString(16)}`.padEnd(64, '0');
      mkdirSync(paths.container(id), { recursive: true });
      containers.set(id, { id, name, status: 'created', running: false, isolation: 'process' });
      await networks.containers.configure({
        containerId: id,
        containerName: name,
        hostname: id.slice(0, 12),
        isolation: 'process',
        exposedPorts: [],
        endpoints: null,
        ...request,
        hostConfig: { ...hostConfig, ...request.hostConfig },
      });
      return id;
    },
    async run(id) {
      await networks.containers.allocate(id);
      containers.set(id, { ...containers.get(id)!, status: 'running', running: true });
    },
  };
}

function aNetworkRequest(overrides: Partial<NetworkCreateRequest> = {}): NetworkCreateRequest {
  return {
    Name: 'web',
    Driver: 'bridge',
    Scope: '',
    IPAM: { Driver: 'default', Options: {}, Config: [] },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    ConfigFrom: null,
    Options: {},
    Labels: {},
    ...overrides,
  };
}

async function failure(promise: Promise<unknown>): Promise<PortholeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error, 'should have failed').to.be.instanceOf(PortholeError);
  return error as PortholeError;
}

describe('networks', () => {
  let world: World;

  beforeEach(() => {
    world = aWorld();
  });
  afterEach(() => {
    rmSync(world.root, { recursive: true, force: true });
  });

  describe('predefined networks', () => {
    it('are there from the beginning, without anything in HNS', async () => {
      const listed = await world.networks.role.list();

      expect(listed.map((each) => [each.Name, each.Driver, each.IPAM.Driver])).to.have.deep.members([
        ['nat', 'nat', 'windows'],
        ['none', 'null', 'default'],
      ]);
      expect(await world.port.listNetworks()).to.deep.equal([]);
    });

    it('keep their IDs', async () => {
      const first = await world.networks.role.list();
      const second = await world.networks.role.list();

      expect(second).to.deep.equal(first);
    });

    it('cannot be removed, created or made up', async () => {
      for (const name of ['nat', 'none']) {
        const removal = await failure(world.networks.role.remove(name));
        expect(removal).to.include({
          kind: 'forbidden',
          message: `${name} is a pre-defined network and cannot be removed`,
        });
      }
      const creation = await failure(world.networks.role.create(aNetworkRequest({ Name: 'nat' })));
      expect(creation).to.include({
        kind: 'forbidden',
        message: 'operation is not permitted on predefined nat network ',
      });
    });

    it('adopt the nat network that HNS has already', async () => {
      const existing = await world.port.createNetwork({ Name: 'nat', Type: 'nat' });
      const nat = await world.networks.role.inspect('nat');

      expect(nat.Options).to.deep.equal({
        'com.docker.network.windowsshim.hnsid': existing.ID,
        'com.docker.network.windowsshim.hnsowned': 'true',
        'com.docker.network.windowsshim.networkname': 'nat',
      });
      expect(await world.port.listNetworks()).to.have.length(1);
    });

    it('leave other engines’ hidden networks alone', async () => {
      await world.port.createNetwork({ Name: 'vm', Type: 'internal' });
      await world.port.createNetwork({ Name: 'Other', Type: 'nat' });
      await world.port.createNetwork({ Name: 'More', Type: 'nat' });

      const names = (await world.networks.role.list()).map((each) => each.Name);
      expect(names).to.have.members(['nat', 'More', 'none']);
    });

    it('are not removed when others made them', async () => {
      await world.port.createNetwork({ Name: 'nat', Type: 'nat' });
      await world.port.createNetwork({ Name: 'WSL', Type: 'nat' });

      expect(await failure(world.networks.role.remove('WSL'))).to.include({
        kind: 'forbidden',
        message: 'network WSL was not made by porthole and cannot be removed',
      });
      expect(await world.port.listNetworks()).to.have.length(2);
    });
  });

  describe('create, inspect and remove', () => {
    it('makes a network and finds it by name, ID and prefix', async () => {
      const { Id, Warning } = await world.networks.role.create(aNetworkRequest({ Labels: { a: 'b' } }));
      const byName = await world.networks.role.inspect('web');

      expect(Warning).to.equal('');
      expect(byName).to.include({ Id, Name: 'web', Driver: 'nat', Created: '2026-01-02T03:04:05.678Z' });
      expect(byName.IPAM.Config?.[0]?.Subnet).to.match(/\/20$/);
      expect(await world.networks.role.inspect(Id)).to.deep.equal(byName);
      expect(await world.networks.role.inspect(Id.slice(0, 4))).to.deep.equal(byName);
      expect(world.events.at(-1)).to.deep.equal({
        type: 'network',
        action: 'create',
        id: Id,
        attributes: { name: 'web', type: 'nat' },
      });
    });

    it('refuses a name twice', async () => {
      await world.networks.role.create(aNetworkRequest());

      expect(await failure(world.networks.role.create(aNetworkRequest()))).to.include({
        kind: 'conflict',
        message: 'network with name web already exists',
      });
    });

    it('leaves nothing when HNS refuses', async () => {
      world.port.failNext('createNetwork', new HnsError('createNetwork', HNS.degradedOperation));
      const refused = await failure(world.networks.role.create(aNetworkRequest()));

      expect(refused.message).to.equal(
        'hnsCall failed in Win32: There was an operation attempted on a degraded object. (0x803b0017)',
      );
      expect((await failure(world.networks.role.inspect('web'))).message).to.equal('network web not found');
    });

    it('says when a subnet is taken, and by what', async () => {
      const ipam = { Driver: 'default', Options: {}, Config: [{ Subnet: '10.9.0.0/24' }] };
      await world.networks.role.create(aNetworkRequest({ Name: 'a', IPAM: ipam }));
      const refused = await failure(world.networks.role.create(aNetworkRequest({ Name: 'b', IPAM: ipam })));

      expect(refused.message).to.equal('HNS failed with error : The parameter is incorrect. ');
      expect(refused.hint).to.contain('10.9.0.0/24 overlaps with network');
    });

    it('tells unknown and ambiguous names apart', async () => {
      await world.networks.role.create(aNetworkRequest({ Name: 'a' }));
      await world.networks.role.create(aNetworkRequest({ Name: 'b' }));

      expect(await failure(world.networks.role.inspect('nope'))).to.include({
        kind: 'notFound',
        message: 'network nope not found',
      });
      expect((await failure(world.networks.role.inspect('00'))).message).to.match(
        /^network 00 is ambiguous \(\d matches found based on ID prefix\)$/,
      );
    });

    it('removes it from HNS too', async () => {
      const { Id } = await world.networks.role.create(aNetworkRequest());
      await world.networks.role.remove('web');

      expect(await world.port.listNetworks()).to.deep.equal([]);
      expect(world.events.at(-1)).to.include({ action: 'destroy', id: Id });
      expect((await failure(world.networks.role.remove('web'))).message).to.equal('network web not found');
    });

    it('refuses to remove what is in use', async () => {
      await world.networks.role.create(aNetworkRequest());
      const id = await world.container('c1', { hostConfig: { ...hostConfig, NetworkMode: 'web' } });
      await world.run(id);
      const { EndpointID } = world.networks.containers.endpointSettings(id)['web']!;

      const refused = await failure(world.networks.role.remove('web'));
      expect(refused).to.include({
        kind: 'forbidden',
        message: `error while removing network: network web has active endpoints (name:"c1" id:"${EndpointID.slice(0, 12)}")`,
      });
      await world.networks.containers.release(id);
      await world.networks.role.remove('web');
    });

    it('copies a configuration-only network', async () => {
      const ipam = { Driver: 'default', Options: {}, Config: [{ Subnet: '10.9.0.0/24' }] };
      await world.networks.role.create(aNetworkRequest({ Name: 'conf', ConfigOnly: true, IPAM: ipam }));
      await world.networks.role.create(aNetworkRequest({ ConfigFrom: { Network: 'conf' } }));

      const made = await world.networks.role.inspect('web');
      expect(made.IPAM.Config).to.deep.equal([{ Subnet: '10.9.0.0/24', Gateway: '10.9.0.1' }]);
      expect(made.ConfigFrom).to.deep.equal({ Network: 'conf' });
      expect((await failure(world.networks.role.remove('conf'))).message).to.equal(
        'configuration network "conf" is in use',
      );
    });
  });

  describe('list and prune', () => {
    const names = (networks: readonly { Name: string }[]): string[] =>
      networks.map((each) => each.Name).sort();

    beforeEach(async () => {
      await world.networks.role.create(aNetworkRequest({ Name: 'front', Labels: { tier: 'web' } }));
      await world.networks.role.create(aNetworkRequest({ Name: 'back', Driver: 'internal' }));
      const id = await world.container('c1', { hostConfig: { ...hostConfig, NetworkMode: 'front' } });
      await world.run(id);
    });

    const cases: [filters: Record<string, string[]>, expected: string[]][] = [
      [{ driver: ['nat'] }, ['front', 'nat']],
      [{ name: ['a'] }, ['back', 'nat']],
      [{ name: ['^nat$', 'front'] }, ['front', 'nat']],
      [{ name: ['('] }, []],
      [{ label: ['tier'] }, ['front']],
      [{ label: ['tier=db'] }, []],
      [{ type: ['builtin'] }, ['nat', 'none']],
      [{ type: ['custom'] }, ['back', 'front']],
      [{ scope: ['swarm'] }, []],
      [{ dangling: ['true'] }, ['back']],
      [{ dangling: ['false'] }, ['front', 'nat', 'none']],
    ];
    for (const [filters, expected] of cases) {
      it(`filters by ${JSON.stringify(filters)}`, async () => {
        expect(names(await world.networks.role.list({ filters }))).to.deep.equal(expected);
      });
    }

    it('lists no containers', async () => {
      const listed = await world.networks.role.list({ filters: { name: ['front'] } });
      expect(listed[0]?.Containers).to.deep.equal({});
    });

    it('refuses unknown filters and values', async () => {
      expect((await failure(world.networks.role.list({ filters: { bogus: ['x'] } }))).message).to.equal(
        "invalid filter 'bogus'",
      );
      expect((await failure(world.networks.role.list({ filters: { dangling: ['x'] } }))).kind).to.equal(
        'invalid',
      );
      expect((await failure(world.networks.role.prune({ filters: { name: ['x'] } }))).message).to.equal(
        "invalid filter 'name'",
      );
    });

    it('prunes what nobody uses, after telling what would go', async () => {
      expect(await world.networks.role.prune({ dryRun: true })).to.deep.equal({ NetworksDeleted: ['back'] });
      expect(await world.networks.role.prune({ filters: { label: ['tier'] } })).to.deep.equal({
        NetworksDeleted: null,
      });
      expect(await world.networks.role.prune({ filters: { until: ['24h'] } })).to.deep.equal({
        NetworksDeleted: null,
      });
      const halfWritten = join(world.paths.networks, `.back.json.${2 ** 22 + 1}.1.tmp`);
      writeFileSync(halfWritten, '');
      expect(await world.networks.role.prune()).to.deep.equal({ NetworksDeleted: ['back'] });
      expect(existsSync(halfWritten)).to.equal(false);
      expect(names(await world.networks.role.list())).to.deep.equal(['front', 'nat', 'none']);
    });
  });

  describe('a container', () => {
    it('gets an endpoint on nat when it starts, and gives it back', async () => {
      const id = await world.container('web');
      expect(world.networks.containers.settings(id, undefined)).to.include({ SandboxID: '', IPAddress: '' });

      const allocation = await world.networks.containers.allocate(id);
      const [endpoint] = await world.port.listEndpoints();
      expect(allocation).to.deep.include({
        endpointIds: [endpoint!.ID],
        forwards: [],
        published: [],
        allowUnqualifiedDns: true,
        endpointName: 'web',
        networkName: 'nat',
      });
      expect(await world.port.listNamespaces()).to.deep.equal([allocation.namespaceId]);
      const nat = world.networks.containers.endpointSettings(id)['nat']!;
      expect(nat).to.include({
        IPAddress: endpoint!.IPAddress,
        Gateway: endpoint!.GatewayAddress,
        IPPrefixLen: 20,
        MacAddress: endpoint!.MacAddress!.replaceAll('-', ':').toLowerCase(),
      });
      expect(nat.DNSNames).to.deep.equal(['web', id.slice(0, 12)]);
      const inspected = await world.networks.role.inspect('nat');
      expect(inspected.Containers[id]).to.deep.equal({
        Name: 'web',
        EndpointID: nat.EndpointID,
        MacAddress: nat.MacAddress,
        IPv4Address: `${nat.IPAddress}/20`,
        IPv6Address: '',
      });

      await world.networks.containers.release(id);
      await world.networks.containers.release(id);
      expect([await world.port.listEndpoints(), await world.port.listNamespaces()]).to.deep.equal([[], []]);
      expect(world.networks.containers.allocation(id)).to.equal(undefined);
      expect(world.networks.containers.endpointSettings(id)['nat']).to.include({
        IPAddress: '',
        EndpointID: '',
      });
      expect(world.events.map((event) => event.action)).to.deep.equal(['connect', 'disconnect']);
    });

    it('is found by its neighbours by every name, until it is gone', async () => {
      await world.networks.role.create(aNetworkRequest());
      const inWeb = { hostConfig: { ...hostConfig, NetworkMode: 'web' } };
      const one = await world.container('one', {
        ...inWeb,
        endpoints: { web: { Aliases: ['db'] } as never },
        hostConfig: { ...inWeb.hostConfig, ExtraHosts: ['up:host-gateway', 'far:10.0.0.9'] },
      });
      const two = await world.container('two', inWeb);
      const other = await world.container('other');
      await world.run(one);
      await world.run(two);
      await world.run(other);
      const at = (id: string, network: string): string =>
        world.networks.containers.endpointSettings(id)[network]!.IPAddress;
      const hosts = (id: string): unknown =>
        world.port.hosts(world.networks.containers.allocation(id)!.namespaceId!);

      expect(hosts(one)).to.deep.equal([
        { address: at(one, 'web'), names: ['one', 'db', one.slice(0, 12)] },
        { address: world.networks.containers.endpointSettings(one)['web']!.Gateway, names: ['up'] },
        { address: '10.0.0.9', names: ['far'] },
        { address: at(two, 'web'), names: ['two', two.slice(0, 12)] },
      ]);
      expect(hosts(other)).to.deep.equal([
        { address: at(other, 'nat'), names: ['other', other.slice(0, 12)] },
      ]);

      await world.networks.containers.rename(two, 'zwei');
      expect(hosts(one)).to.deep.include({ address: at(two, 'web'), names: ['zwei', two.slice(0, 12)] });
      await world.networks.containers.release(two);
      expect(hosts(one)).to.have.length(3);
    });

    it('has none of it with --network none', async () => {
      const id = await world.container('lonely', { hostConfig: { ...hostConfig, NetworkMode: 'none' } });
      const allocation = await world.networks.containers.allocate(id);

      expect(allocation).to.not.have.property('namespaceId');
      expect(world.networks.containers.endpointSettings(id)['none']).to.include({ IPAddress: '' });
      expect(await world.port.listNetworks()).to.deep.equal([]);
      await world.networks.containers.release(id);
    });

    it('shares the network of another that runs', async () => {
      const target = await world.container('target');
      const mode = { hostConfig: { ...hostConfig, NetworkMode: 'container:target' } };
      const id = await world.container('sidecar', mode);

      expect((await failure(world.networks.containers.allocate(id))).message).to.equal(
        'cannot join network namespace of a non running container: container target is created',
      );
      await world.run(target);
      const theirs = world.networks.containers.allocation(target)!;
      expect(await world.networks.containers.allocate(id)).to.deep.include({
        namespaceId: theirs.namespaceId,
        endpointIds: theirs.endpointIds,
        sharedWith: target,
      });

      await world.networks.containers.release(id);
      expect(await world.port.listNamespaces()).to.deep.equal([theirs.namespaceId]);
      expect(
        (
          await failure(
            world.container('x', { hostConfig: { ...hostConfig, NetworkMode: 'container:nope' } }),
          )
        ).kind,
      ).to.equal('notFound');
    });

    it('fails to start on an unknown network, and leaves nothing', async () => {
      const id = await world.container('c1', { hostConfig: { ...hostConfig, NetworkMode: 'nope' } });

      expect((await failure(world.networks.containers.allocate(id))).message).to.equal(
        'network nope not found',
      );
      expect(await world.port.listNamespaces()).to.deep.equal([]);
      expect(world.networks.containers.allocation(id)).to.equal(undefined);
    });

    describe('a static address that is taken', () => {
      const address = '10.9.0.7';
      const prepare = async (): Promise<{ one: string; two: string }> => {
        await world.networks.role.create(
          aNetworkRequest({
            Driver: 'nat',
            IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: '10.9.0.0/24' }] },
          }),
        );
        const asked = {
          hostConfig: { ...hostConfig, NetworkMode: 'web' },
          endpoints: { web: { IPAMConfig: { IPv4Address: address } } as never },
        };
        return { one: await world.container('one', asked), two: await world.container('two', asked) };
      };

      it('is freed when its container has ended without giving it back', async () => {
        const { one, two } = await prepare();
        await world.networks.containers.allocate(one);
        await world.networks.containers.allocate(two);

        const endpoints = await world.port.listEndpoints();
        expect(endpoints.map((each) => each.IPAddress)).to.deep.equal([address]);
        expect(world.networks.containers.allocation(two)!.endpointIds).to.deep.equal([endpoints[0]!.ID]);
        await world.networks.containers.release(one);
        expect(await world.port.listEndpoints()).to.have.length(1);
      });

      it('stays with a container that runs, and with one that another process starts', async () => {
        const { one, two } = await prepare();
        await world.run(one);
        expect((await failure(world.networks.containers.allocate(two))).message).to.include('0x803b002f');

        world.containers.set(one, { ...world.containers.get(one)!, running: false });
        const lock = tryLock(monitorLockPath(world.paths, one))!;
        expect((await failure(world.networks.containers.allocate(two))).message).to.include('0x803b002f');
        lock.release();
        await world.networks.containers.allocate(two);
      });

      it('stays with an endpoint of another program, which the error names', async () => {
        const { two } = await prepare();
        const [network] = await world.port.listNetworks();
        const theirs = await world.port.createEndpoint({
          Name: 'theirs',
          VirtualNetwork: network!.ID!,
          IPAddress: address,
        });
        const error = await failure(world.networks.containers.allocate(two));
        expect(error.message).to.include('0x803b002f');
        expect(error.hint).to.include(`the endpoint theirs (${theirs.ID}) has the address`);
        expect(await world.port.listEndpoints()).to.have.length(1);
      });
    });

    it('takes a static address inside the subnet only', async () => {
      const ipam = { Driver: 'default', Options: {}, Config: [{ Subnet: '10.9.0.0/24' }] };
      await world.networks.role.create(aNetworkRequest({ IPAM: ipam }));
      const withAddress = (name: string, address: string): Promise<string> =>
        world.container(name, {
          hostConfig: { ...hostConfig, NetworkMode: 'web' },
          endpoints: { web: { IPAMConfig: { IPv4Address: address } } as never },
        });
      const inside = await withAddress('inside', '10.9.0.10');
      await world.run(inside);
      expect(world.networks.containers.endpointSettings(inside)['web']).to.include({
        IPAddress: '10.9.0.10',
      });

      const outside = await withAddress('outside', '10.8.0.10');
      expect(await failure(world.networks.containers.allocate(outside))).to.include({
        kind: 'invalid',
        message: 'invalid endpoint settings:\nno configured subnet contains IP address 10.8.0.10',
      });
      const again = await withAddress('again', '10.9.0.10');
      expect((await failure(world.networks.containers.allocate(again))).message).to.equal(
        'failed to create endpoint again on network web: hnsCall failed in Win32: An address provided is invalid or reserved. (0x803b002f)',
      );
      expect(await world.port.listNamespaces()).to.have.length(1);
    });

    it('refuses at create what can never work', async () => {
      const cases: [request: Partial<NetworkingRequest>, message: string][] = [
        [
          { endpoints: { nat: { MacAddress: 'x' } as never } },
          'invalid endpoint settings:\naddress x: invalid MAC address',
        ],
        [{ hostConfig: { ...hostConfig, ExtraHosts: ['x'] } }, 'bad format for add-host: "x"'],
        [{ hostConfig: { ...hostConfig, Dns: ['x'] } }, 'invalid IP address: x'],
        [
          { hostConfig: { ...hostConfig, PortBindings: { '80/sctp': [{ HostIp: '', HostPort: '80' }] } } },
          'invalid protocol sctp',
        ],
        [
          { hostConfig: { ...hostConfig, NetworkMode: 'none' }, endpoints: { web: {} as never } },
          'container cannot be connected to multiple networks with one of the networks in private (none) mode',
        ],
      ];
      for (const [request, message] of cases)
        expect(await failure(world.container('x', request))).to.include({ kind: 'invalid', message });
    });

    it('gives its ports to the first network that lets traffic out', async () => {
      await world.networks.role.create(aNetworkRequest({ Name: 'inner', Internal: true }));
      await world.networks.role.create(aNetworkRequest({ Name: 'outer' }));
      const id = await world.container('c1', {
        hostConfig: {
          ...hostConfig,
          NetworkMode: 'inner',
          PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
        },
        endpoints: { inner: {} as never, outer: {} as never },
      });
      const allocation = await world.networks.containers.allocate(id);

      expect(allocation).to.deep.include({
        networkName: 'outer',
        forwards: [{ protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 }],
      });
      expect(
        world.networks.containers.settings(id, [
          { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80 },
        ]).Ports,
      ).to.deep.equal({ '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] });
    });

    it('survives a reboot under the same network ID and subnet', async () => {
      await world.networks.role.create(aNetworkRequest());
      const id = await world.container('c1', { hostConfig: { ...hostConfig, NetworkMode: 'web' } });
      await world.run(id);
      const before = await world.networks.role.inspect('web');
      world.port.reboot();
      await world.networks.containers.reconcile(() => false);
      const between = await world.networks.role.inspect('web');
      expect([between.Id, between.IPAM, between.Containers]).to.deep.equal([before.Id, before.IPAM, {}]);

      await world.networks.containers.allocate(id);
      const after = await world.networks.role.inspect('web');
      expect([after.Id, after.IPAM]).to.deep.equal([before.Id, before.IPAM]);
      expect(Object.keys(after.Containers)).to.deep.equal([id]);
    });

    it('gets its network made again when another program removes it at that moment', async () => {
      const id = await world.container('web');
      const { port } = world;
      const make = port.createEndpoint.bind(port);
      let first = true;
      port.createEndpoint = async (document) => {
        if (first) await port.deleteNetwork(document.VirtualNetwork!);
        first = false;
        return make(document);
      };

      await world.run(id);

      const [network] = await port.listNetworks();
      expect(await port.listEndpoints()).to.have.length(1);
      expect((await port.listEndpoints())[0]!.VirtualNetwork).to.equal(network!.ID);
    });

    it('leaves nothing when its owner is killed between two steps', async () => {
      const id = await world.container('c1');
      for (const method of ['createNamespace', 'createEndpoint', 'attachEndpoint', 'setHosts'] as const) {
        world.port.failNext(method, new HnsError(method, HNS.unspecified));
        await failure(world.networks.containers.allocate(id));

        expect([await world.port.listEndpoints(), await world.port.listNamespaces()], method).to.deep.equal([
          [],
          [],
        ]);
      }
      await world.networks.containers.allocate(id);
      await world.networks.containers.reconcile((other) => other !== id);
      expect(await world.port.listEndpoints()).to.deep.equal([]);
    });
  });

  describe('connect and disconnect', () => {
    beforeEach(async () => {
      await world.networks.role.create(aNetworkRequest());
    });

    it('attaches a running container, and detaches it', async () => {
      const id = await world.container('c1');
      await world.run(id);
      await world.networks.role.connect('web', { Container: 'c1', EndpointConfig: null });

      expect(Object.keys(world.networks.containers.endpointSettings(id))).to.deep.equal(['nat', 'web']);
      expect(await world.port.listEndpoints()).to.have.length(2);
      expect(
        (await failure(world.networks.role.connect('web', { Container: 'c1', EndpointConfig: null })))
          .message,
      ).to.equal('endpoint with name c1 already exists in network web');

      await world.networks.role.disconnect('web', { Container: 'c1', Force: false });
      expect(await world.port.listEndpoints()).to.have.length(1);
      expect(
        await failure(world.networks.role.disconnect('web', { Container: 'c1', Force: false })),
      ).to.include({
        message: `container ${id} is not connected to network web`,
      });
    });

    it('only writes it down for a stopped container', async () => {
      const id = await world.container('c1');
      await world.networks.role.connect('web', { Container: id, EndpointConfig: null });
      expect(await world.port.listEndpoints()).to.deep.equal([]);

      await world.run(id);
      expect(await world.port.listEndpoints()).to.have.length(2);
    });

    it('changes no adapters of a running container that has no namespace', async () => {
      const id = await world.container('c1', { isolation: 'hyperv' });
      await world.run(id);
      const request = { Container: 'c1', EndpointConfig: null };

      expect(await failure(world.networks.role.connect('web', request))).to.include({
        kind: 'notImplemented',
        message: 'unsupported platform request',
      });
      expect(
        await failure(world.networks.role.disconnect('nat', { Container: 'c1', Force: false })),
      ).to.include({ message: 'unsupported platform request' });
      expect(await world.port.listEndpoints()).to.have.length(1);
      expect(await world.port.listNamespaces()).to.deep.equal([]);
    });

    it('refuses containers without a network of their own', async () => {
      const lonely = await world.container('lonely', { hostConfig: { ...hostConfig, NetworkMode: 'none' } });
      const target = await world.container('target');
      await world.run(target);
      const sidecar = await world.container('sidecar', {
        hostConfig: { ...hostConfig, NetworkMode: `container:${target}` },
      });

      expect(
        (await failure(world.networks.role.connect('web', { Container: lonely, EndpointConfig: null })))
          .message,
      ).to.equal(
        'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      );
      expect(
        (await failure(world.networks.role.connect('web', { Container: sidecar, EndpointConfig: null })))
          .message,
      ).to.equal(
        'container sharing network namespace with another container or host cannot be connected to any other network',
      );
      expect(
        (await failure(world.networks.role.connect('web', { Container: 'nope', EndpointConfig: null })))
          .message,
      ).to.equal('No such container: nope');
    });
  });

  describe('on a host whose NAT publishes ports', () => {
    beforeEach(() => {
      rmSync(world.root, { recursive: true, force: true });
      world = aWorld(false);
    });

    it('reads the host ports back from the endpoint', async () => {
      const id = await world.container('c1', {
        hostConfig: {
          ...hostConfig,
          PortBindings: {
            '80/tcp': [
              { HostIp: '', HostPort: '8080' },
              { HostIp: '', HostPort: '' },
            ],
          },
        },
      });
      const allocation = await world.networks.containers.allocate(id);

      expect(allocation.forwards).to.deep.equal([]);
      expect(allocation.published.map((each) => each.hostPort).sort()).to.deep.equal([49_152, 8080]);
    });

    it('says in both tongues that a port is taken', async () => {
      world.port.occupy('tcp', 8080);
      const id = await world.container('c1', {
        hostConfig: { ...hostConfig, PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
      });
      const refused = await failure(world.networks.containers.allocate(id));

      expect(refused).to.include({
        code: 'PORT_ALLOCATED',
        message:
          'failed to create endpoint c1 on network nat: hnsCall failed in Win32: The process cannot access the file because it is being used by another process. (0x20): Bind for 0.0.0.0:8080 failed: port is already allocated',
      });
      expect(await world.port.listEndpoints()).to.deep.equal([]);
    });
  });
});

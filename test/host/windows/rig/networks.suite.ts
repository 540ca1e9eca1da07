/** The engine's networks on HNS' stand-in: what a crash left is recovered, what others made is adopted and never deleted. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetworks } from '../../../../src/engine/local/networks/networks.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { createWindowsNetwork } from '../../../../src/host/windows/network.ts';
import { dataPaths, type DataPaths } from '../../../../src/state/paths.ts';
import { hnsLock } from './hosts.ts';
import { clearFaults, expectNothingOpen, setMode } from './standins.ts';

const address = '10.79.0.7';
const subnet = '10.79.0.0/24';

describe('the engine’s networks on HNS', () => {
  const port = createWindowsNetwork({ exclusively: hnsLock() });
  let root: string;
  let paths: DataPaths;
  let networks: ReturnType<typeof createNetworks>;
  let counter = 0;

  /** The engine of a new process: nothing but files and HNS is remembered. */
  const open = (folder: string): void => {
    paths = dataPaths(folder);
    networks = createNetworks({
      environment: {
        newId: () => (counter += 1).toString(16).padStart(4, '0').padEnd(64, 'e'),
        now: Date.now,
      },
      paths,
      network: async () => port,
      containers: {
        find: async (id) => ({ id, name: id, status: 'exited', running: false, isolation: 'process' }),
      },
      emit: () => undefined,
    });
  };
  const container = async (digit: string, network: string, ip?: string): Promise<string> => {
    const id = digit.repeat(64);
    mkdirSync(paths.container(id), { recursive: true });
    await networks.containers.configure({
      containerId: id,
      containerName: `c${digit}`,
      hostname: id.slice(0, 12),
      isolation: 'process',
      hostConfig: {
        NetworkMode: network,
        PortBindings: {},
        PublishAllPorts: false,
        Dns: [],
        DnsSearch: [],
        ExtraHosts: null,
      },
      exposedPorts: [],
      endpoints: ip === undefined ? null : { [network]: { IPAMConfig: { IPv4Address: ip } } as never },
    });
    return id;
  };
  const createWeb = (): Promise<unknown> =>
    networks.role.create({
      Name: 'web',
      Driver: 'nat',
      Scope: '',
      IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: subnet }] },
      Internal: false,
      Attachable: false,
      Ingress: false,
      ConfigOnly: false,
      ConfigFrom: null,
      Options: {},
      Labels: {},
    });

  before(() => {
    setMode('');
    mkdirSync(tmpdir(), { recursive: true });
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'porthole-networks-'));
    open(root);
  });
  afterEach(async () => {
    clearFaults();
    for (const { ID } of await port.listNetworks()) await port.deleteNetwork(ID!);
    for (const id of await port.listNamespaces()) await port.deleteNamespace(id);
    rmSync(root, { recursive: true, force: true });
    await expectNothingOpen();
  });

  it('take a static address back from an endpoint that outlived its container', async () => {
    await createWeb();
    const dead = await container('a', 'web', address);
    await networks.containers.allocate(dead);
    const stale = await port.listEndpoints();

    open(root);
    const next = await container('b', 'web', address);
    const { endpointIds } = await networks.containers.allocate(next);
    const now = await port.listEndpoints();
    expect(now.map((each) => each.IPAddress)).to.deep.equal([address]);
    expect(now.map((each) => each.ID))
      .to.deep.equal(endpointIds)
      .and.not.deep.equal([stale[0]!.ID]);

    await networks.containers.release(dead);
    await networks.containers.release(next);
    expect(await port.listEndpoints()).to.deep.equal([]);
  });

  it('take their own container’s address back after a crash', async () => {
    await createWeb();
    const id = await container('a', 'web', address);
    await networks.containers.allocate(id);
    open(root);
    await networks.containers.allocate(id);

    expect((await port.listEndpoints()).map((each) => each.IPAddress)).to.deep.equal([address]);
    expect(await port.listNamespaces()).to.have.length(1);
  });

  it('leave an endpoint of another program alone, and name it', async () => {
    await createWeb();
    const [web] = await port.listNetworks();
    const theirs = await port.createEndpoint({
      Name: 'theirs',
      VirtualNetwork: web!.ID!,
      IPAddress: address,
    });
    const error: unknown = await networks.containers
      .allocate(await container('a', 'web', address))
      .catch((thrown: unknown) => thrown);

    expect(error).to.be.instanceOf(PortholeError);
    expect((error as PortholeError).message).to.include('0x803b002f');
    expect((error as PortholeError).hint).to.include(`the endpoint theirs (${theirs.ID})`);
    expect((await port.listEndpoints()).map((each) => each.ID)).to.deep.equal([theirs.ID]);
    expect(await port.listNamespaces()).to.deep.equal([]);
  });

  it('are adopted when HNS has them already, and go on without an endpoint lost', async () => {
    const made = await port.createNetwork({ Name: 'nat', Type: 'nat', Subnets: [{ AddressPrefix: subnet }] });
    const bridge = await port.createNetwork({
      Name: 'theirs',
      Type: 'transparent',
      NetworkAdapterName: 'Ethernet',
    });
    const neighbour = await port.createEndpoint({ Name: 'neighbour', VirtualNetwork: made.ID! });
    const id = await container('a', 'nat');
    await networks.containers.allocate(id);

    const listed = await networks.role.list();
    expect(listed.map((each) => `${each.Name} ${each.Driver}`)).to.have.members([
      'nat nat',
      'theirs transparent',
      'none null',
    ]);
    expect((await port.listNetworks()).map((each) => each.ID)).to.have.members([made.ID, bridge.ID]);
    await networks.containers.release(id);
    expect((await port.listEndpoints()).map((each) => each.ID)).to.deep.equal([neighbour.ID]);
  });

  it('are not made again when their records are lost: the first NAT network becomes the default', async () => {
    await createWeb();
    const [before] = await port.listNetworks();
    rmSync(root, { recursive: true, force: true });
    open(root);

    expect((await networks.role.list()).map((each) => `${each.Name} ${each.Driver}`)).to.have.members([
      'nat nat',
      'none null',
    ]);
    await networks.containers.allocate(await container('a', 'nat'));
    expect((await port.listNetworks()).map((each) => each.ID)).to.deep.equal([before!.ID]);
    expect((await port.listEndpoints())[0]).to.include({ VirtualNetwork: before!.ID });
  });

  it('leave nothing of a container whose address HNS refuses', async () => {
    await createWeb();
    const id = await container('a', 'web', '10.79.0.1');
    const error: unknown = await networks.containers.allocate(id).catch((thrown: unknown) => thrown);

    expect((error as PortholeError).message).to.include('0x803b002f');
    expect(await port.listEndpoints()).to.deep.equal([]);
    expect(await port.listNamespaces()).to.deep.equal([]);
  });
});

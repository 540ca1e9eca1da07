/** `doctor`: compute systems and endpoints that outlived their containers. */
import { expect } from 'chai';
import { checkHostObjects } from '../../../../src/doctor/host-object-checks.ts';
import { endpointName } from '../../../../src/engine/local/networks/endpoint-rules.ts';
import {
  readNetworkRecord,
  writeNetworkRecord,
} from '../../../../src/engine/local/networks/container-record.ts';
import { readHostObjects, releaseContainers } from '../../../../src/engine/local/system/host-objects.ts';
import type { Program } from '../../../../src/host/memory/compute.ts';
import type { WindowsHostFacts } from '../../../../src/host/ports/host-facts.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { goodLinux, goodWindows } from '../../../support/host-facts.ts';
import { memoryEngine, type MemoryEngine } from '../../../support/memory-engine.ts';

const forever: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(1)));

describe('host objects', () => {
  let engine: MemoryEngine;
  beforeEach(() => {
    engine = memoryEngine({ programs: { 'app.exe': forever }, forwarder: false });
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  const look = (facts: Partial<WindowsHostFacts> = {}) =>
    readHostObjects(engine.deps, { ...goodWindows, ...facts });
  const started = async (name: string): Promise<string> => {
    const { Id } = await engine.containers.create(aCreateRequest({}), { name });
    await engine.containers.start(Id);
    return Id;
  };
  const stopped = async (name: string): Promise<string> => {
    const id = await started(name);
    await engine.containers.kill(id, 'KILL');
    await engine.containers.wait(id, 'not-running');
    await engine.quiet();
    return id;
  };

  /** As a crash at the wrong moment leaves them: the container's end is written down, its objects are there. */
  async function leak(id: string): Promise<void> {
    const [network] = await engine.network.listNetworks();
    const endpointId = 'e'.repeat(64);
    const endpoint = await engine.network.createEndpoint({
      Name: endpointName(endpointId),
      VirtualNetwork: network!.ID!,
    });
    const record = readNetworkRecord(engine.paths, id)!;
    const active = {
      endpointId,
      hnsId: endpoint.ID!,
      driver: 'nat',
      address: endpoint.IPAddress!,
      names: [],
    };
    writeNetworkRecord(engine.paths, {
      ...record,
      networks: [{ ...record.networks[0]!, active: { ...active, prefixLength: 16, gateway: '', mac: '' } }],
    });
    await engine.compute.create(id, {
      Owner: 'porthole',
      SchemaVersion: { Major: 2, Minor: 1 },
      Container: {
        GuestOs: { HostName: 'x' },
        Storage: { Layers: [{ Id: '1', Path: 'C:\\b' }], Path: '\\\\?\\Volume{1}\\' },
      },
    });
  }

  it('of running containers are in use', async () => {
    await started('one');
    const found = await look();

    expect(found.systems).to.deep.equal({ inUse: 1, left: [], foreign: [] });
    expect(found.endpoints).to.deep.equal({ inUse: 1, left: [], foreign: [] });
    expect(checkHostObjects(found)).to.deep.equal([
      {
        id: 'compute-systems',
        status: 'pass',
        fact: '1 compute system, each of a running container',
        fix: [],
      },
      { id: 'endpoints', status: 'pass', fact: '1 endpoint, each of a running container', fix: [] },
    ]);
  });

  it('of stopped containers are told, and given back by the repair', async () => {
    const id = await stopped('one');
    await leak(id);
    const found = await look();
    const results = checkHostObjects(found);

    expect(found.systems).to.deep.equal({
      inUse: 0,
      left: [{ object: id, container: id, name: 'one' }],
      foreign: [],
    });
    expect(results.map(({ status, fact, fix }) => [status, fact, fix])).to.deep.equal([
      [
        'warn',
        '1 compute system of containers that do not run: one',
        ['porthole doctor --fix gives them back'],
      ],
      ['warn', '1 endpoint of containers that do not run: one', ['porthole doctor --fix gives them back']],
    ]);
    expect(results[0]!.repair).to.deep.equal({ kind: 'release-containers', containers: [id] });

    await releaseContainers(engine.deps, [id]);
    expect(await engine.compute.list()).to.deep.equal([]);
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
    expect((await engine.containers.inspect(id)).State.Status).to.equal('exited');
  });

  it('of other data roots are told and left alone', async () => {
    await leak(await stopped('two'));
    await started('one');
    const other = 'f'.repeat(64);
    await engine.compute.create(other, {
      Owner: 'porthole',
      SchemaVersion: { Major: 2, Minor: 1 },
      Container: { Storage: { Layers: [{ Id: '1', Path: 'C:\\b' }], Path: '\\\\?\\Volume{1}\\' } },
    });
    const [network] = await engine.network.listNetworks();
    await engine.network.createEndpoint({ Name: 'porthole-ffffffffffff', VirtualNetwork: network!.ID! });
    await engine.network.createEndpoint({ Name: 'Ethernet', VirtualNetwork: network!.ID! });
    const found = await look();
    const results = checkHostObjects(found);

    expect([found.systems?.foreign, found.endpoints?.foreign]).to.deep.equal([
      [other],
      ['porthole-ffffffffffff'],
    ]);
    expect(results.map(({ fact }) => fact)).to.deep.equal([
      '1 compute system of containers that do not run: two; 1 compute system of no container of this data root',
      '1 endpoint of containers that do not run: two; 1 endpoint of no container of this data root',
    ]);
    expect(results[1]!.fix).to.deep.equal([
      'porthole doctor --fix gives them back',
      'if another data root is in use: porthole --data-root FOLDER ps -a',
      'in a terminal started with "Run as administrator":',
      'Get-HnsEndpoint | Where-Object Name -eq porthole-ffffffffffff | Remove-HnsEndpoint',
    ]);
    await releaseContainers(
      engine.deps,
      found.systems!.left.map(({ container }) => container),
    );
    expect((await engine.compute.list()).map(({ id }) => id))
      .to.include(other)
      .and.have.length(2);
  });

  it('are left alone where the container runs by now', async () => {
    const id = await started('one');
    await releaseContainers(engine.deps, [id]);

    expect(await engine.compute.list()).to.have.length(1);
    expect((await engine.containers.inspect(id)).State.Status).to.equal('running');
  });

  it('are not asked for where that would fail or start a service', async () => {
    const stoppedService = { state: 'stopped', start: 'manual' } as const;
    const services = { ...goodWindows.services, vmcompute: stoppedService };
    const reasons = [
      await readHostObjects(engine.deps, goodLinux),
      await look({ elevated: false }),
      await look({ services }),
    ].map(({ systems, endpoints, why }) => [systems, endpoints, why]);

    expect(reasons).to.deep.equal([
      [undefined, undefined, 'the embedded backend keeps them in the data root'],
      [undefined, undefined, 'only administrators may ask'],
      [undefined, undefined, 'the services that hold them do not run'],
    ]);
    expect(checkHostObjects(await look({ elevated: false }))[0]).to.deep.equal({
      id: 'compute-systems',
      status: 'skip',
      fact: 'only administrators may ask',
      fix: [],
    });
  });
});

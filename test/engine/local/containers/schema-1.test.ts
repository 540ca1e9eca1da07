/** Containers whose compute system is a schema 1 document: Hyper-V isolation, and builds of Windows without computecore.dll. */
import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerV1Document } from '../../../../src/hcs/documents.ts';
import type { Program } from '../../../../src/host/memory/compute.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import type { RequestOverrides } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine, MemoryEngineOptions } from '../../../support/memory-engine.ts';

const forever: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(1)));
const windows: MemoryEngineOptions = { programs: { 'app.exe': forever }, forwarder: false };

async function running(engine: MemoryEngine, overrides: RequestOverrides): Promise<string> {
  const { Id } = await engine.containers.create(aCreateRequest(overrides), { name: 'one' });
  await engine.containers.start(Id);
  return Id;
}

const documentOf = (engine: MemoryEngine, id: string): ContainerV1Document =>
  engine.compute.document(id) as ContainerV1Document;

describe('a container with Hyper-V isolation', () => {
  let engine: MemoryEngine;
  let id: string;
  beforeEach(async () => {
    engine = memoryEngine(windows);
    mkdirSync(join(engine.paths.windowsfilter, 'b'.repeat(64), 'UtilityVM'), { recursive: true });
    id = await running(engine, {
      HostConfig: { Isolation: 'hyperv', PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
    });
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  it('leaves its disk to the utility VM', () => {
    expect([...engine.layers.mounted]).to.deep.equal([]);
    expect(documentOf(engine, id)).to.include({ SystemType: 'Container', HvPartition: true });
    expect(documentOf(engine, id)).not.to.have.property('VolumePath');
    expect(documentOf(engine, id).LayerFolderPath).to.equal(join(engine.paths.windowsfilter, id));
  });

  it('takes its endpoints by itself', async () => {
    const [endpoint] = await engine.network.listEndpoints();
    expect(documentOf(engine, id).EndpointList).to.deep.equal([endpoint!.ID]);
    expect(endpoint!.SharedContainers ?? []).to.deep.equal([]);
    expect(await engine.network.listNamespaces()).to.deep.equal([]);
    const { NetworkSettings } = await engine.containers.inspect(id);
    expect(NetworkSettings.Ports).to.deep.equal({ '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] });
    expect(NetworkSettings.Networks['nat']!.IPAddress).to.equal(endpoint!.IPAddress);
  });

  it('gives everything back', async () => {
    await engine.containers.kill(id, 'KILL');
    await engine.containers.wait(id, 'not-running');
    await engine.containers.remove(id, {});
    await engine.quiet();
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
  });
});

describe('a container on Windows without computecore.dll', () => {
  it('is a schema 1 document with a volume and its endpoints', async () => {
    await using engine = memoryEngine({
      ...windows,
      namespaces: false,
      host: { schema2: false },
    });
    const id = await running(engine, { HostConfig: { Isolation: 'process' } });
    const document = documentOf(engine, id);
    expect(document).to.include({ SystemType: 'Container', HvPartition: false });
    expect(document.VolumePath).to.equal(join(engine.paths.windowsfilter, id));
    expect(document.EndpointList).to.have.length(1);
    expect(await engine.network.listNamespaces()).to.deep.equal([]);
  });
});

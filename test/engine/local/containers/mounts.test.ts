import { expect } from 'chai';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountSpec } from '../../../../src/api/types/index.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

describe('mounts of a container', () => {
  let engine: MemoryEngine;
  beforeEach(() => (engine = memoryEngine()));
  afterEach(() => engine[Symbol.asyncDispose]());

  const create = (HostConfig: { Mounts?: MountSpec[]; VolumeDriver?: string; Binds?: string[] }) =>
    engine.containers.create(aCreateRequest({ HostConfig }), { name: 'one' });
  const subpath = (Subpath: string): MountSpec => ({
    Type: 'volume',
    Source: 'data',
    Target: 'C:\\work',
    VolumeOptions: { Subpath },
  });

  it('maps a folder of a volume only', async () => {
    const folder = join(engine.paths.volumes, 'data', '_data');
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    const { Id } = await create({ Mounts: [subpath('a\\b')] });
    const { Mounts } = await engine.containers.inspect(Id);
    expect(Mounts.map(({ Name, Source }) => [Name, Source])).to.deep.equal([
      ['data', join(folder, 'a', 'b')],
    ]);
  });

  it('refuses a folder of a volume that is none, or that a link leads to', async () => {
    const folder = join(engine.paths.volumes, 'data', '_data');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('/', join(folder, 'link'));
    for (const [path, reason] of [
      ['none', 'no such file or directory'],
      ['file', 'not a directory'],
      ['link', 'not a directory'],
      ['link/etc', 'not a directory'],
    ] as const)
      expect((await rejection(create({ Mounts: [subpath(path)] }))).message).to.match(
        new RegExp(`^cannot access path .*: ${reason}$`),
      );
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('has no volume drivers but its own', async () => {
    const failure = await rejection(create({ VolumeDriver: 'azure', Binds: ['data:C:\\data'] }));
    expect(failure.message).to.equal('error looking up volume plugin azure: plugin "azure" not found');
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { infoDocument } from '../../../../src/engine/local/system/info.ts';
import type { InfoDeps } from '../../../../src/engine/local/system/info.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { createMemoryCompute } from '../../../../src/host/memory/compute.ts';
import { createMemoryNetwork } from '../../../../src/host/memory/network.ts';
import { dataPaths } from '../../../../src/state/paths.ts';
import { crashEnvironment } from '../../../support/crash-engine.ts';

describe('info', () => {
  let root: string;

  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'porthole-info-'))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const info = (host: InfoDeps['host']): ReturnType<typeof infoDocument> =>
    infoDocument({
      environment: crashEnvironment(root),
      paths: dataPaths(root),
      host,
      countImages: async () => 3,
    });

  it('lists the network drivers that Windows has', async () => {
    const found = await info(async () => ({
      compute: createMemoryCompute(),
      network: createMemoryNetwork(),
    }));
    expect(found.Plugins.Network).to.include.members(['nat', 'overlay', 'transparent', 'l2bridge', 'null']);
    expect(found.Images).to.equal(3);
  });

  it('lists those that this host has, and what it cannot give', async () => {
    const network = {
      ...createMemoryNetwork(),
      networkTypes: ['private', 'nat'],
      warnings: async () => ['WARNING: containers have loopback only'],
    };
    const found = await info(async () => ({ compute: createMemoryCompute(), network }));
    expect(found.Plugins.Network).to.deep.equal(['nat', 'null', 'private']);
    expect(found.Warnings).to.include('WARNING: containers have loopback only');
  });

  it('is given where nothing can run, with the reason as a warning', async () => {
    const found = await info(() =>
      Promise.reject(new PortholeError('unavailable', 'NO_WINE', 'no Wine was found')),
    );
    expect(found.Plugins.Network).to.deep.equal(['null']);
    expect(found.Warnings).to.include('WARNING: no Wine was found');
  });
});

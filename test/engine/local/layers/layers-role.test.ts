import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLayersRole } from '../../../../src/engine/local/layers/layers-role.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import { applyTar } from '../../../contract/layers-subject.ts';
import { baseImageLayers, baseOsVersion } from '../../../support/base-image.ts';
import { ImageStore } from '../../../support/image-store.ts';
import { LayerTar } from '../../../support/layer-tar.ts';
import { rejection } from '../../../support/rejection.ts';
import type { LayerInfo } from '../../../../src/host/ports/layers.ts';
import type { LayersRole } from '../../../../src/engine/roles/index.ts';
import { Readable } from 'node:stream';

const container = 'c'.repeat(64);

describe('layer inspect', () => {
  let store: ImageStore;
  let role: LayersRole;
  let base: LayerInfo;
  let top: LayerInfo;

  before(async function () {
    if (process.platform !== 'linux') return this.skip();
    store = new ImageStore();
    role = createLayersRole({ paths: store.paths, host: async () => ({ layers: store.layers }) });
    base = await applyTar(store.layers, baseImageLayers('nanoserver')[0]!, []);
    top = await applyTar(store.layers, new LayerTar().directory('Files').file('Files/a', 'abc').bytes(), [
      base.id,
    ]);
  });

  after(() => store?.[Symbol.dispose]());

  const sizes = { virtualSize: 20 * 2 ** 30, blockSize: 1 << 20, logicalSectorSize: 512 };

  it('shows a layer and what it stands on, with the disks of the base', async () => {
    const [first, second, ...others] = await role.inspect(top.id);

    expect(others).to.deep.equal([]);
    expect(first).to.deep.equal({
      id: top.id,
      diffId: top.diffId,
      path: top.path,
      kind: 'layer',
      chain: [base.path],
      size: 3,
      entries: 2,
      disks: [],
    });
    expect(second).to.deep.include({ id: base.id, kind: 'base', chain: [], entries: 51 });
    const [blankBase, blank] = second!.disks;
    expect(blankBase).to.deep.include({ name: 'blank-base.vhdx', type: 'dynamic', ...sizes });
    expect(blank).to.deep.include({ name: 'blank.vhdx', type: 'differencing', ...sizes });
    expect(blank?.parent?.path).to.equal(join(base.path, 'blank-base.vhdx'));
  });

  it('takes a unique prefix of a layer ID', async () => {
    expect((await role.inspect(base.id.slice(0, 12))).map((report) => report.id)).to.deep.equal([base.id]);
  });

  it('shows a container with its scratch first', async () => {
    await store.layers.createScratch(container, { parents: [top.id, base.id], sizeBytes: 40 * 2 ** 30 });
    mkdirSync(store.paths.container(container), { recursive: true });
    writeFileSync(join(store.paths.windowsfilter, container, 'diff', 'x'), 'hello');
    const reports = await role.inspect(container);

    expect(reports.map((report) => report.kind)).to.deep.equal(['scratch', 'layer', 'base']);
    expect(reports[0]).to.deep.include({ id: container, size: 5, chain: [top.path, base.path] });
    expect(reports[0]?.disks).to.have.length(1);
    expect(reports[0]?.disks[0]).to.deep.include({
      name: 'sandbox.vhdx',
      type: 'differencing',
      virtualSize: 40 * 2 ** 30,
    });
    expect(reports[0]?.disks[0]?.parent?.path).to.equal(join(base.path, 'blank-base.vhdx'));
  });

  it('shows the layers of an image', async () => {
    const image = await commitImage(store.deps, {
      layer: Readable.from([baseImageLayers('nanoserver')[0]!]),
      history: { createdBy: 'test' },
      platform: { os: 'windows', architecture: 'amd64', osVersion: baseOsVersion },
      tags: ['nano:test'],
    });

    expect(image.layerIds).to.deep.equal([base.id]);
    for (const name of ['nano:test', image.id, image.id.slice(7, 19)])
      expect(
        (await role.inspect(name)).map((report) => report.id),
        name,
      ).to.deep.equal([base.id]);
  });

  it('says what it does not know, and what it cannot tell apart', async () => {
    for (const name of ['nothing', 'Not/A/Reference', '0123456789'])
      expect(await rejection(role.inspect(name)), name).to.deep.include({
        kind: 'notFound',
        message: `No such image, container or layer: ${name}`,
      });
  });

  it('names the file of a damaged disk', async () => {
    writeFileSync(join(base.path, 'blank.vhdx'), 'damaged');

    expect(await rejection(role.inspect(base.id))).to.include({ kind: 'invalid', code: 'VHDX_INVALID' });
  });
});

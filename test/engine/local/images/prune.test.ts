import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { BlobStore } from '../../../../src/content/blobs.ts';
import { openLease } from '../../../../src/content/leases.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import type { CommitRequest, CommittedImage } from '../../../../src/engine/local/images/commit.ts';
import { removeUnneeded } from '../../../../src/engine/local/images/unneeded.ts';
import { randomImage } from '../../../../src/image/random.ts';
import { tryLock } from '../../../../src/state/lock.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';

const containerId = '4e5021d210f6'.padEnd(64, '0');
const dayMs = 24 * 3600 * 1000;

describe('images.prune', () => {
  let store: ImageStore;
  let blobs: BlobStore;
  beforeEach(() => {
    store = new ImageStore();
    blobs = new BlobStore(store.paths);
  });
  afterEach(() => store[Symbol.dispose]());

  const layerTar = (seed: number): Buffer => randomImage({ seed, layers: 1 }).layers[0]!.tar;
  const anImage = (seed: number, more: Partial<CommitRequest> = {}): Promise<CommittedImage> =>
    commitImage(store.deps, {
      ...(more.parent === undefined
        ? { platform: { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.2402' } }
        : {}),
      layer: Readable.from([layerTar(seed)]),
      history: { createdBy: `RUN ${seed}`, created: `2024-05-0${seed}T00:00:00Z` },
      ...more,
    });
  const images = async (): Promise<string[]> =>
    (await store.images.list({ all: true })).map((one) => one.Id).sort();
  const layers = (): string[] => readdirSync(store.paths.windowsfilter).sort();
  const prune = (filters?: Record<string, string[]>) =>
    store.images.prune(filters === undefined ? {} : { filters });

  it('removes what has no name with its layers and parents, and says how much that was', async () => {
    const kept = await anImage(1, { tags: ['kept'] });
    const below = await anImage(2, { parent: kept.id });
    const top = await anImage(3, { parent: below.id });

    const report = await prune();

    const [layer3, layer2] = top.layerIds;
    expect(report.ImagesDeleted).to.deep.equal([
      { Deleted: top.id },
      { Deleted: `sha256:${layer3}` },
      { Deleted: below.id },
      { Deleted: `sha256:${layer2}` },
    ]);
    expect(report.SpaceReclaimed).to.be.greaterThan(0);
    expect(await images()).to.deep.equal([kept.id]);
    expect(layers()).to.deep.equal(kept.layerIds);
    expect(await prune()).to.deep.equal({ ImagesDeleted: null, SpaceReclaimed: 0 });
  });

  it('with dangling=false takes names too, but nothing that a container uses', async () => {
    const used = await anImage(1, { tags: ['used'] });
    const above = await anImage(2, { parent: used.id, tags: ['above', 'above:2'] });
    store.users = [{ containerId, imageId: used.id, running: false, layerIds: used.layerIds }];
    const planned = await store.images.prune({ dryRun: true, filters: { dangling: ['false'] } });
    expect(await images()).to.have.length(2);

    const report = await prune({ dangling: ['false'] });

    const names = [{ Untagged: 'above:2' }, { Untagged: 'above:latest' }];
    expect(planned.ImagesDeleted).to.deep.equal([...names, { Deleted: above.id }]);
    expect(report.ImagesDeleted).to.deep.equal([
      ...names,
      { Deleted: above.id },
      { Deleted: `sha256:${above.layerIds[0]}` },
    ]);
    expect(await images()).to.deep.equal([used.id]);
  });

  it('chooses by age and label, and refuses other filters', async () => {
    const old = await anImage(1, { config: { Labels: { team: 'a' } } });
    const young = await anImage(2, { config: { Labels: { team: 'b', keep: '' } } });
    const deleted = async (filters: Record<string, string[]>): Promise<(string | undefined)[]> =>
      ((await store.images.prune({ dryRun: true, filters })).ImagesDeleted ?? []).map((item) => item.Deleted);

    expect(await deleted({ until: ['2024-05-01T12:00:00Z'] })).to.deep.equal([old.id]);
    expect(await deleted({ label: ['team=b'] })).to.deep.equal([young.id]);
    expect(await deleted({ 'label!': ['keep'] })).to.deep.equal([old.id]);
    expect((await failure(prune({ before: ['x'] }))).message).to.equal("invalid filter 'before'");
    expect((await failure(prune({ until: ['1h', '2h'] }))).message).to.equal(
      'more than one until filter specified',
    );
  });

  it('is one at a time', async () => {
    mkdirSync(store.paths.locks, { recursive: true });
    using _lock = tryLock(join(store.paths.locks, 'prune-images'));

    expect((await failure(prune())).message).to.equal('a prune operation is already running');
  });

  describe('of what interrupted commands left', () => {
    /** A commit that was killed between the layer and its image. Gives the layer's ID. */
    async function killedCommit(
      parent: string,
      seed: number,
      whileItStands?: () => Promise<void>,
    ): Promise<string> {
      const entry = join(import.meta.dirname, '../../../support/commit-child.ts');
      const child = spawn(process.execPath, [entry, store.root, parent, String(seed)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [id] = (await once(child.stdout, 'data')) as [Buffer];
      try {
        await whileItStands?.();
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      return id.toString();
    }

    it('takes the layer and the blob of a killed commit, and nothing while it runs', async () => {
      const kept = await anImage(1, { tags: ['kept'] });
      const before = blobs.list().length;
      const orphan = await killedCommit(kept.id, 2, async () => {
        expect(await prune()).to.deep.equal({ ImagesDeleted: null, SpaceReclaimed: 0 });
      });
      expect(layers()).to.include(orphan);
      const size = (await store.layers.get(orphan))!.size;

      const report = await prune();

      expect(report.ImagesDeleted).to.deep.equal([{ Deleted: `sha256:${orphan}` }]);
      expect(report.SpaceReclaimed).to.be.greaterThan(size);
      expect(layers()).to.deep.equal(kept.layerIds);
      expect(readdirSync(store.paths.trash)).to.deep.equal([]);
      expect(blobs.list()).to.have.length(before);
      expect((await anImage(2, { parent: kept.id })).layerIds[0]).to.equal(orphan);
    });

    it('takes finished and unfinished blobs of a pull that nobody went on with', async () => {
      await anImage(1, { tags: ['kept'] });
      const before = blobs.list().length;
      blobs.put(Buffer.from('a layer'));
      mkdirSync(store.paths.ingest, { recursive: true });
      writeFileSync(join(store.paths.ingest, `sha256-${'a'.repeat(64)}.part`), 'half');

      expect(await store.images.prune({ dryRun: true })).to.deep.equal({
        ImagesDeleted: null,
        SpaceReclaimed: 11,
      });
      expect(blobs.list()).to.have.length(before + 1);
      expect((await prune({ until: ['1h'] })).SpaceReclaimed, 'only images have an age').to.equal(0);
      expect((await prune()).SpaceReclaimed).to.equal(11);

      expect(blobs.list()).to.have.length(before);
      expect(readdirSync(store.paths.ingest)).to.deep.equal([]);
    });

    it('takes the temporaries of killed writers', async () => {
      await anImage(1, { tags: ['kept'] });
      const temporary = `.x.${2 ** 22 + 1}.1.tmp`;
      const { oci, imageState, leases } = store.paths;
      const folders = [oci, join(oci, 'blobs/sha256'), imageState, join(imageState, 'build-cache'), leases];
      for (const folder of folders) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, temporary), '');
      }

      await store.images.prune({ dryRun: true });
      for (const folder of folders) expect(readdirSync(folder), folder).to.include(temporary);
      await prune();
      for (const folder of folders) expect(readdirSync(folder), folder).not.to.include(temporary);
    });

    it('leaves what a lease names, what is young, and layers while a container cannot be read', async () => {
      const base = await anImage(1, { tags: ['base'] });
      const orphan = await killedCommit(base.id, 2);
      const digest = blobs.put(Buffer.from('a layer'));
      const lease = await openLease(store.paths, { blobs: [digest], layers: [orphan] });
      expect((await removeUnneeded(store.deps)).layers).to.deep.equal([]);
      expect(blobs.sizeOf(digest)).to.equal(7);
      lease.release();

      store.now = Date.now() + dayMs;
      expect((await removeUnneeded(store.deps, { olderThanMs: 2 * dayMs })).bytes).to.equal(0);

      await store.layers.createScratch(containerId, { parents: [orphan, ...base.layerIds] });
      expect(await removeUnneeded(store.deps)).to.deep.include({ layers: [] });
      store.users = [{ containerId, imageId: base.id, running: false, layerIds: [orphan, ...base.layerIds] }];
      expect(await removeUnneeded(store.deps)).to.deep.include({ layers: [] });
      store.users = [];
      await store.layers.removeScratch(containerId);

      expect(await removeUnneeded(store.deps, { olderThanMs: dayMs / 2 })).to.deep.include({
        layers: [orphan],
      });
    });

    it('keeps the layers below a young one', async () => {
      const base = await anImage(1, { tags: ['base'] });
      const lower = await killedCommit(base.id, 2);
      const old = new Date(Date.now() - 10 * dayMs);
      const apply = await store.layers.openApply(undefined, { parents: [lower, ...base.layerIds] });
      await apply.write(layerTar(3));
      const { id: upper } = await apply.commit();
      utimesSync(join(store.paths.windowsfilter, lower), old, old);
      store.now = Date.now();

      expect((await removeUnneeded(store.deps, { olderThanMs: dayMs })).layers).to.deep.equal([]);
      expect((await removeUnneeded(store.deps)).layers).to.deep.equal([upper, lower]);
    });
  });
});

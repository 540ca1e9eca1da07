import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import type { CommittedImage } from '../../../../src/engine/local/images/commit.ts';
import { resolveImage } from '../../../../src/engine/local/images/resolve.ts';
import { digestHex } from '../../../../src/image/digest.ts';
import { randomImage } from '../../../../src/image/random.ts';
import { Readable } from 'node:stream';
import { ImageStore, failure } from '../../../support/image-store.ts';

const created = '2024-05-06T07:08:09.123456789Z';

describe('images on the local stores', () => {
  let store: ImageStore;
  const base = randomImage({ seed: 1, layers: 1 });

  beforeEach(() => {
    store = new ImageStore();
  });

  afterEach(() => store[Symbol.dispose]());

  /** A base image without a registry. */
  async function aBase(tags: string[] = ['base:1'], seed = 1): Promise<CommittedImage> {
    const { layers } = randomImage({ seed, layers: 1 });
    return commitImage(store.deps, {
      platform: { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.2402' },
      layer: Readable.from([layers[0]!.tar]),
      config: { Cmd: ['cmd'], Env: ['A=b'], Labels: { team: 'a' }, ExposedPorts: { '80/tcp': {} } },
      history: { createdBy: 'Apply image 10.0.20348.2402', created, comment: 'made here' },
      tags,
    });
  }

  function anImage(
    parent: string,
    seed: number,
    options: { tags?: string[]; created?: string; labels?: Record<string, string> } = {},
  ): Promise<CommittedImage> {
    const { layers } = randomImage({ seed, layers: 1 });
    return commitImage(store.deps, {
      parent,
      layer: Readable.from([layers[0]!.tar.subarray(0, 700), layers[0]!.tar.subarray(700)]),
      history: {
        createdBy: `RUN ${seed}`,
        ...(options.created === undefined ? {} : { created: options.created }),
      },
      ...(options.labels === undefined ? {} : { config: { Labels: options.labels } }),
      tags: options.tags ?? [],
    });
  }

  const images = (): Promise<string[]> =>
    store.images.list({ all: true }).then((list) => list.map((one) => one.Id).sort());

  describe('commitImage', () => {
    it('puts a layer on its parent, in both stores', async () => {
      const parent = await aBase();
      const { layers } = randomImage({ seed: 2, layers: 1 });

      const made = await anImage(parent.id, 2, { tags: ['app'] });

      expect(made.layer?.diffId).to.equal(layers[0]!.diffId);
      expect(made.layerIds).to.deep.equal([made.layer?.id, ...parent.layerIds]);
      expect(made.repoTags).to.deep.equal(['app:latest']);
      expect(made.config['os.version']).to.equal('10.0.20348.2402');
      expect(made.config.config?.Cmd).to.deep.equal(['cmd']);
      expect(made.config.history?.at(-1)).to.deep.equal({
        created: '2024-06-01T12:00:00.000Z',
        created_by: 'RUN 2',
      });
      expect((await store.layers.get(made.layerIds[0]!))?.parents).to.deep.equal(parent.layerIds);
      const blob = readFileSync(join(store.paths.oci, 'blobs/sha256', digestHex(made.layer!.digest)));
      expect(blob.subarray(0, 8).toString('hex')).to.equal('1f8b080000000000');
      expect(blob[9]).to.equal(255);
      expect(readdirSync(store.paths.ingest)).to.deep.equal([]);
      expect(readdirSync(store.paths.leases)).to.deep.equal([]);
    });

    it('gives the same bytes for the same input', async () => {
      const parent = await aBase();
      const one = await anImage(parent.id, 2);
      store.now += 1000;
      const two = await anImage(parent.id, 2);
      const three = await anImage(parent.id, 2, { created: '2024-06-01T12:00:01.000Z' });

      expect(two.layer?.digest).to.equal(one.layer?.digest);
      expect(two.id).to.not.equal(one.id);
      expect(three.id).to.equal(two.id);
      expect(three.manifestDigest).to.equal(two.manifestDigest);
    });

    it('changes configuration only when there is no layer', async () => {
      const parent = await aBase();

      const made = await commitImage(store.deps, {
        parent: parent.id,
        config: { Env: ['X=1'] },
        history: { createdBy: 'ENV X=1' },
      });

      expect(made.layer).to.equal(undefined);
      expect(made.layerIds).to.deep.equal(parent.layerIds);
      expect(made.config.history?.at(-1)).to.include({ created_by: 'ENV X=1', empty_layer: true });
      expect((await store.images.inspect(made.id)).Parent).to.equal(parent.id);
    });

    it('leaves nothing when the tar breaks', async () => {
      const parent = await aBase();
      const before = await contents();
      const broken = new Readable({ read() {} });
      broken.push(base.layers[0]!.tar.subarray(0, 2000));
      setImmediate(() => broken.destroy(new Error('the diff broke')));

      const error = await failure(
        commitImage(store.deps, {
          parent: parent.id,
          layer: broken,
          history: { createdBy: 'x' },
          tags: ['x'],
        }),
      );

      expect(error.message).to.equal('the diff broke');
      expect(await contents()).to.deep.equal(before);
    });

    it('leaves nothing when the tar is refused', async () => {
      const parent = await aBase();
      const before = await contents();
      const evil = Buffer.from(base.layers[0]!.tar);
      evil.write('Files/../../evil', 512, 'latin1');

      await failure(
        commitImage(store.deps, {
          parent: parent.id,
          layer: Readable.from([evil]),
          history: { createdBy: 'x' },
        }),
      );

      expect(await contents()).to.deep.equal(before);
    });

    it('ends when cancelled', async () => {
      const parent = await aBase();
      const before = await contents();
      const abort = new AbortController();
      const endless = new Readable({ read() {} });
      endless.push(base.layers[0]!.tar.subarray(0, 2000));
      setImmediate(() => {
        abort.abort(new Error('stop'));
        endless.push(Buffer.alloc(10));
      });

      const error = await failure(
        commitImage(store.deps, {
          parent: parent.id,
          layer: endless,
          history: { createdBy: 'x' },
          signal: abort.signal,
        }),
      );

      expect(error.message).to.equal('stop');
      expect(await contents()).to.deep.equal(before);
    });

    it('removes what a killed commit left, and nothing of one that runs', async () => {
      const parent = await aBase();
      const writer = join(import.meta.dirname, '../../../../src/engine/local/images/blob-writer.ts');
      const script =
        `import { Readable } from 'node:stream'; import { BlobWriter } from ${JSON.stringify(writer)};` +
        `await BlobWriter.open({ ingest: ${JSON.stringify(store.paths.ingest)} }, new Readable());` +
        `process.stdout.write('open'); setInterval(() => undefined, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await anImage(parent.id, 2);
      expect(readdirSync(store.paths.ingest)).to.have.length(1);

      child.kill('SIGKILL');
      await once(child, 'exit');
      await anImage(parent.id, 3);

      expect(readdirSync(store.paths.ingest)).to.deep.equal([]);
    });

    it('refuses bad names and unknown parents before any work', async () => {
      expect(await failure(aBase(['Bad']))).to.include({ kind: 'invalid' });
      expect(await failure(anImage(`sha256:${'0'.repeat(64)}`, 2))).to.include({ code: 'IMAGE_NOT_FOUND' });
      const unread = new Readable({ read() {} });
      const request = { parent: 'nothing', layer: unread, history: { createdBy: 'x' } };
      expect(await failure(commitImage(store.deps, request))).to.include({ code: 'IMAGE_NOT_FOUND' });
      expect(unread.destroyed).to.equal(true);
      expect(await images()).to.deep.equal([]);
    });
  });

  /** Every file of the stores that should not change. */
  async function contents(): Promise<string[]> {
    return ['ingest', 'leases', 'windowsfilter', 'oci/blobs/sha256', 'images'].flatMap((folder) => {
      try {
        return readdirSync(join(store.root, folder)).map((name) => `${folder}/${name}`);
      } catch {
        return [];
      }
    });
  }

  describe('look-up', () => {
    it('goes by reference, full ID and unique prefix', async () => {
      const { id } = await aBase(['base:1', 'reg.example:5000/base']);
      const hex = digestHex(id);

      for (const name of [
        'base:1',
        'docker.io/library/base:1',
        'reg.example:5000/base',
        'reg.example:5000/base:latest',
        id,
        hex,
        hex.slice(0, 12),
        `sha256:${hex.slice(0, 5)}`,
      ]) {
        expect((await resolveImage(store.deps, name)).id, name).to.equal(id);
      }
    });

    it('says what it did not find as Docker does', async () => {
      await aBase();
      const cases: readonly [string, string, string][] = [
        ['nope', 'notFound', 'No such image: nope:latest'],
        ['docker.io/acme/app:2', 'notFound', 'No such image: acme/app:2'],
        ['ffff00', 'notFound', 'No such image: ffff00:latest'],
        [`sha256:${'0'.repeat(64)}`, 'notFound', `No such image: sha256:${'0'.repeat(64)}`],
        ['Nope', 'invalid', 'invalid reference format: repository name (library/Nope) must be lowercase'],
      ];
      for (const [name, kind, message] of cases) {
        expect(await failure(resolveImage(store.deps, name)), name).to.include({ kind, message });
      }
    });

    it('prefers a name to an ID prefix', async () => {
      const first = await aBase();
      const named = await anImage(first.id, 2, { tags: [digestHex(first.id).slice(0, 6)] });

      expect((await resolveImage(store.deps, digestHex(first.id).slice(0, 6))).id).to.equal(named.id);
    });
  });

  describe('tag', () => {
    it('gives a name, takes it from another image, notes the time', async () => {
      const one = await aBase();
      const two = await anImage(one.id, 2, { tags: ['x'] });
      store.now = Date.parse('2025-01-02T03:04:05.678Z');

      await store.images.tag('base:1', 'docker.io/library/x');

      expect((await store.images.inspect('x')).Id).to.equal(one.id);
      expect((await store.images.inspect('x')).Metadata.LastTagTime).to.equal('2025-01-02T03:04:05.678Z');
      expect((await store.images.inspect(two.id)).RepoTags).to.deep.equal([]);
      expect(store.events.at(-1)).to.deep.equal({
        action: 'tag',
        id: one.id,
        attributes: { name: 'x:latest' },
      });
    });

    it('refuses what is no name', async () => {
      await aBase();

      expect(await failure(store.images.tag('base:1', 'X'))).to.include({
        kind: 'invalid',
        message: 'invalid reference format: repository name (library/X) must be lowercase',
      });
      expect(await failure(store.images.tag('nope', 'x'))).to.include({
        kind: 'notFound',
        message: 'No such image: nope:latest',
      });
    });
  });

  describe('inspect', () => {
    it('prints Docker’s document in Docker’s order', async () => {
      const made = await aBase(['base:1', 'acme/base:2']);

      const document = await store.images.inspect('base:1');

      expect(JSON.stringify(document)).to.equal(
        JSON.stringify({
          Id: made.id,
          RepoTags: ['acme/base:2', 'base:1'],
          RepoDigests: [],
          Parent: '',
          Comment: 'made here',
          Created: created,
          DockerVersion: '',
          Author: '',
          Config: {
            User: '',
            ExposedPorts: { '80/tcp': {} },
            Env: ['A=b'],
            Entrypoint: null,
            Cmd: ['cmd'],
            Volumes: null,
            WorkingDir: '',
            Labels: { team: 'a' },
            OnBuild: null,
          },
          Architecture: 'amd64',
          Os: 'windows',
          OsVersion: '10.0.20348.2402',
          Size: 6000,
          GraphDriver: {
            Data: { dir: join(store.paths.windowsfilter, made.layerIds[0]!) },
            Name: 'windowsfilter',
          },
          RootFS: { Type: 'layers', Layers: [base.layers[0]!.diffId] },
          Metadata: { LastTagTime: '2024-06-01T12:00:00.000Z' },
        }),
      );
    });

    it('checks a platform that was asked for', async () => {
      await aBase();

      await store.images.inspect('base:1', { platform: 'windows/amd64' });
      expect(await failure(store.images.inspect('base:1', { platform: 'linux/arm64' }))).to.include({
        kind: 'notFound',
        message:
          'image with reference base:1 was found but its platform (windows/amd64) does not match the specified platform (linux/arm64)',
      });
    });
  });

  describe('history', () => {
    it('shows parents that are here by their IDs, and sizes of filled layers', async () => {
      const one = await aBase();
      const two = await commitImage(store.deps, {
        parent: one.id,
        history: { createdBy: 'ENV X=1', created: '2024-05-07T00:00:00Z' },
      });
      const three = await anImage(two.id, 3, { tags: ['top'], created: '2024-05-08T00:00:00Z' });

      expect(await store.images.history('top')).to.deep.equal([
        {
          Id: three.id,
          Created: 1715126400,
          CreatedBy: 'RUN 3',
          Tags: ['top:latest'],
          Size: 6000,
          Comment: '',
        },
        { Id: two.id, Created: 1715040000, CreatedBy: 'ENV X=1', Tags: null, Size: 0, Comment: '' },
        {
          Id: one.id,
          Created: 1714979289,
          CreatedBy: 'Apply image 10.0.20348.2402',
          Tags: ['base:1'],
          Size: 6000,
          Comment: 'made here',
        },
      ]);
    });
  });

  describe('list', () => {
    let one: CommittedImage;
    let two: CommittedImage;
    let three: CommittedImage;

    beforeEach(async () => {
      one = await aBase(['base:1', 'reg.example/team/base:1']);
      two = await anImage(one.id, 2, { created: '2024-05-07T00:00:00Z' });
      three = await anImage(two.id, 3, {
        created: '2024-05-08T00:00:00Z',
        tags: ['app:dev'],
        labels: { team: 'b', note: '' },
      });
    });

    const names = async (filters?: Record<string, string[]>, all = false): Promise<string[]> => {
      const list = await store.images.list({ all, ...(filters === undefined ? {} : { filters }) });
      return list.map((image) => image.RepoTags.join(',') || digestHex(image.Id).slice(0, 6));
    };

    it('is newest first, without what is only built on', async () => {
      expect(await names()).to.deep.equal(['app:dev', 'base:1,reg.example/team/base:1']);
      expect(await names(undefined, true)).to.deep.equal([
        'app:dev',
        digestHex(two.id).slice(0, 6),
        'base:1,reg.example/team/base:1',
      ]);
      expect((await store.images.list())[0]).to.deep.equal({
        Containers: -1,
        Created: 1715126400,
        Id: three.id,
        Labels: { team: 'b', note: '' },
        ParentId: two.id,
        RepoDigests: [],
        RepoTags: ['app:dev'],
        SharedSize: -1,
        Size: 18_000,
      });
    });

    const cases: readonly [Record<string, string[]>, string[]][] = [
      [{ reference: ['app:*'] }, ['app:dev']],
      [{ reference: ['app'] }, ['app:dev']],
      [{ reference: ['base', 'app'] }, ['app:dev', 'base:1']],
      [{ reference: ['*/*/base'] }, ['reg.example/team/base:1']],
      [{ reference: ['ap[a-p]:d?v'] }, ['app:dev']],
      [{ reference: ['*'] }, ['app:dev', 'base:1']],
      [{ label: ['team'] }, ['app:dev', 'base:1,reg.example/team/base:1']],
      [{ label: ['team=b', 'note'] }, ['app:dev']],
      [{ before: ['app:dev'] }, ['base:1,reg.example/team/base:1']],
      [{ since: ['base:1'] }, ['app:dev']],
      [{ until: ['2024-05-07'] }, ['base:1,reg.example/team/base:1']],
      [{ until: ['1714979290'] }, ['base:1,reg.example/team/base:1']],
      [{ until: ['600h'] }, ['base:1,reg.example/team/base:1']],
      [{ dangling: ['false'] }, ['app:dev', 'base:1,reg.example/team/base:1']],
      [{ dangling: ['true'] }, []],
    ];
    for (const [filters, expected] of cases) {
      it(`filters by ${JSON.stringify(filters)}`, async () => {
        expect(await names(filters)).to.deep.equal(expected);
      });
    }

    it('shows what lost its name as dangling', async () => {
      await store.images.tag('base:1', 'app:dev');

      expect(await names({ dangling: ['true'] })).to.deep.equal([digestHex(three.id).slice(0, 6)]);
    });

    const bad: readonly [Record<string, string[]>, string, string][] = [
      [{ bogus: ['x'] }, 'invalid', "invalid filter 'bogus'"],
      [{ dangling: ['maybe'] }, 'invalid', "invalid filter 'dangling=maybe'"],
      [{ reference: ['[a'] }, 'invalid', 'syntax error in pattern'],
      [{ since: ['nope'] }, 'notFound', 'No such image: nope:latest'],
      [{ until: ['soon'] }, 'invalid', "invalid filter 'until=soon'"],
    ];
    for (const [filters, kind, message] of bad) {
      it(`refuses ${JSON.stringify(filters)}`, async () => {
        expect(await failure(store.images.list({ filters }))).to.include({ kind, message });
      });
    }
  });

  describe('remove', () => {
    const user = (
      imageId: string,
      running: boolean,
      layerIds: readonly string[] = [],
    ): (typeof store.users)[number] => ({
      containerId: '4e5021d210f6'.padEnd(64, '0'),
      imageId,
      running,
      layerIds,
    });

    it('untags, deletes the image and its layers, and its blobs', async () => {
      const { id, layerIds } = await aBase();

      expect(await store.images.remove('base:1')).to.deep.equal([
        { Untagged: 'base:1' },
        { Deleted: id },
        { Deleted: `sha256:${layerIds[0]}` },
      ]);

      expect(await images()).to.deep.equal([]);
      expect(readdirSync(join(store.paths.oci, 'blobs/sha256'))).to.deep.equal([]);
      expect(readdirSync(store.paths.windowsfilter)).to.deep.equal([]);
      expect(JSON.parse(readFileSync(join(store.paths.oci, 'index.json'), 'utf8'))).to.deep.include({
        manifests: [],
      });
      expect(store.events.slice(-2).map((event) => event.action)).to.deep.equal(['untag', 'delete']);
    });

    it('only untags while there are other names', async () => {
      const { id } = await aBase(['base:1', 'other:2']);

      expect(await store.images.remove('base:1')).to.deep.equal([{ Untagged: 'base:1' }]);
      expect(await images()).to.deep.equal([id]);
    });

    it('keeps layers that others stand on', async () => {
      const one = await aBase();
      const two = await anImage(one.id, 2, { tags: ['two'] });
      const three = await anImage(one.id, 3, { tags: ['three'] });

      const removed = await store.images.remove('two');

      expect(removed).to.deep.equal([
        { Untagged: 'two:latest' },
        { Deleted: two.id },
        { Deleted: `sha256:${two.layerIds[0]}` },
      ]);
      expect(await store.layers.get(one.layerIds[0]!)).to.not.equal(undefined);
      expect((await resolveImage(store.deps, 'three')).id).to.equal(three.id);
    });

    it('takes parents without a name along, unless told not to', async () => {
      const one = await aBase();
      const two = await anImage(one.id, 2);
      const three = await anImage(two.id, 3, { tags: ['top'] });

      const removed = await store.images.remove('top');

      expect(removed.filter((item) => item.Deleted !== undefined).map((item) => item.Deleted)).to.deep.equal([
        three.id,
        `sha256:${three.layerIds[0]}`,
        two.id,
        `sha256:${two.layerIds[0]}`,
      ]);
      expect(await images()).to.deep.equal([one.id]);

      const four = await anImage((await anImage(one.id, 2)).id, 4, { tags: ['top'] });
      await store.images.remove('top', { noPrune: true });
      expect(await images()).to.have.length(2);
      expect(await images()).to.not.include(four.id);
    });

    it('by ID removes the single name with it, and refuses several', async () => {
      const one = await aBase(['base:1']);
      expect(
        (await store.images.remove(digestHex(one.id).slice(0, 12))).map((item) => Object.keys(item)[0]),
      ).to.deep.equal(['Untagged', 'Deleted', 'Deleted']);

      const two = await aBase(['a:1', 'b:1']);
      expect(await failure(store.images.remove(two.id))).to.include({
        kind: 'conflict',
        message: `conflict: unable to delete ${digestHex(two.id).slice(0, 12)} (must be forced) - image is referenced in multiple repositories`,
      });
      expect(
        (await store.images.remove(two.id, { force: true })).map((item) => Object.keys(item)[0]),
      ).to.deep.equal(['Untagged', 'Untagged', 'Deleted', 'Deleted']);
    });

    it('refuses while children stand on it', async () => {
      const one = await aBase();
      await anImage(one.id, 2, { tags: ['two'] });

      expect(await failure(store.images.remove(one.id, { force: true }))).to.include({
        message: `conflict: unable to delete ${digestHex(one.id).slice(0, 12)} (cannot be forced) - image has dependent child images`,
      });
      expect(await store.images.remove('base:1')).to.deep.equal([{ Untagged: 'base:1' }]);
    });

    it('refuses what containers use, in Docker’s words', async () => {
      const one = await aBase(['app']);
      const short = digestHex(one.id).slice(0, 12);
      store.users = [user(one.id, true, one.layerIds)];
      expect(await failure(store.images.remove('app'))).to.include({
        kind: 'conflict',
        message: `conflict: unable to remove repository reference "app" (must force) - container 4e5021d210f6 is using its referenced image ${short}`,
      });
      expect(await failure(store.images.remove(one.id))).to.include({
        message: `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container 4e5021d210f6`,
      });
      store.users = [user(one.id, false, one.layerIds)];
      expect(await failure(store.images.remove(short))).to.include({
        message: `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container 4e5021d210f6`,
      });
      expect(await images()).to.deep.equal([one.id]);
    });

    it('with force leaves the layers to a stopped container, and only untags under a running one', async () => {
      const one = await aBase(['app']);
      store.users = [user(one.id, true, one.layerIds)];
      expect(await store.images.remove('app', { force: true })).to.deep.equal([{ Untagged: 'app:latest' }]);
      expect(await images()).to.deep.equal([one.id]);

      store.users = [user(one.id, false, one.layerIds)];
      expect(await store.images.remove(one.id, { force: true })).to.deep.equal([{ Deleted: one.id }]);
      expect(await store.layers.get(one.layerIds[0]!)).to.not.equal(undefined);
    });

    it('of nothing is an error, and changes nothing', async () => {
      expect(await failure(store.images.remove('nope'))).to.include({
        kind: 'notFound',
        message: 'No such image: nope:latest',
      });
    });
  });
});

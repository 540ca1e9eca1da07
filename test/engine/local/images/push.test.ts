import { expect } from 'chai';
import { Readable } from 'node:stream';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import { digestHex } from '../../../../src/image/digest.ts';
import { mediaTypes } from '../../../../src/image/media-types.ts';
import { randomImage } from '../../../../src/image/random.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';
import { ScriptedRegistry, digestOf, replyError } from '../../../support/scripted-registry.ts';

describe('images.push', () => {
  let registry: ScriptedRegistry;
  let store: ImageStore;
  const image = randomImage({ seed: 11, layers: 2 });
  const ids = image.layers.map((layer) => digestHex(layer.diffId).slice(0, 12));

  const name = (path = 'acme/app:1'): string => `${registry.address}/${path}`;

  beforeEach(async () => {
    registry = await ScriptedRegistry.start();
    store = new ImageStore();
  });

  afterEach(async () => {
    store[Symbol.dispose]();
    await registry.stop();
  });

  async function pulled(): Promise<void> {
    registry.addImage('acme/app', '1', image);
    await store.pull(name());
    registry.requests.length = 0;
  }

  it('prints what Docker prints, top layer first', async () => {
    await pulled();
    await store.images.tag(name(), name('acme/copy:2'));
    registry.blobs.clear();

    const lines = await store.push(name('acme/copy:2'));

    expect(lines[0]).to.equal(`The push refers to repository [${registry.address}/acme/copy]`);
    expect(lines.slice(1, 3)).to.deep.equal([`${ids[1]}: Preparing`, `${ids[0]}: Preparing`]);
    expect(lines.slice(3, 5).sort()).to.deep.equal([`${ids[0]}: Pushed`, `${ids[1]}: Pushed`].sort());
    expect(lines.slice(5)).to.deep.equal([
      `2: digest: ${image.manifestDigest} size: ${image.manifest.length}`,
    ]);
    expect(store.messages.at(-1)).to.deep.equal({
      progressDetail: {},
      aux: { Tag: '2', Digest: image.manifestDigest, Size: image.manifest.length },
    });
    expect(registry.manifests.get('acme/copy:2')?.bytes.equals(image.manifest)).to.equal(true);
    expect((await store.images.inspect(name('acme/copy:2'))).RepoDigests).to.include(
      `${registry.address}/acme/copy@${image.manifestDigest}`,
    );
    expect(store.events.at(-1)?.action).to.equal('push');
  });

  it('sends nothing that the registry has', async () => {
    await pulled();

    const lines = await store.push(name());

    expect(lines.filter((line) => line.endsWith('Layer already exists'))).to.have.length(2);
    expect(registry.log((request) => request.method !== 'HEAD')).to.deep.equal([
      'PUT /v2/acme/app/manifests/1',
    ]);
  });

  it('mounts layers from repositories where they were seen', async () => {
    await pulled();
    await store.images.tag(name(), name('other/app:1'));

    const lines = await store.push(name('other/app:1'));

    expect(lines.filter((line) => line.includes('Mounted'))).to.have.members(
      ids.map((id) => `${id}: Mounted from acme/app`),
    );
    expect(registry.log((request) => request.method === 'PUT')).to.deep.equal([
      'PUT /v2/other/app/manifests/1',
    ]);
  });

  it('pushes what was made here, and another engine pulls the same image', async () => {
    const { layers } = randomImage({ seed: 5, layers: 1 });
    const made = await commitImage(store.deps, {
      platform: { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.2402' },
      layer: Readable.from([layers[0]!.tar]),
      history: { createdBy: 'x' },
      tags: [name('acme/made:1')],
    });

    await store.push(name('acme/made:1'));
    const other = new ImageStore();
    await other.pull(name('acme/made:1'));

    expect((await other.images.inspect(name('acme/made:1'))).Id).to.equal(made.id);
    other[Symbol.dispose]();
  });

  it('pushes all tags of a repository', async () => {
    await pulled();
    await store.images.tag(name(), name('acme/app:2'));

    const lines = await store.push(name('acme/app'), { allTags: true });

    expect(lines.filter((line) => line.includes(': digest: '))).to.deep.equal([
      `1: digest: ${image.manifestDigest} size: ${image.manifest.length}`,
      `2: digest: ${image.manifestDigest} size: ${image.manifest.length}`,
    ]);
  });

  it('says in Docker’s words what it cannot push', async () => {
    await pulled();
    const cases: readonly [string, object, string][] = [
      ['acme/nope', {}, 'An image does not exist locally with the tag: acme/nope'],
      [name('acme/app:9'), {}, `tag does not exist: ${name('acme/app:9')}`],
      [
        `${name('acme/app')}@${image.manifestDigest}`.replace(':1@', '@'),
        {},
        'cannot push a digest reference',
      ],
      ['Bad', {}, 'invalid reference format: repository name (library/Bad) must be lowercase'],
    ];
    for (const [reference, options, message] of cases) {
      expect(await failure(store.images.push(reference, options)), reference).to.include({ message });
    }
    await store.images.remove(name(), { force: true });
    await store.pull(`${name('acme/app')}@${image.manifestDigest}`);
    expect(await failure(store.images.push(name('acme/app'), { allTags: true }))).to.include({
      message: `no tags to push for ${name('acme/app')}`,
    });
  });

  it('stops all layers at the first refusal', async () => {
    await pulled();
    registry.blobs.clear();
    registry.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      replyError(response, 403, 'DENIED', 'requested access to the resource is denied');
      return true;
    };

    const error = await failure(store.images.push(name()));

    expect(error).to.include({
      message: 'denied: requested access to the resource is denied',
      kind: 'forbidden',
    });
    expect(registry.log((request) => request.method === 'PUT')).to.deep.equal([]);
  });

  it('turns foreign layers into ordinary ones', async () => {
    const type = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifest,
        config: { mediaType: mediaTypes.dockerConfig, digest: image.configDigest, size: image.config.length },
        layers: image.layers.map((layer) => ({
          ...layer.descriptor,
          mediaType: type,
          urls: ['https://192.0.2.1/x'],
        })),
      }),
    );
    registry.addImage('acme/app', '1', image);
    registry.addManifest('acme/app', '1', manifest, mediaTypes.dockerManifest);
    await store.pull(name());
    await store.images.tag(name(), name('new/app:1'));

    await store.push(name('new/app:1'));

    const pushed = registry.manifests.get('new/app:1')!.bytes;
    const { layers } = JSON.parse(pushed.toString()) as { layers: { mediaType: string; urls?: string[] }[] };
    expect(layers.map((layer) => layer.mediaType)).to.deep.equal([
      mediaTypes.dockerLayerGzip,
      mediaTypes.dockerLayerGzip,
    ]);
    expect(layers.every((layer) => layer.urls === undefined)).to.equal(true);
    expect(digestOf(pushed)).to.not.equal(digestOf(manifest));
  });

  it('says which content is missing here', async () => {
    await pulled();
    const { BlobStore } = await import('../../../../src/content/blobs.ts');
    new BlobStore(store.paths).remove(image.layers[1]!.descriptor.digest);
    expect((await store.push(name())).at(-1)).to.match(/^1: digest: /);

    registry.blobs.clear();
    expect(await failure(store.images.push(name()))).to.include({
      code: 'BLOB_MISSING',
      message: `content digest ${image.layers[1]!.descriptor.digest}: not found`,
    });
  });

  it('ends when cancelled', async () => {
    await pulled();
    registry.blobs.clear();
    const abort = new AbortController();
    registry.intercept = (request) => {
      if (request.method !== 'POST') return false;
      abort.abort();
      return true;
    };

    expect(await failure(store.images.push(name(), { signal: abort.signal }))).to.include({
      kind: 'cancelled',
    });
  });
});

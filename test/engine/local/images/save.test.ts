import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { digestHex } from '../../../../src/image/digest.ts';
import { mediaTypes } from '../../../../src/image/media-types.ts';
import { randomImage } from '../../../../src/image/random.ts';
import type { RandomImage } from '../../../../src/image/random.ts';
import { BlobStore } from '../../../../src/content/blobs.ts';
import { leasedContent } from '../../../../src/content/leases.ts';
import { membersOf, ociManifestOf } from '../../../support/image-archive.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';
import { ScriptedRegistry } from '../../../support/scripted-registry.ts';

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('images.save', () => {
  let registry: ScriptedRegistry;
  let store: ImageStore;
  const image = randomImage({ seed: 21, layers: 2 });
  const other = randomImage({ seed: 22, layers: 1, oci: true });

  beforeEach(async () => {
    registry = await ScriptedRegistry.start();
    store = new ImageStore();
    await pull(image, 'app', '1');
  });

  afterEach(async () => {
    store[Symbol.dispose]();
    await registry.stop();
  });

  async function pull(what: RandomImage, repository: string, tag: string): Promise<void> {
    registry.addImage(`acme/${repository}`, tag, what);
    await store.pull(`${registry.address}/acme/${repository}:${tag}`);
    await store.images.tag(`${registry.address}/acme/${repository}:${tag}`, `acme/${repository}:${tag}`);
  }

  const save = async (...names: string[]): Promise<Buffer> => bytesOf(await store.images.save(names));
  const parsed = (members: Map<string, Buffer>, name: string): unknown =>
    JSON.parse(members.get(name)!.toString('utf8'));

  it('writes both layouts over the kept blobs, what says what is in it first', async () => {
    const members = membersOf(await save('acme/app:1'));

    const oci = ociManifestOf(image);
    const hexes = (...bytes: Buffer[]): string[] =>
      bytes.map((one) => `blobs/sha256/${createHash('sha256').update(one).digest('hex')}`).sort();
    const files = [...members.keys()].filter((name) => !name.endsWith('/'));
    expect(files).to.deep.equal([
      ...['oci-layout', 'index.json', 'manifest.json', 'repositories'],
      ...hexes(image.config, image.manifest, oci),
      ...hexes(...image.layers.map(({ blob }) => blob)),
    ]);
    const platform = { architecture: 'amd64', os: 'windows', 'os.version': '10.0.20348.2402' };
    expect(parsed(members, 'oci-layout')).to.deep.equal({ imageLayoutVersion: '1.0.0' });
    expect(parsed(members, 'index.json')).to.deep.equal({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [
        {
          mediaType: mediaTypes.ociManifest,
          digest: `sha256:${createHash('sha256').update(oci).digest('hex')}`,
          size: oci.length,
          annotations: {
            'io.containerd.image.name': 'docker.io/acme/app:1',
            'org.opencontainers.image.ref.name': '1',
            'io.porthole.manifest': image.manifestDigest,
          },
          platform,
        },
      ],
    });
    expect(parsed(members, 'manifest.json')).to.deep.equal([
      {
        Config: `blobs/sha256/${digestHex(image.configDigest)}`,
        RepoTags: ['acme/app:1'],
        Layers: image.layers.map(({ descriptor }) => `blobs/sha256/${digestHex(descriptor.digest)}`),
        LayerSources: Object.fromEntries(
          image.layers.map(({ diffId, descriptor }) => [
            diffId,
            { mediaType: mediaTypes.ociLayerGzip, size: descriptor.size, digest: descriptor.digest },
          ]),
        ),
      },
    ]);
    expect(parsed(members, 'repositories')).to.deep.equal({
      'acme/app': { 1: digestHex(image.layers.at(-1)!.descriptor.digest) },
    });
    expect(store.events.at(-1)).to.deep.equal({
      action: 'save',
      id: image.configDigest,
      attributes: { name: image.configDigest },
    });
  });

  it('lists a name that every object has properties of', async () => {
    await store.images.tag('acme/app:1', 'constructor:1');

    expect(parsed(membersOf(await save('constructor:1')), 'repositories')).to.deep.equal({
      constructor: { 1: digestHex(image.layers.at(-1)!.descriptor.digest) },
    });
  });

  it('gives the same bytes again, whatever was saved before or tagged elsewhere', async () => {
    const first = await save('acme/app:1');
    store.now += 86_400_000;
    await store.images.tag('acme/app:1', 'elsewhere:2');

    expect((await save('acme/app:1')).equals(first)).to.equal(true);
  });

  it('takes names, repositories, IDs and digests as Docker does', async () => {
    await store.images.tag('acme/app:1', 'acme/app:2');
    await pull(other, 'other', 'x');
    const tags = async (...names: string[]): Promise<unknown[]> =>
      (parsed(membersOf(await save(...names)), 'manifest.json') as { RepoTags: unknown }[]).map(
        ({ RepoTags }) => RepoTags,
      );
    const id = digestHex(image.configDigest);

    expect(await tags('acme/app')).to.deep.equal([['acme/app:1', 'acme/app:2']]);
    expect(await tags('acme/app:2')).to.deep.equal([['acme/app:2']]);
    expect(await tags('acme/app:2', 'acme/app:1', 'acme/app:2')).to.deep.equal([
      ['acme/app:2', 'acme/app:1'],
    ]);
    expect(await tags(id)).to.deep.equal([null]);
    expect(await tags(id.slice(0, 12))).to.deep.equal([null]);
    expect(await tags(`sha256:${id.slice(0, 20)}`)).to.deep.equal([null]);
    expect(await tags(`${registry.address}/acme/app@${image.manifestDigest}`)).to.deep.equal([null]);
    expect(await tags('acme/other:x', id)).to.deep.equal([['acme/other:x'], null]);
    expect([...membersOf(await save(id)).keys()]).not.to.include('repositories');
  });

  it('has shared layers once', async () => {
    const { commitImage } = await import('../../../../src/engine/local/images/commit.ts');
    const child = await commitImage(store.deps, {
      parent: image.configDigest,
      history: { createdBy: 'LABEL a=b' },
      tags: ['acme/child:1'],
    });
    const members = membersOf(await save('acme/app:1', 'acme/child:1'));

    const items = parsed(members, 'manifest.json') as { Layers: string[]; Parent?: string }[];
    expect(items[0]!.Layers).to.deep.equal(items[1]!.Layers);
    expect(items.map((item) => item.Parent)).to.deep.equal([undefined, image.configDigest]);
    expect(child.id).not.to.equal(image.configDigest);
    expect([...members.keys()].filter((name) => items[0]!.Layers.includes(name))).to.have.length(2);
  });

  const refusals: [string[], string, string][] = [
    [['nope:1'], 'notFound', 'reference does not exist'],
    [['nope'], 'notFound', 'No such image: nope:latest'],
    [['acme/app:1', 'nope:1'], 'notFound', 'reference does not exist'],
    [['App'], 'invalid', 'invalid reference format: repository name (library/App) must be lowercase'],
    [['f'.repeat(64)], 'notFound', `No such image: ${'f'.repeat(64)}`],
  ];
  for (const [names, kind, message] of refusals) {
    it(`refuses ${names.join(' ').slice(0, 30)}`, async () => {
      expect(await failure(store.images.save(names))).to.include({ kind, message });
      expect(leasedContent(store.paths).blobs.size).to.equal(0);
    });
  }

  it('saves for the platform of the image only', async () => {
    expect(
      (await bytesOf(await store.images.save(['acme/app:1'], { platform: 'windows/amd64' }))).length,
    ).to.be.greaterThan(1000);
    expect(await failure(store.images.save(['acme/app:1'], { platform: 'windows/arm64' }))).to.include({
      kind: 'notFound',
      message: 'no suitable export target found for platform windows/arm64',
    });
  });

  it('keeps the content until the stream has ended, also when it is given up', async () => {
    const stream = await store.images.save(['acme/app:1']);
    await store.images.remove('acme/app:1');
    await store.images.remove(`${registry.address}/acme/app:1`);
    expect(membersOf(await bytesOf(stream)).size).to.be.greaterThan(6);
    expect(leasedContent(store.paths).blobs.size).to.equal(0);

    await pull(image, 'app', '1');
    const given = await store.images.save(['acme/app:1']);
    given.destroy();
    await new Promise((resolve) => given.once('close', resolve));
    expect(leasedContent(store.paths).blobs.size).to.equal(0);
  });

  it('says what is missing before there is a stream, and ends when it is cancelled', async () => {
    const abort = new AbortController();
    const stream = await store.images.save(['acme/app:1'], { signal: abort.signal });
    abort.abort();
    expect(await failure(bytesOf(stream))).to.include({ kind: 'cancelled', message: 'context canceled' });

    unlinkSync(new BlobStore(store.paths).pathOf(image.layers[0]!.descriptor.digest));
    expect(await failure(store.images.save(['acme/app:1']))).to.include({
      code: 'BLOB_MISSING',
      hint: 'the image is not complete: pull or load it again',
    });
  });
});

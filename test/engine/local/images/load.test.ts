import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BlobStore } from '../../../../src/content/blobs.ts';
import { imagesLock } from '../../../../src/content/image-index.ts';
import { leasedContent } from '../../../../src/content/leases.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import { resolveImage } from '../../../../src/engine/local/images/resolve.ts';
import { requireUnpacked } from '../../../../src/engine/local/images/unpack.ts';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import { digestHex } from '../../../../src/image/digest.ts';
import { mediaTypes } from '../../../../src/image/media-types.ts';
import { randomImage } from '../../../../src/image/random.ts';
import { tryLock } from '../../../../src/state/lock.ts';
import type { Lock } from '../../../../src/state/lock.ts';
import type { RandomImage } from '../../../../src/image/random.ts';
import {
  archiveOf,
  blobMember,
  dockerArchive24,
  dockerArchive25,
  layoutDocuments,
  ociArchive,
  ociManifestOf,
  skopeoDockerArchive,
} from '../../../support/image-archive.ts';
import type { Member } from '../../../support/image-archive.ts';
import { compressBy } from '../../../support/compressors.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';
import type { ImageStoreOptions } from '../../../support/image-store.ts';
import { ScriptedRegistry } from '../../../support/scripted-registry.ts';

const image = randomImage({ seed: 31, layers: 2 });
const other = randomImage({ seed: 32, layers: 1, oci: true });

describe('images.load', () => {
  let store: ImageStore;

  const open = (options: ImageStoreOptions = {}): ImageStore => {
    store?.[Symbol.dispose]();
    return (store = new ImageStore(options));
  };
  beforeEach(() => void open());
  after(() => store[Symbol.dispose]());

  type LoadOptions = Parameters<ImageStore['images']['load']>[1];
  /** Gives the lines that a client prints. */
  async function load(
    archive: readonly Member[] | Buffer | Readable,
    options: LoadOptions = {},
  ): Promise<string> {
    const from = store.messages.length;
    const stream = archive instanceof Readable ? archive : Readable.from(pieces(bytesOf(archive)));
    await store.images.load(stream, { onProgress: (message) => store.messages.push(message), ...options });
    return store.messages
      .slice(from)
      .map((message) => message.stream ?? '')
      .join('');
  }

  const bytesOf = (archive: readonly Member[] | Buffer): Buffer =>
    Buffer.isBuffer(archive) ? archive : archiveOf(archive);
  function* pieces(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  }

  /** What there is in the data root, by name. */
  function traces(): string[] {
    const { oci, windowsfilter, ingest, leases } = store.paths;
    return [join(oci, 'blobs', 'sha256'), windowsfilter, ingest, leases].flatMap((folder) =>
      existsSync(folder) ? readdirSync(folder).sort() : [],
    );
  }

  const whole = async (name: string, of: RandomImage = image): Promise<void> => {
    const { Id, RootFS } = await store.images.inspect(name);
    expect([Id, RootFS.Layers]).to.deep.equal([of.configDigest, of.layers.map(({ diffId }) => diffId)]);
    for (const chain of of.chain) expect(await store.layers.get(digestHex(chain))).to.not.equal(undefined);
    expect(leasedContent(store.paths).blobs.size).to.equal(0);
    expect(readdirSync(store.paths.ingest)).to.deep.equal([]);
  };

  const tag = 'acme/app:1';
  const forms: [string, readonly Member[] | Buffer, string][] = [
    ['Docker up to 24', dockerArchive24(image, [tag]), tag],
    ['Docker 25 and newer', dockerArchive25(image, 'app:1'), 'app:1'],
    ['skopeo as docker-archive', skopeoDockerArchive(image, `docker.io/${tag}`), tag],
    ['skopeo as oci-archive', ociArchive(image, `docker.io/${tag}`), tag],
    ['buildah with a short name', ociArchive(image, tag), tag],
    [
      'names with ./ before them',
      ociArchive(image, tag).map((one) => ({ ...one, name: `./${one.name}` })),
      tag,
    ],
    ['absolute names', ociArchive(image, tag).map((one) => ({ ...one, name: `/${one.name}` })), tag],
    ['members in another order', [...ociArchive(image, tag)].reverse(), tag],
    ['gzip around it', gzipSync(archiveOf(ociArchive(image, tag))), tag],
    ['bzip2 around it', compressBy('bzip2', archiveOf(ociArchive(image, tag))), tag],
    ['xz around it', compressBy('xz', archiveOf(dockerArchive24(image, [tag]))), tag],
    ['zstd around it', zstdCompressSync(archiveOf(dockerArchive24(image, [tag]))), tag],
    ['hard links between layers', hardLinked(), tag],
    ['backslashes of old Docker on Windows', backslashed(), tag],
  ];
  for (const [what, archive, name] of forms) {
    it(`takes ${what}`, async () => {
      expect(await load(archive)).to.equal(`Loaded image: ${name}\n`);
      await whole(name);
    });
  }

  function hardLinked(): Member[] {
    return skopeoDockerArchive(image, tag).flatMap((one): Member[] =>
      one.name === 'manifest.json' && 'bytes' in one
        ? [
            { name: 'first.tar', link: one.bytes.toString().match(/[0-9a-f]{64}\.tar/)![0], hard: true },
            { ...one, bytes: one.bytes.toString().replace(/[0-9a-f]{64}\.tar/, 'first.tar') },
          ]
        : [one],
    );
  }

  function backslashed(): Member[] {
    return dockerArchive24(image, [tag]).map((one) =>
      one.name === 'manifest.json' && 'bytes' in one
        ? { ...one, bytes: one.bytes.toString().replaceAll('/layer.tar', '\\\\layer.tar') }
        : one,
    );
  }

  it('brings back what save wrote, with the digest of the registry', async () => {
    const registry = await ScriptedRegistry.start();
    try {
      registry.addImage('acme/app', '1', image);
      await store.pull(`${registry.address}/acme/app:1`);
      await store.images.tag(`${registry.address}/acme/app:1`, tag);
      const archive = Buffer.concat(await (await store.images.save([tag])).toArray());
      open();

      expect(await load(archive)).to.equal(`Loaded image: ${tag}\n`);

      await whole(tag);
      expect(store.events.at(-1)).to.deep.equal({
        action: 'load',
        id: image.configDigest,
        attributes: { name: image.configDigest },
      });
      const again = Buffer.concat(await (await store.images.save([tag])).toArray());
      expect(again.equals(archive)).to.equal(true);
      await store.images.tag(tag, `${registry.address}/copy/app:1`);
      await store.push(`${registry.address}/copy/app:1`);
      expect(registry.manifests.get('copy/app:1')?.bytes.equals(image.manifest)).to.equal(true);
    } finally {
      await registry.stop();
    }
  });

  it('shows layers as they are unpacked, and nothing of what is here', async () => {
    await load(dockerArchive25(image, 'app:1'));
    const shown = store.messages.filter(({ status }) => status !== undefined);
    expect(shown.map(({ id, status }) => `${id}: ${status}`)).to.deep.equal(
      image.layers.map(({ diffId }) => `${digestHex(diffId).slice(0, 12)}: Loading layer`),
    );
    expect(shown[0]!.progressDetail).to.deep.equal({
      current: image.layers[0]!.tar.length,
      total: image.layers[0]!.tar.length,
    });

    store.messages.length = 0;
    await load(dockerArchive25(image, 'app:1'));
    open();
    await load(dockerArchive25(image, 'app:1'), { quiet: true });
    expect(store.messages.filter(({ status }) => status !== undefined)).to.deep.equal([]);
  });

  it('names by ID what has no name, and says which image loses its name', async () => {
    expect(await load(dockerArchive24(image, null))).to.equal(`Loaded image ID: ${image.configDigest}\n`);
    expect(await load(ociArchive(other, tag))).to.equal(`Loaded image: ${tag}\n`);
    expect(await load(ociArchive(image, tag))).to.equal(
      `The image ${tag} already exists, renaming the old one with ID ${other.configDigest} to empty string\n` +
        `Loaded image: ${tag}\n`,
    );
    expect((await store.images.list()).map(({ Id, RepoTags }) => [Id, RepoTags])).to.have.deep.members([
      [image.configDigest, [tag]],
      [other.configDigest, []],
    ]);
  });

  it('loads several images, and the names of both layouts', async () => {
    const second = dockerArchive25(other, 'b:2').filter(
      ({ name }) => !/json$|oci-layout|^blobs(\/sha256)?$/.test(name),
    );
    const item = (one: RandomImage, name: string): object => ({
      Config: `blobs/sha256/${digestHex(one.configDigest)}`,
      RepoTags: [name],
      Layers: one.layers.map(({ diffId }) => `blobs/sha256/${digestHex(diffId)}`),
    });
    const archive = dockerArchive25(image, 'a:1').map((one) =>
      one.name === 'manifest.json'
        ? { name: one.name, bytes: JSON.stringify([item(image, 'a:more'), item(other, 'b:2')]) }
        : one,
    );
    expect(await load([...archive, ...second])).to.equal(
      'Loaded image: a:1\nLoaded image: a:more\nLoaded image: b:2\n',
    );
    await whole('a:more');
    await whole('b:2', other);
  });

  it('chooses from a list as pull does, or what --platform says', async () => {
    const old = randomImage({ seed: 33, layers: 1, oci: true, osVersion: '10.0.17763.5' });
    const platform = (version: string) => ({ os: 'windows', architecture: 'amd64', 'os.version': version });
    const entries = [
      { bytes: old.manifest, platform: platform('10.0.17763.5') },
      { bytes: other.manifest, platform: platform('10.0.20348.2402') },
      // Named, but not in the archive.
      { bytes: 'absent', platform: platform('10.0.20348.9999') },
    ];
    const list = layoutDocuments(entries)[1]! as { bytes: string };
    const content = [old, other].flatMap((one) => [
      ...one.layers.map((layer) => blobMember(layer.blob)),
      blobMember(one.config),
      blobMember(one.manifest),
    ]);
    const nested = [
      ...content,
      blobMember(list.bytes),
      ...layoutDocuments([
        { bytes: list.bytes, name: 'docker.io/library/many:1', type: mediaTypes.ociIndex },
      ]),
    ];
    const flat = [
      ...content,
      ...layoutDocuments(entries.slice(0, 2).map((one) => ({ ...one, tag: 'many:1' }))),
    ];

    for (const archive of [nested, flat]) {
      await load(archive);
      await whole('many:1', other);
      await load(archive, { platform: 'windows(10.0.17763)/amd64' });
      await whole('many:1', old);
      expect(await failure(load(archive, { platform: 'linux/amd64' }))).to.include({ kind: 'notFound' });
    }
    expect(await failure(load(ociArchive(image, tag), { platform: 'windows/arm64' }))).to.include({
      kind: 'notFound',
      message: 'no matching manifest for windows/arm64 in the archive',
    });
  });

  it('keeps what was pulled when the same image comes again in another form', async () => {
    await load(ociArchive(image, tag));
    const before = traces();

    expect(await load(dockerArchive24(image, ['again:1']))).to.equal('Loaded image: again:1\n');
    expect(traces()).to.deep.equal(before);
  });

  it('keeps parents, when they truly are', async () => {
    const parentOf = (json: object): Member[] => [
      ...dockerArchive24(image, [tag]).map((one) =>
        one.name === 'manifest.json' && 'bytes' in one
          ? {
              ...one,
              bytes: JSON.stringify(
                (JSON.parse(one.bytes.toString()) as object[]).map((item) => ({ ...item, ...json })),
              ),
            }
          : one,
      ),
    ];
    await load(ociArchive(other, 'other:1'));
    await load(parentOf({ Parent: other.configDigest }));
    expect((await store.images.inspect(tag)).Parent).to.equal('');
    open();
    await load(parentOf({ Parent: image.configDigest }));
    expect((await store.images.inspect(tag)).Parent).to.equal('');
    await commitImage(store.deps, {
      parent: image.configDigest,
      history: { createdBy: 'LABEL a=b' },
      tags: ['child:1'],
    });
    const archive = Buffer.concat(await (await store.images.save([tag, 'child:1'])).toArray());
    open();
    await load(archive);
    expect((await store.images.inspect('child:1')).Parent).to.equal(image.configDigest);
  });

  it('believes in the manifest of a registry only when it is of the same image', async () => {
    const manifest = ociManifestOf(image);
    const annotated = (of: RandomImage): Member[] => {
      const [version, index] = layoutDocuments([{ bytes: manifest, name: `docker.io/${tag}` }]);
      const text = (index as { bytes: string }).bytes.replace(
        '"annotations":{',
        `"annotations":{"io.porthole.manifest":"${of.manifestDigest}",`,
      );
      const content = ociArchive(image).filter(({ name }) => name.startsWith('blobs/'));
      return [...content, blobMember(of.manifest), version!, { name: 'index.json', bytes: text }];
    };
    const kept = async (): Promise<string> => (await resolveImage(store.deps, tag)).manifestDigest;

    await load(annotated(other));
    expect(await kept()).to.equal(digestOf(manifest));
    open();
    await load(annotated(image));
    expect(await kept()).to.equal(image.manifestDigest);
  });

  it('takes foreign layers that are there, and those that are unpacked already', async () => {
    const urls = ['https://example.com/layer'];
    const [base, top] = image.layers;
    const layers = [
      {
        ...base!.descriptor,
        mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
        urls,
      },
      { ...top!.descriptor, mediaType: mediaTypes.ociLayerGzip },
    ];
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: image.configDigest, size: image.config.length },
      layers,
    });
    const without = [
      blobMember(image.config),
      blobMember(manifest),
      blobMember(top!.blob),
      ...layoutDocuments([{ bytes: manifest, name: `docker.io/${tag}` }]),
    ];
    const error = await failure(load(without));
    expect(error.message).to.equal(`invalid archive: layer ${base!.descriptor.digest} is not in it`);
    expect(traces()).to.deep.equal([]);

    await load([...without, blobMember(base!.blob)]);
    await whole(tag);
    const archive = Buffer.concat(await (await store.images.save([tag])).toArray());
    expect(archive.includes('https://example.com/layer')).to.equal(true);
    new BlobStore(store.paths).remove(base!.descriptor.digest);
    const less = Buffer.concat(await (await store.images.save([tag])).toArray());
    expect(less.length).to.be.lessThan(archive.length);
    await store.images.tag(tag, 'kept:1');
    expect(await load(less)).to.equal(`Loaded image: ${tag}\n`);

    // Docker's own archives name the foreign blob and bring the layer as a tar.
    open();
    const docker = dockerArchive25(image, 'app:1').filter(
      (one) => !['index.json', 'oci-layout'].includes(one.name),
    );
    await load([...docker, blobMember(manifest), ...layoutDocuments([{ bytes: manifest, tag: '1' }])]);
    await whole('app:1');
  });

  describe('refuses, and keeps nothing of', () => {
    const json = (value: unknown): string => JSON.stringify(value);
    const manifestJson = (item: object | null): Member[] => [
      ...dockerArchive24(image, [tag]).filter(({ name }) => name !== 'manifest.json'),
      { name: 'manifest.json', bytes: json(item) },
    ];
    const config = `${digestHex(image.configDigest)}.json`;
    const valid = archiveOf(dockerArchive24(image, [tag]));
    const first = image.layers[0]!;
    const swapped = randomImage({ seed: 34, layers: 1 }).layers[0]!;
    const wrongLayer = ociArchive(image, tag).map((one) =>
      'bytes' in one && one.bytes === first.blob ? { ...one, bytes: swapped.blob } : one,
    );
    const linux = randomImage({ seed: 35, layers: 1, os: 'linux' });
    const cases: [string, readonly Member[] | Buffer, string | RegExp][] = [
      ['nothing', Buffer.alloc(0), 'invalid archive: does not contain a manifest.json'],
      [
        'what is no tar',
        Buffer.from('#!/bin/sh\n'.repeat(200)),
        'invalid archive: archive/tar: invalid tar header',
      ],
      ['a few bytes', Buffer.from('TARDATA'), 'invalid archive: unexpected EOF'],
      ['a tar that is cut off', valid.subarray(0, valid.length / 2), 'invalid archive: unexpected EOF'],
      [
        'gzip that is cut off',
        gzipSync(valid).subarray(0, 900),
        'invalid archive: failed to decompress it: unexpected end of file',
      ],
      [
        'bzip2 that is damaged',
        Buffer.from('BZh91AY&SY' + '\0'.repeat(600)),
        'invalid archive: failed to decompress it: bzip2: damaged tables',
      ],
      [
        'xz that is cut off',
        Buffer.from('fd377a585a000000', 'hex'),
        'invalid archive: failed to decompress it: xz: the input ends early, or something else follows it',
      ],
      [
        'a tar of something else',
        [{ name: 'readme.txt', bytes: 'hi' }],
        'invalid archive: does not contain a manifest.json',
      ],
      [
        'a layout without index',
        [{ name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) }],
        'invalid archive: missing index.json in OCI layout 1.0.0',
      ],
      [
        'a layout of another version',
        [{ name: 'oci-layout', bytes: json({ imageLayoutVersion: '2.0.0' }) }],
        'invalid archive: unsupported OCI version 2.0.0',
      ],
      [
        'a name that leads out',
        [{ name: '../../etc/passwd', bytes: 'x' }],
        'invalid archive: "../../etc/passwd" leads out of the archive',
      ],
      [
        'a folder that leads out',
        [{ name: 'a/../../b', folder: true }],
        'invalid archive: "a/../../b/" leads out of the archive',
      ],
      [
        'a link that leads out',
        [{ name: 'manifest.json', link: '../../../etc/passwd' }],
        'invalid archive: "../../../etc/passwd" leads out of the archive',
      ],
      [
        'links in a circle',
        [
          { name: 'manifest.json', link: 'b' },
          { name: 'b', link: 'manifest.json' },
        ],
        'invalid archive: too many levels of symbolic links: "manifest.json"',
      ],
      [
        'the same name twice',
        [...dockerArchive24(image, [tag]), { name: 'manifest.json', bytes: '[]' }],
        'invalid archive: duplicate member "manifest.json"',
      ],
      [
        'a huge manifest',
        [{ name: 'manifest.json', bytes: `[${' '.repeat(5 << 20)}]` }],
        'invalid archive: manifest.json is larger than 4 MiB',
      ],
      [
        'a manifest that is no JSON',
        [{ name: 'manifest.json', bytes: '{' }],
        /^invalid archive: failed to decode manifest\.json: /,
      ],
      [
        'a manifest that is null',
        manifestJson(null),
        'invalid archive: invalid manifest, manifest cannot be null (but can be [])',
      ],
      [
        'a manifest that is an object',
        manifestJson({}),
        'invalid archive: failed to decode manifest.json: not a list',
      ],
      [
        'tags that are no list',
        manifestJson([{ Config: config, RepoTags: 'a:1' }]),
        'invalid archive: failed to decode manifest.json: RepoTags is not a list of strings',
      ],
      [
        'a bad tag',
        manifestJson([{ Config: config, RepoTags: ['a'], Layers: [] }]),
        'invalid archive: invalid tag "a"',
      ],
      [
        'too few layers',
        manifestJson([{ Config: config, RepoTags: null, Layers: ['a'] }]),
        'invalid archive: invalid manifest, layers length mismatch: expected 2, got 1',
      ],
      [
        'a missing configuration',
        manifestJson([{ Config: 'x.json', RepoTags: null, Layers: [] }]),
        'invalid archive: image config "x.json" not found',
      ],
      [
        'a missing layer',
        manifestJson([{ Config: config, RepoTags: null, Layers: ['a', 'b'] }]),
        'invalid archive: layer "a" not found',
      ],
      [
        'a missing blob',
        ociArchive(image, tag).slice(1),
        `invalid archive: blobs/sha256/${digestHex(first.descriptor.digest)} not found`,
      ],
      [
        'a blob of other content',
        wrongLayer,
        `invalid archive: blobs/sha256/${digestHex(first.descriptor.digest)} has other content than its name says (${swapped.descriptor.digest})`,
      ],
      [
        'a layer of other content',
        dockerArchive24({ ...image, layers: [first, swapped] }, [tag]),
        `wrong diff id "${image.layers[1]!.diffId}" calculated on extraction "${swapped.diffId}"`,
      ],
      [
        'a Linux image',
        ociArchive(linux, tag),
        'image operating system "linux" cannot be used on this platform: operating system is not supported',
      ],
      [
        'a Linux image as docker-archive',
        dockerArchive24(linux, [tag]),
        'image operating system "linux" cannot be used on this platform: operating system is not supported',
      ],
      ['indexes in a circle', nestedIndexes(), 'invalid archive: indexes are nested too deeply'],
      ['a layer that is an escape', escaping(), /outside|invalid|\.\./],
    ];
    for (const [what, archive, message] of cases) {
      it(what, async () => {
        const error = await failure(load(archive));

        if (typeof message === 'string') expect(error.message).to.equal(message);
        else expect(error.message).to.match(message);
        expect(error).to.be.instanceOf(PortholeError);
        expect(traces()).to.deep.equal([]);
        expect(await store.images.list({ all: true })).to.deep.equal([]);
      });
    }

    function nestedIndexes(): Member[] {
      let inner: string = image.manifest.toString();
      const members: Member[] = [];
      for (let depth = 0; depth < 6; depth += 1) {
        const type = depth === 0 ? image.manifestType : mediaTypes.ociIndex;
        members.push(blobMember(inner));
        const platform = { os: 'windows', architecture: 'amd64' };
        inner = (layoutDocuments([{ bytes: inner, type, platform }])[1] as { bytes: string }).bytes;
      }
      return [
        ...members,
        blobMember(inner),
        ...layoutDocuments([{ bytes: inner, type: mediaTypes.ociIndex }]),
      ];
    }

    function escaping(): Member[] {
      const tar = archiveOf([{ name: 'Files/../../escape', bytes: 'x' }]);
      const bad = { ...image.layers[0]!, tar, blob: tar };
      return dockerArchive24({ ...image, layers: [bad, image.layers[1]!] }, [tag]);
    }
  });

  it('does not let a layer of the store stand in for other content', async () => {
    await load(ociArchive(image, tag));
    const before = traces();
    const evil = randomImage({ seed: 36, layers: 2 });
    const layers = evil.layers.map(({ descriptor }) => descriptor);
    // The configuration is the known one with another history: its layers are unpacked already.
    const config = Buffer.from(JSON.stringify({ ...JSON.parse(image.config.toString()), author: 'x' }));
    const forged: RandomImage = { ...evil, config, configDigest: digestOf(config) };
    const manifest = ociManifestOf(forged)
      .toString()
      .replace(evil.configDigest, digestOf(config))
      .replace(`"size":${evil.config.length}`, `"size":${config.length}`);
    const archive = [
      ...evil.layers.map(({ blob }) => blobMember(blob)),
      blobMember(config),
      blobMember(manifest),
      ...layoutDocuments([{ bytes: manifest, name: 'docker.io/library/evil:1' }]),
    ];

    expect(layers).to.have.length(2);
    expect((await failure(load(archive))).code).to.equal('LAYER_DIFF_ID_MISMATCH');
    expect(traces()).to.deep.equal(before);
  });

  it('takes back what it brought when a later image is bad, but not what others need', async () => {
    await load(ociArchive(other, 'other:1'));
    const before = traces();
    const bad = dockerArchive24(
      { ...image, layers: [image.layers[0]!, randomImage({ seed: 37, layers: 1 }).layers[0]!] },
      ['bad:1'],
    );
    await failure(load(bad));

    expect(traces()).to.deep.equal(before);
    await whole('other:1', other);
  });

  it('takes back both forms of a manifest when the image cannot be written down', async () => {
    const registry = await ScriptedRegistry.start();
    let archive: Buffer;
    try {
      registry.addImage('acme/app', '1', image);
      await store.pull(`${registry.address}/acme/app:1`);
      archive = Buffer.concat(await (await store.images.save([`${registry.address}/acme/app:1`])).toArray());
    } finally {
      await registry.stop();
    }
    open();
    const abort = new AbortController();
    let lock: Lock | undefined;
    const blobs = new BlobStore(store.paths);
    let ended = false;
    const error = failure(
      load(archive, {
        signal: abort.signal,
        onProgress: () => void (lock ??= tryLock(imagesLock(store.paths))),
      }),
    ).finally(() => (ended = true));
    while (!ended && !existsSync(blobs.pathOf(image.manifestDigest))) await new Promise(setImmediate);
    abort.abort();
    lock?.release();

    expect(await error).to.include({ kind: 'cancelled' });
    expect(traces()).to.deep.equal([]);
  });

  it('ends when it is cancelled, in the middle of the stream', async () => {
    const abort = new AbortController();
    const bytes = archiveOf(dockerArchive24(image, [tag]));
    async function* stalling(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 2000);
      abort.abort();
      await new Promise(() => undefined);
    }
    const error = await failure(load(Readable.from(stalling()), { signal: abort.signal }));

    expect(error).to.include({ kind: 'cancelled', message: 'context canceled' });
    expect(traces()).to.deep.equal([]);
  });

  it('loads the same image in two processes at once', async () => {
    const second = new ImageStore({ root: store.root });
    const stream = (): Readable => Readable.from(pieces(archiveOf(ociArchive(image, tag))));

    await Promise.all([store.images.load(stream()), second.images.load(stream())]);
    await whole(tag);
  });

  it('removes what a killed load left', async () => {
    mkdirSync(join(store.paths.ingest, 'spool.999999999.1@x.1'), { recursive: true });
    await load(ociArchive(image, tag));

    await whole(tag);
  });

  describe('without the right to unpack', () => {
    const refusal = new PortholeError('forbidden', 'HOST_NOT_ELEVATED', 'access is denied');
    let elevated = false;
    const restricted = (): ImageStore =>
      open({
        layers: (real) =>
          new Proxy(real, {
            get: (target, key: keyof typeof real) => {
              if (key === 'isPrivileged') return async () => elevated;
              if (key === 'openApply' && !elevated) return () => Promise.reject(refusal);
              const method = Reflect.get(target, key) as unknown as (...call: unknown[]) => unknown;
              return (...call: unknown[]) => Reflect.apply(method, target, call);
            },
          }),
      });
    beforeEach(() => {
      elevated = false;
      restricted();
    });

    const use = async (name: string): Promise<void> =>
      requireUnpacked(store.deps, await resolveImage(store.deps, name));

    it('keeps the blobs, checked, and unpacks when the image is used', async () => {
      expect(await load(ociArchive(image, tag))).to.equal(`Loaded image: ${tag}\n`);

      expect(store.messages[0]!.status).to.match(/^The layers stay packed: /);
      const { Id, Size } = await store.images.inspect(tag);
      expect(Size).to.be.greaterThan(0);
      expect(existsSync(store.paths.windowsfilter)).to.equal(false);
      expect(await failure(use(Id))).to.include({ code: 'HOST_NOT_ELEVATED' });
      elevated = true;
      await use(Id);
      await whole(tag);
      expect((await store.images.inspect(tag)).Size).to.equal(Size);
    });

    it('pulls so too, says so, and has nothing more to do the second time', async () => {
      const registry = await ScriptedRegistry.start();
      try {
        registry.addImage('acme/app', '1', image);
        const lines = await store.pull(`${registry.address}/acme/app:1`);
        expect(lines.filter((line) => /packed|Pull complete|^Status/.test(line))).to.have.length(4);
        expect(existsSync(store.paths.windowsfilter)).to.equal(false);
        expect(await store.pull(`${registry.address}/acme/app:1`)).to.deep.equal([
          '1: Pulling from acme/app',
          `Digest: ${image.manifestDigest}`,
          `Status: Image is up to date for ${registry.address}/acme/app:1`,
        ]);
        elevated = true;
        await use(image.configDigest);
        await whole(`${registry.address}/acme/app:1`);
      } finally {
        await registry.stop();
      }
    });

    it('says which blob is missing when it is used at last', async () => {
      await load(ociArchive(image, tag));
      new BlobStore(store.paths).remove(image.layers[1]!.descriptor.digest);
      elevated = true;
      expect(await failure(use(image.configDigest))).to.include({
        code: 'BLOB_MISSING',
        hint: 'the image is not complete: pull or load it again',
      });
    });

    it('still refuses layers of other content', async () => {
      const swapped = randomImage({ seed: 38, layers: 1 }).layers[0]!;
      const bad = dockerArchive24({ ...image, layers: [image.layers[0]!, swapped] }, [tag]);

      expect((await failure(load(bad))).code).to.equal('LAYER_DIFF_ID_MISMATCH');
      expect(traces()).to.deep.equal([]);
    });

    it('saves what it has, and removes it', async () => {
      await load(ociArchive(image, tag));
      const archive = Buffer.concat(await (await store.images.save([tag])).toArray());
      await store.images.remove(tag);
      expect(traces()).to.deep.equal([]);
      await load(archive);
      expect((await store.images.inspect(tag)).Id).to.equal(image.configDigest);
    });
  });

  it('leaves blobs that only their owner may change', async () => {
    await load(dockerArchive24(image, [tag]));
    const blobs = new BlobStore(store.paths);

    for (const { digest } of blobs.list())
      expect(statSync(blobs.pathOf(digest)).mode & 0o777).to.equal(0o444);
  });
});

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

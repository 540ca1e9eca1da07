import { expect } from 'chai';
import {
  existsSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { join } from 'node:path';
import { createGzip, gzipSync, zstdCompressSync } from 'node:zlib';
import { resolveImage } from '../../../../src/engine/local/images/resolve.ts';
import type { LayerApply, LayerStore } from '../../../../src/host/ports/layers.ts';
import { digestHex } from '../../../../src/image/digest.ts';
import { mediaTypes } from '../../../../src/image/media-types.ts';
import { indexOf, randomImage } from '../../../../src/image/random.ts';
import type { RandomImage } from '../../../../src/image/random.ts';
import { compressBy } from '../../../support/compressors.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';
import { ScriptedRegistry, digestOf, reply, replyError } from '../../../support/scripted-registry.ts';

const short = (digest: string): string => digestHex(digest).slice(0, 12);

describe('images.pull', () => {
  let registry: ScriptedRegistry;
  let store: ImageStore;
  const image = randomImage({ seed: 11, layers: 3, fileBytes: 40_000 });
  const ids = image.layers.map((layer) => short(layer.descriptor.digest));

  const name = (path = 'acme/app:1'): string => `${registry.address}/${path}`;

  beforeEach(async () => {
    registry = await ScriptedRegistry.start();
    registry.addImage('acme/app', '1', image);
    store = new ImageStore();
  });

  afterEach(async () => {
    store[Symbol.dispose]();
    await registry.stop();
  });

  /** Nothing but finished blobs and parts may be there. */
  async function expectNothingVisible(): Promise<void> {
    expect(await store.images.list()).to.deep.equal([]);
    expect(existsSync(join(store.paths.imageState, 'refs.json'))).to.equal(false);
    expect(readdirSync(store.root).includes('leases') ? readdirSync(store.paths.leases) : []).to.deep.equal(
      [],
    );
    const locks = existsSync(store.paths.locks) ? readdirSync(store.paths.locks) : [];
    expect(locks.filter((lock) => lock.endsWith('.lock'))).to.deep.equal([]);
  }

  it('prints what Docker prints, and unpacks what the registry has', async () => {
    const lines = await store.pull(name());

    expect(lines[0]).to.equal('1: Pulling from acme/app');
    expect(lines.slice(1, 4)).to.deep.equal(ids.map((id) => `${id}: Pulling fs layer`));
    for (const id of ids) {
      const states = lines.filter((line) => line.startsWith(`${id}: `)).map((line) => line.slice(14));
      expect(states).to.deep.equal([
        'Pulling fs layer',
        'Verifying Checksum',
        'Download complete',
        'Pull complete',
      ]);
    }
    expect(lines.filter((line) => line.endsWith('Pull complete'))).to.deep.equal(
      ids.map((id) => `${id}: Pull complete`),
    );
    expect(lines.slice(-2)).to.deep.equal([
      `Digest: ${image.manifestDigest}`,
      `Status: Downloaded newer image for ${name()}`,
    ]);
    const resolved = await resolveImage(store.deps, name());
    expect(resolved.id).to.equal(image.configDigest);
    expect(resolved.manifestDigest).to.equal(image.manifestDigest);
    expect(resolved.layerIds).to.deep.equal([...image.chain].reverse().map(digestHex));
    const tree = join(store.paths.windowsfilter, resolved.layerIds[2]!, 'Files/layer0');
    expect(readdirSync(tree)).to.deep.equal(['file0.bin', 'file1.bin', 'file2.bin']);
    expect(statSync(join(tree, 'file0.bin')).size).to.equal(40_000);
    expect(
      JSON.parse(
        readFileSync(join(store.paths.windowsfilter, resolved.layerIds[0]!, 'layerchain.json'), 'utf8'),
      ),
    ).to.have.length(2);
    expect(store.events).to.deep.equal([
      { action: 'pull', id: name(), attributes: { name: name('acme/app') } },
    ]);
  });

  it('asks for nothing but the tag when the image is up to date', async () => {
    await store.pull(name());
    registry.requests.length = 0;

    expect(await store.pull(name())).to.deep.equal([
      '1: Pulling from acme/app',
      `Digest: ${image.manifestDigest}`,
      `Status: Image is up to date for ${name()}`,
    ]);
    expect(registry.log()).to.deep.equal(['HEAD /v2/acme/app/manifests/1']);
  });

  it('fetches only layers that are new', async () => {
    await store.pull(name());
    const delta = { ...randomImage({ seed: 12, layers: 1 }) };
    const bigger = stack(image, delta);
    registry.addImage('acme/app', '2', bigger);
    registry.requests.length = 0;

    const lines = await store.pull(name('acme/app:2'));

    expect(lines.filter((line) => line.endsWith('Already exists'))).to.deep.equal(
      ids.map((id) => `${id}: Already exists`),
    );
    expect(registry.log((request) => request.path.includes('/blobs/'))).to.deep.equal([
      `GET /v2/acme/app/blobs/${bigger.configDigest}`,
      `GET /v2/acme/app/blobs/${delta.layers[0]!.descriptor.digest}`,
    ]);
  });

  it('moves a tag and leaves the old image without a name', async () => {
    await store.pull(name());
    registry.addImage('acme/app', '1', randomImage({ seed: 13 }));

    const lines = await store.pull(name());

    expect(lines.at(-1)).to.equal(`Status: Downloaded newer image for ${name()}`);
    const tags = Object.fromEntries((await store.images.list()).map((one) => [one.Id, one.RepoTags]));
    expect(tags[image.configDigest]).to.deep.equal([]);
    expect(Object.values(tags)).to.deep.include([name()]);
  });

  it('pulls by digest, and then without the network', async () => {
    const digested = `${registry.address}/acme/app@${image.manifestDigest}`;

    const lines = await store.pull(digested);
    registry.requests.length = 0;
    const again = await store.pull(digested);

    expect(lines[0]).to.equal(`${digested}: Pulling from acme/app`);
    expect(again.at(-1)).to.equal(`Status: Image is up to date for ${digested}`);
    expect(registry.log()).to.deep.equal([]);
    expect(await store.images.list()).to.have.length(1);
    expect((await store.images.list())[0]).to.deep.include({ RepoTags: [], RepoDigests: [digested] });
  });

  it('pulls all tags', async () => {
    registry.addImage('acme/app', '2', randomImage({ seed: 14, layers: 1 }));

    const lines = await store.pull(name('acme/app'), { allTags: true });

    expect(lines.filter((line) => line.includes('Pulling from'))).to.deep.equal([
      '1: Pulling from acme/app',
      '2: Pulling from acme/app',
    ]);
    expect(lines.filter((line) => line.startsWith('Status'))).to.deep.equal([
      `Status: Downloaded newer image for ${name('acme/app')}`,
    ]);
    expect(await store.images.list()).to.have.length(2);
  });

  it('refuses what cannot be pulled before asking the registry', async () => {
    const cases: readonly [string, object, string][] = [
      ['APP', {}, 'invalid reference format: repository name (library/APP) must be lowercase'],
      ['scratch', {}, "'scratch' is a reserved name"],
      ['app:1', { allTags: true }, "tag can't be used with --all-tags/-a"],
      [
        'app',
        { platform: 'windoze' },
        '"windoze": unknown operating system or architecture: invalid argument',
      ],
    ];
    for (const [reference, options, message] of cases) {
      expect(await failure(store.images.pull(reference, options)), reference).to.include({
        kind: 'invalid',
        message,
      });
    }
  });

  describe('of lists', () => {
    const newer = randomImage({ seed: 21, layers: 1, osVersion: '10.0.26100.1742' });
    const older = randomImage({ seed: 22, layers: 1, osVersion: '10.0.17763.2928' });

    function publish(): string {
      for (const one of [newer, older, image]) registry.addImage('acme/multi', short(one.configDigest), one);
      const list = indexOf([
        { image: newer, osVersion: '10.0.26100.1742' },
        { image, osVersion: '10.0.20348.2402' },
        { image: older, osVersion: '10.0.17763.2928' },
        { image: older, os: 'linux' },
        { image: older, os: 'unknown', architecture: 'unknown' },
      ]);
      registry.addManifest('acme/multi', '1', list.bytes, list.mediaType);
      return list.digest;
    }

    it('chooses for the host and remembers the list’s digest', async () => {
      const listDigest = publish();

      const lines = await store.pull(name('acme/multi:1'));

      expect(lines.at(-2)).to.equal(`Digest: ${listDigest}`);
      expect((await resolveImage(store.deps, name('acme/multi:1'))).id).to.equal(image.configDigest);
      expect((await store.images.list())[0]?.RepoDigests).to.deep.equal([
        `${registry.address}/acme/multi@${listDigest}`,
      ]);
      expect(await store.pull(name('acme/multi:1'))).to.include(
        `Status: Image is up to date for ${name('acme/multi:1')}`,
      );
    });

    it('honours --platform with a version', async () => {
      publish();

      await store.pull(name('acme/multi:1'), { platform: 'windows(10.0.17763)/amd64' });

      expect((await resolveImage(store.deps, name('acme/multi:1'))).id).to.equal(older.configDigest);
    });

    it('says in Docker’s words that nothing fits, and leaves nothing', async () => {
      publish();
      const messages: string[] = [];

      const error = await failure(
        store.images.pull(name('acme/multi:1'), {
          platform: 'linux/arm64',
          onProgress: ({ status }) => messages.push(status ?? ''),
        }),
      );

      expect(error.message).to.equal('no matching manifest for linux/arm64 in the manifest list entries');
      expect(messages).to.deep.equal(['Pulling from acme/multi']);
      await expectNothingVisible();
    });

    it('refuses newer builds on Windows hosts, with the builds on offer', async () => {
      store[Symbol.dispose]();
      store = new ImageStore({ backend: 'hcs', osVersion: '10.0.14393.1' });
      publish();

      expect(await failure(store.images.pull(name('acme/multi:1')))).to.include({
        message: 'no matching manifest for windows(10.0.14393)/amd64 in the manifest list entries',
        hint: 'the list offers windows(10.0.26100.1742)/amd64, windows(10.0.20348.2402)/amd64, windows(10.0.17763.2928)/amd64, linux/amd64; this host is 10.0.14393: a tag such as ltsc2016 or older fits',
      });
      expect(await failure(store.images.pull(name()))).to.include({
        message: 'a Windows version 10.0.20348-based image is incompatible with a 10.0.14393 host',
      });
    });

    it('refuses Linux images', async () => {
      registry.addImage('acme/linux', '1', randomImage({ seed: 5, os: 'linux' }));

      expect((await failure(store.images.pull(name('acme/linux:1')))).message).to.equal(
        'image operating system "linux" cannot be used on this platform: operating system is not supported',
      );
      await expectNothingVisible();
    });
  });

  describe('of layers in every compression', () => {
    const kinds: readonly [string, (tar: Buffer) => Buffer, string][] = [
      ['zstd', (tar) => zstdCompressSync(tar), 'application/vnd.oci.image.layer.v1.tar+zstd'],
      [
        'zstd in two frames',
        (tar) => Buffer.concat([zstdCompressSync(tar.subarray(0, 999)), zstdCompressSync(tar.subarray(999))]),
        'application/vnd.oci.image.layer.v1.tar+zstd',
      ],
      ['no compression', (tar) => tar, 'application/vnd.oci.image.layer.v1.tar'],
      [
        'gzip in two members',
        (tar) => Buffer.concat([gzipSync(tar.subarray(0, 999)), gzipSync(tar.subarray(999))]),
        mediaTypes.ociLayerGzip,
      ],
      ['bzip2', (tar) => compressBy('bzip2', tar), 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
      ['xz', (tar) => compressBy('xz', tar), 'application/vnd.oci.image.layer.v1.tar+xz'],
      ['gzip that is called plain', (tar) => gzipSync(tar), 'application/vnd.docker.image.rootfs.diff.tar'],
    ];
    for (const [what, compress, layerType] of kinds) {
      it(what, async () => {
        const one = randomImage({ seed: 31, layers: 2, oci: true, compress, layerType });
        registry.addImage('acme/kind', '1', one);

        await store.pull(name('acme/kind:1'));

        expect((await resolveImage(store.deps, name('acme/kind:1'))).id).to.equal(one.configDigest);
      });
    }

    it('bzip2 that is damaged', async () => {
      const one = randomImage({ seed: 32, layers: 1, compress: () => Buffer.from('BZh91AY&SY not really') });
      registry.addImage('acme/kind', '1', one);

      expect(await failure(store.images.pull(name('acme/kind:1')))).to.include({
        message: 'failed to decompress layer: bzip2: the input ends early',
      });
      await expectNothingVisible();
    });
  });

  describe('from a registry that lies or breaks', () => {
    const middle = image.layers[1]!;
    const key = (): string => `acme/app@${middle.descriptor.digest}`;

    it('other content: nothing is left, not even the part', async () => {
      registry.blobs.set(
        key(),
        Buffer.concat([middle.blob.subarray(0, middle.blob.length - 1), Buffer.from('x')]),
      );

      const error = await failure(store.images.pull(name()));

      expect(error).to.include({
        kind: 'invalid',
        message: `filesystem layer verification failed for digest ${middle.descriptor.digest}`,
      });
      await expectNothingVisible();
      expect(
        readdirSync(store.paths.ingest).filter((part) => part.includes(digestHex(middle.descriptor.digest))),
      ).to.deep.equal([]);
      expect(
        readdirSync(store.paths.windowsfilter).filter((layer) =>
          layer.startsWith(digestHex(image.chain[1]!)),
        ),
      ).to.deep.equal([]);
    });

    it('more content', async () => {
      registry.blobs.set(key(), Buffer.concat([middle.blob, Buffer.alloc(10)]));

      expect(await failure(store.images.pull(name()))).to.include({ code: 'BLOB_SIZE_MISMATCH' });
      await expectNothingVisible();
    });

    it('layers that are not what the configuration says', async () => {
      const wrong = randomImage({ seed: 41, layers: 1 });
      const config = Buffer.from(image.config.toString().replace(middle.diffId, wrong.layers[0]!.diffId));
      const manifest = Buffer.from(
        image.manifest
          .toString()
          .replace(image.configDigest, digestOf(config))
          .replace(`"size":${image.config.length}`, `"size":${config.length}`),
      );
      registry.blobs.set(`acme/app@${digestOf(config)}`, config);
      registry.addManifest('acme/app', '1', manifest, image.manifestType);

      expect(await failure(store.images.pull(name()))).to.include({ code: 'LAYER_DIFF_ID_MISMATCH' });
      await expectNothingVisible();
    });

    it('fewer layers than the configuration names', async () => {
      const manifest = JSON.parse(image.manifest.toString()) as { layers: unknown[] };
      manifest.layers.pop();
      registry.addManifest('acme/app', '1', Buffer.from(JSON.stringify(manifest)), image.manifestType);

      expect(await failure(store.images.pull(name()))).to.include({
        message: "layers from manifest don't match image configuration",
      });
      expect(registry.log((request) => request.path.includes(middle.descriptor.digest))).to.deep.equal([]);
    });

    it('a blob that is missing', async () => {
      registry.blobs.delete(key());

      expect(await failure(store.images.pull(name()))).to.include({
        message: 'blob unknown: blob unknown to registry',
      });
      await expectNothingVisible();
    });

    it('no such tag, no such repository, no access', async () => {
      expect(await failure(store.images.pull(name('acme/app:nope')))).to.include({
        kind: 'notFound',
        message: `manifest for ${name('acme/app:nope')} not found: manifest unknown: manifest unknown`,
      });
      registry.intercept = (_, response) => {
        replyError(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
        return true;
      };
      expect(await failure(store.images.pull(name()))).to.include({
        message: `repository ${name('acme/app')} not found: name unknown: repository name not known to registry`,
      });
      registry.intercept = (_, response) => {
        replyError(response, 403, 'DENIED', 'requested access to the resource is denied');
        return true;
      };
      expect(await failure(store.images.pull(name()))).to.include({
        message: `pull access denied for ${name('acme/app')}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
      });
    });

    it('a layer that is not an archive', async () => {
      const one = randomImage({
        seed: 42,
        layers: 1,
        compress: () => gzipSync(Buffer.from('not a tar at all')),
      });
      registry.addImage('acme/bad', '1', one);

      expect(await failure(store.images.pull(name('acme/bad:1')))).to.include({ kind: 'invalid' });
      await expectNothingVisible();
    });

    it('a gzip stream that is cut off', async () => {
      const one = randomImage({ seed: 43, layers: 1, compress: (tar) => gzipSync(tar).subarray(0, -20) });
      registry.addImage('acme/bad', '1', one);

      expect(await failure(store.images.pull(name('acme/bad:1')))).to.include({
        kind: 'invalid',
        code: 'LAYER_COMPRESSION_INVALID',
      });
      await expectNothingVisible();
    });

    it('a layer that grows without measure', async () => {
      const bomb = await zeros(3 << 30);
      const one = randomImage({ seed: 44, layers: 1, compress: () => bomb });
      registry.addImage('acme/bomb', '1', one);

      expect(await failure(store.images.pull(name('acme/bomb:1')))).to.include({ kind: 'invalid' });
      await expectNothingVisible();
    }).timeout(60_000);
  });

  describe('interrupted', () => {
    it('keeps finished blobs and parts, and asks only for the rest the next time', async () => {
      const abort = new AbortController();
      const last = image.layers[2]!;
      registry.intercept = (request, response) => {
        if (!request.path.endsWith(last.descriptor.digest)) return false;
        response.writeHead(200, { 'Content-Length': String(last.blob.length) });
        response.write(last.blob.subarray(0, 50_000), () => setTimeout(() => abort.abort(), 50));
        return true;
      };

      expect(await failure(store.images.pull(name(), { signal: abort.signal }))).to.include({
        kind: 'cancelled',
        message: 'context canceled',
      });
      await expectNothingVisible();
      const kept = statSync(
        join(store.paths.ingest, `sha256-${digestHex(last.descriptor.digest)}.part`),
      ).size;
      expect(kept).to.equal(50_000);

      registry.intercept = () => false;
      registry.requests.length = 0;
      const other = new ImageStore({ root: store.root });
      await other.pull(name());

      expect(
        registry.log((request) => request.path.includes('/blobs/') && request.headers.range === undefined),
      ).to.deep.equal([`GET /v2/acme/app/blobs/${image.configDigest}`]);
      expect(
        registry.requests.find((request) => request.headers.range !== undefined)?.headers.range,
      ).to.equal('bytes=50000-');
      expect((await resolveImage(other.deps, name())).id).to.equal(image.configDigest);
    });

    it('starts over when the part it kept is wrong', async () => {
      const { descriptor } = image.layers[0]!;
      const wrong = new ImageStore({ root: store.root });
      await failure(wrong.images.pull(name('acme/app:nope')));
      const part = join(store.paths.ingest, `sha256-${digestHex(descriptor.digest)}.part`);
      const { mkdirSync } = await import('node:fs');
      mkdirSync(store.paths.ingest, { recursive: true });
      writeFileSync(part, Buffer.alloc(1000, 'x'));

      await store.pull(name());

      expect((await resolveImage(store.deps, name())).id).to.equal(image.configDigest);
    });

    it('goes on by itself after broken connections', async () => {
      let breaks = 2;
      const { blob, descriptor } = image.layers[0]!;
      registry.intercept = (request, response) => {
        if (!request.path.endsWith(descriptor.digest) || breaks === 0) return false;
        breaks -= 1;
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        response.writeHead(start > 0 ? 206 : 200, {
          'Content-Length': String(blob.length - start),
          ...(start > 0 ? { 'Content-Range': `bytes ${start}-${blob.length - 1}/${blob.length}` } : {}),
        });
        response.write(blob.subarray(start, start + 10_000), () => setImmediate(() => response.destroy()));
        return true;
      };

      const lines = await store.pull(name());

      expect(lines.filter((line) => line.includes('Retrying in'))).to.deep.equal([
        `${ids[0]}: Retrying in 1 second`,
        `${ids[0]}: Retrying in 1 second`,
      ]);
    }).timeout(10_000);

    it('unpacks again what is in the store as a blob only', async () => {
      await store.pull(name());
      const [top] = (await resolveImage(store.deps, name())).layerIds;
      await store.layers.remove(top!);
      registry.requests.length = 0;

      const lines = await store.pull(name());

      expect(lines.at(-1)).to.equal(`Status: Image is up to date for ${name()}`);
      expect(lines).to.include(`${ids[2]}: Pull complete`);
      expect(registry.log((request) => request.path.includes('/blobs/'))).to.deep.equal([]);
    });

    it('fetches a stored blob again when it has rotted', async () => {
      await store.pull(name());
      const [top] = (await resolveImage(store.deps, name())).layerIds;
      await store.layers.remove(top!);
      const path = join(store.paths.oci, 'blobs/sha256', digestHex(image.layers[2]!.descriptor.digest));
      const { size } = statSync(path);
      chmodSync(path, 0o600);
      truncateSync(path, 0);
      truncateSync(path, size);
      registry.requests.length = 0;

      await store.pull(name());

      expect(registry.log((request) => request.path.includes('/blobs/'))).to.deep.equal([
        `GET /v2/acme/app/blobs/${image.layers[2]!.descriptor.digest}`,
      ]);
    });

    it('says that the configuration is damaged instead of trusting it', async () => {
      await store.pull(name());
      const path = join(store.paths.oci, 'blobs/sha256', digestHex(image.configDigest));
      chmodSync(path, 0o600);
      writeFileSync(path, '{}');

      expect(await failure(resolveImage(store.deps, name()))).to.include({
        code: 'BLOB_DAMAGED',
        message: `content digest ${image.configDigest}: damaged file ${path}`,
      });
    });
  });

  it('two pulls of the same image at once share the work', async () => {
    const other = new ImageStore({ root: store.root });

    await Promise.all([store.pull(name()), other.pull(name())]);

    const blobs = registry.log(
      (request) => request.path.includes('/blobs/') && !request.path.endsWith(image.configDigest),
    );
    expect(blobs.sort()).to.deep.equal(
      image.layers.map((layer) => `GET /v2/acme/app/blobs/${layer.descriptor.digest}`).sort(),
    );
    expect(await store.images.list()).to.have.length(1);
  });

  it('downloads at most three layers at once and says who waits', async () => {
    const many = randomImage({ seed: 51, layers: 5, fileBytes: 500 });
    registry.addImage('acme/many', '1', many);
    let running = 0;
    let most = 0;
    registry.intercept = (request, response) => {
      if (!request.path.includes('/blobs/') || request.path.endsWith(many.configDigest)) return false;
      running += 1;
      most = Math.max(most, running);
      setTimeout(() => {
        running -= 1;
        registry.answer(request, response);
      }, 30);
      return true;
    };

    const lines = await store.pull(name('acme/many:1'));

    expect(most).to.equal(3);
    expect(lines.filter((line) => line.endsWith('Waiting'))).to.have.length(2);
  });

  describe('of foreign layers', () => {
    const foreign = randomImage({ seed: 61, layers: 1 });

    function publish(urls: string[]): void {
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: mediaTypes.dockerManifest,
          config: {
            mediaType: mediaTypes.dockerConfig,
            digest: foreign.configDigest,
            size: foreign.config.length,
          },
          layers: foreign.layers.map((layer) => ({
            ...layer.descriptor,
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            urls,
          })),
        }),
      );
      registry.addManifest('old/base', '1', manifest, mediaTypes.dockerManifest);
      registry.blobs.set(`old/base@${foreign.configDigest}`, foreign.config);
    }

    it('takes the registry’s own blob first', async () => {
      publish(['https://192.0.2.1/never']);
      registry.blobs.set(`old/base@${foreign.layers[0]!.descriptor.digest}`, foreign.layers[0]!.blob);

      await store.pull(name('old/base:1'));

      expect((await resolveImage(store.deps, name('old/base:1'))).id).to.equal(foreign.configDigest);
    });

    it('takes the addresses in order when the registry has no blob, without credentials', async () => {
      publish([`http://${registry.address}/missing`, `http://${registry.address}/layer`]);
      const seen: (string | undefined)[] = [];
      registry.intercept = (request, response) => {
        if (request.path === '/layer') {
          seen.push(request.headers.authorization);
          reply(response, 200, {}, foreign.layers[0]!.blob);
          return true;
        }
        return false;
      };

      await store.pull(name('old/base:1'), { auth: async () => ({ username: 'u', password: 'p' }) });

      expect(seen).to.deep.equal([undefined]);
    });

    it('never asks hosts inside private networks', async () => {
      publish(['http://169.254.169.254/latest/meta-data']);

      expect(await failure(store.images.pull(name('old/base:1')))).to.include({
        message: 'refusing the layer address http://169.254.169.254',
      });
    });
  });

  it('reports Docker’s progress with bars', async () => {
    const big = randomImage({ seed: 71, layers: 1, filesPerLayer: 1, fileBytes: 3_000_000 });
    registry.addImage('acme/big', '1', big);

    await store.pull(name('acme/big:1'));

    const bars = store.messages.filter((message) => message.progressDetail?.total !== undefined);
    const { size } = big.layers[0]!.descriptor;
    expect(bars.length).to.be.greaterThan(0);
    expect(
      bars.find((bar) => bar.status === 'Downloading' && bar.progressDetail?.current === size)?.progress,
    ).to.match(/^\[={50}>\] {2}3\.00\dMB\/3\.00\dMB$/);
    for (const bar of bars) expect(bar.progressDetail?.total).to.equal(size);
  });

  it('says that the disk is full and leaves nothing half-made', async () => {
    store[Symbol.dispose]();
    store = new ImageStore({
      layers: (layers) =>
        new Proxy(layers, {
          get: (target, key) => {
            if (key === 'openApply') return () => fullDisk(target);
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        }),
    });

    expect((await failure(store.images.pull(name()))).message).to.include('no space left on device');
    await expectNothingVisible();
    expect(readdirSync(store.paths.windowsfilter)).to.deep.equal([]);
  });
});

/** A layer that can't be written. */
async function fullDisk(layers: LayerStore): Promise<LayerApply> {
  const apply = await layers.openApply(undefined, { parents: [] });
  return {
    write: () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    },
    commit: () => apply.commit(),
    abort: () => apply.abort(),
  };
}

/** The layers of both images, one on the other. */
function stack(below: RandomImage, above: RandomImage): RandomImage {
  const layers = [...below.layers, ...above.layers];
  const config = JSON.parse(below.config.toString()) as { rootfs: { diff_ids: string[] }; history: object[] };
  config.rootfs.diff_ids = layers.map((layer) => layer.diffId);
  config.history.push({ created_by: 'RUN x' });
  const configBytes = Buffer.from(JSON.stringify(config));
  const manifest = JSON.parse(below.manifest.toString()) as { config: object; layers: object[] };
  manifest.config = {
    mediaType: mediaTypes.dockerConfig,
    size: configBytes.length,
    digest: digestOf(configBytes),
  };
  manifest.layers = layers.map((layer) => layer.descriptor);
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    ...below,
    layers,
    config: configBytes,
    configDigest: digestOf(configBytes),
    manifest: bytes,
    manifestDigest: digestOf(bytes),
  };
}

/** gzip of so many zero bytes behind a tar header that promises them. */
async function zeros(bytes: number): Promise<Buffer> {
  const header = randomImage({ seed: 1, layers: 1, filesPerLayer: 1, fileBytes: 0 }).layers[0]!.tar.subarray(
    0,
    1536,
  );
  const big = Buffer.from(header);
  big.write(`${bytes.toString(8).padStart(11, '0')}\0`, 1024 + 124, 'latin1');
  big.write('        ', 1024 + 148, 'latin1');
  const sum = big.subarray(1024, 1536).reduce((total, byte) => total + byte, 0);
  big.write(`${sum.toString(8).padStart(6, '0')}\0 `, 1024 + 148, 'latin1');
  const gzip = createGzip({ level: 1 });
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  gzip.write(big);
  const block = Buffer.alloc(1 << 22);
  for (let written = 0; written < bytes; written += block.length) {
    if (!gzip.write(block)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  await new Promise((resolve) => gzip.once('end', resolve));
  return Buffer.concat(pieces);
}

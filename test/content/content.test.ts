import { expect } from 'chai';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/content/blobs.ts';
import { markContent } from '../../src/content/collect.ts';
import { changeImageIndex, readImageIndex, referencesOf } from '../../src/content/image-index.ts';
import type { ImageRecord } from '../../src/content/image-index.ts';
import { openIngest, sweepIngests } from '../../src/content/ingest.ts';
import type { Ingest } from '../../src/content/ingest.ts';
import { leasedContent, openLease } from '../../src/content/leases.ts';
import { digestHex, sha256 } from '../../src/image/digest.ts';
import { randomImage } from '../../src/image/random.ts';
import { dataPaths } from '../../src/state/paths.ts';
import type { DataPaths } from '../../src/state/paths.ts';
import { failure } from '../support/image-store.ts';

describe('the content store', () => {
  let paths: DataPaths;
  let blobs: BlobStore;
  const bytes = Buffer.alloc(300_000, 'content ');
  const wanted = { digest: sha256(bytes), size: bytes.length };

  beforeEach(() => {
    paths = dataPaths(mkdtempSync(join(tmpdir(), 'porthole-content-')));
    blobs = new BlobStore(paths);
  });

  afterEach(() => rmSync(paths.root, { recursive: true, force: true }));

  const open = async (): Promise<Ingest> => (await openIngest(paths, blobs, wanted))!;
  const part = (): string => join(paths.ingest, `sha256-${digestHex(wanted.digest)}.part`);

  describe('blobs', () => {
    it('are read-only files named by their digest, and verified when read', () => {
      const digest = blobs.put(Buffer.from('{}'));

      expect(blobs.pathOf(digest)).to.equal(join(paths.oci, 'blobs/sha256', digestHex(digest)));
      expect(statSync(blobs.pathOf(digest)).mode & 0o777).to.equal(0o444);
      expect(blobs.read(digest).toString()).to.equal('{}');
      expect(blobs.has({ digest, size: 2 })).to.equal(true);
      expect(blobs.has({ digest, size: 3 })).to.equal(false);
      chmodSync(blobs.pathOf(digest), 0o600);
      writeFileSync(blobs.pathOf(digest), '[]');
      expect(() => blobs.read(digest)).to.throw(`content digest ${digest}: damaged file`);
      expect(blobs.remove(digest)).to.equal(true);
      expect(blobs.remove(digest)).to.equal(false);
      expect(() => blobs.read(digest)).to.throw(`content digest ${digest}: not found`);
    });
  });

  describe('an ingest', () => {
    it('becomes a blob when digest and size are right', async () => {
      const ingest = await open();
      ingest.write([bytes.subarray(0, 10), bytes.subarray(10, 200_000)]);
      ingest.write([bytes.subarray(200_000)]);
      expect(blobs.has(wanted)).to.equal(false);

      await ingest.commit();
      ingest.close();

      expect(readFileSync(blobs.pathOf(wanted.digest)).equals(bytes)).to.equal(true);
      expect(statSync(blobs.pathOf(wanted.digest)).mode & 0o777).to.equal(0o444);
      expect(existsSync(part())).to.equal(false);
      expect(await openIngest(paths, blobs, wanted)).to.equal(undefined);
    });

    it('is taken over by the next one, which hashes what is there', async () => {
      const first = await open();
      first.write([bytes.subarray(0, 123_456)]);
      first.fail(new Error('broken'), true);
      first.close();

      const second = await open();
      expect(second.offset).to.equal(123_456);
      expect(second.resumed).to.equal(true);
      second.write([bytes.subarray(123_456)]);
      await second.commit();
      second.close();

      expect(blobs.has(wanted)).to.equal(true);
    });

    it('refuses other content and starts over', async () => {
      const ingest = await open();
      ingest.write([Buffer.alloc(bytes.length)]);

      expect(await failure(ingest.commit())).to.include({
        kind: 'invalid',
        code: 'BLOB_DIGEST_MISMATCH',
        message: `filesystem layer verification failed for digest ${wanted.digest}`,
      });
      expect(ingest.offset).to.equal(0);
      ingest.write([bytes]);
      await ingest.commit();
      ingest.close();
    });

    it('throws a part away that is longer than the blob', async () => {
      mkdirSync(paths.ingest, { recursive: true });
      writeFileSync(part(), Buffer.alloc(bytes.length + 1));

      const ingest = await open();

      expect(ingest.offset).to.equal(0);
      ingest.fail(new Error('x'), true);
      ingest.close();
      expect(existsSync(part())).to.equal(false);
    });

    it('has one writer; the other waits and finds the blob', async () => {
      const first = await open();
      let waited = false;
      const second = openIngest(paths, blobs, wanted, { onWait: () => (waited = true) });
      first.write([bytes]);
      await first.commit();
      first.close();

      expect(await second).to.equal(undefined);
      expect(waited).to.equal(true);
    });

    it('lets the other take over when the first fails, and ends its wait when cancelled', async () => {
      const first = await open();
      const abort = new AbortController();
      const cancelled = failure(openIngest(paths, blobs, wanted, { signal: abort.signal }));
      abort.abort(new Error('enough'));
      const second = openIngest(paths, blobs, wanted);
      first.fail(new Error('x'), true);
      first.close();

      expect((await cancelled).name).to.equal('AbortError');
      const ingest = await second;
      ingest!.fail(new Error('x'), false);
      ingest!.close();
    });

    it('lets readers follow, and tells them of its failure', async () => {
      const ingest = await open();
      const target = Buffer.alloc(1000);
      expect(ingest.readAt(target, 0)).to.equal(0);
      const waiting = ingest.waitBeyond(0, 0);
      ingest.write([bytes.subarray(0, 500)]);
      await waiting;
      expect(ingest.readAt(target, 100)).to.equal(400);
      expect(target.subarray(0, 400).equals(bytes.subarray(100, 500))).to.equal(true);
      const beyond = failure(ingest.waitBeyond(500, 0));
      ingest.fail(new Error('the connection broke'), true);

      expect((await beyond).message).to.equal('the connection broke');
      ingest.close();
    });

    it('is swept when nobody has touched it for long, and not while it is written', async () => {
      const ingest = await open();
      ingest.write([bytes.subarray(0, 10)]);
      const old = Date.now() - 8 * 24 * 3600 * 1000;
      utimesSync(part(), old / 1000, old / 1000);
      const before = Date.now() - 7 * 24 * 3600 * 1000;
      expect(sweepIngests(paths, { before })).to.equal(0);
      ingest.fail(new Error('x'), true);
      ingest.close();
      utimesSync(part(), old / 1000, old / 1000);

      expect(sweepIngests(paths, { before, dryRun: true })).to.equal(10);
      expect(sweepIngests(paths, { before })).to.equal(10);
      expect(readdirSync(paths.ingest)).to.deep.equal([]);
    });
  });

  const record = (image = randomImage({ seed: 1 })): ImageRecord => ({
    manifest: image.manifestDigest,
    manifestType: image.manifestType,
    manifestSize: image.manifest.length,
    platform: { architecture: 'amd64', os: 'windows' },
    layerSizes: [1, 2],
  });

  describe('the image index', () => {
    it('is empty at first, and written whole', async () => {
      expect(readImageIndex(paths)).to.deep.equal({ format: 1, images: {}, references: {} });

      await changeImageIndex(paths, (draft) => {
        draft.images['sha256:a'] = record();
        draft.references['docker.io/library/x:1'] = { image: 'sha256:a', target: 'sha256:b' };
        draft.references['reg:5000/x:2'] = { image: 'sha256:a', target: 'sha256:b' };
        draft.images['sha256:c'] = record(randomImage({ seed: 2 }));
      });

      const index = readImageIndex(paths);
      expect(referencesOf(index, 'sha256:a').map((reference) => reference.tag)).to.deep.equal(['1', '2']);
      const layout = JSON.parse(readFileSync(join(paths.oci, 'index.json'), 'utf8')) as {
        manifests: { annotations?: Record<string, string> }[];
      };
      expect(layout.manifests.map((entry) => entry.annotations)).to.deep.equal([
        { 'io.containerd.image.name': 'docker.io/library/x:1', 'org.opencontainers.image.ref.name': 'x:1' },
        { 'io.containerd.image.name': 'reg:5000/x:2', 'org.opencontainers.image.ref.name': 'reg:5000/x:2' },
        undefined,
      ]);
      expect(readFileSync(join(paths.oci, 'oci-layout'), 'utf8')).to.equal('{"imageLayoutVersion":"1.0.0"}');
    });

    it('is not written when the change throws', async () => {
      await failure(
        changeImageIndex(paths, (draft) => {
          draft.images['sha256:a'] = record();
          throw new Error('no');
        }),
      );

      expect(readImageIndex(paths).images).to.deep.equal({});
    });

    it('loses nothing when many change it at once', async () => {
      await Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          changeImageIndex(paths, async (draft) => {
            await new Promise((resolve) => setImmediate(resolve));
            draft.references[`docker.io/library/x:${at}`] = { image: 'sha256:a', target: 'sha256:b' };
          }),
        ),
      );

      expect(Object.keys(readImageIndex(paths).references)).to.have.length(30);
    });

    it('refuses what it did not write', () => {
      mkdirSync(paths.imageState, { recursive: true });
      const file = join(paths.imageState, 'refs.json');
      for (const [text, code] of [
        ['{', 'STATE_DAMAGED'],
        ['[]', 'STATE_DAMAGED'],
        ['{"format":1}', 'STATE_DAMAGED'],
        ['{"format":9,"images":{},"references":{}}', 'STATE_FORMAT_NEWER'],
      ] as const) {
        writeFileSync(file, text);
        expect(() => readImageIndex(paths), text)
          .to.throw()
          .that.includes({ code });
      }
    });
  });

  describe('leases', () => {
    it('keep content while their process lives', async () => {
      const lease = await openLease(paths, { blobs: ['sha256:a'], layers: ['l'] });

      expect([...leasedContent(paths).blobs]).to.deep.equal(['sha256:a']);
      lease.release();
      expect([...leasedContent(paths).blobs]).to.deep.equal([]);
    });

    it('of dead processes are void and removed', () => {
      mkdirSync(paths.leases, { recursive: true });
      writeFileSync(
        join(paths.leases, '1.1.json'),
        JSON.stringify({
          format: 1,
          owner: { pid: 2 ** 22 - 1, startTime: 'gone' },
          blobs: ['sha256:a'],
          layers: [],
        }),
      );

      expect(leasedContent(paths).blobs.size).to.equal(0);
      expect(readdirSync(paths.leases)).to.deep.equal([]);
    });
  });

  describe('what is needed', () => {
    it('is what images, leases and containers lead to', async () => {
      const image = randomImage({ seed: 1, layers: 2 });
      blobs.put(image.manifest);
      blobs.put(image.config);
      const lease = await openLease(paths, { blobs: ['sha256:leased'], layers: ['leased'] });

      const needed = markContent(
        paths,
        blobs,
        {
          images: { [image.configDigest]: record(image) },
          references: { 'docker.io/library/x:1': { image: image.configDigest, target: 'sha256:list' } },
        },
        ['held'],
      );

      lease.release();
      expect([...needed.blobs].sort()).to.deep.equal(
        [
          'sha256:leased',
          'sha256:list',
          image.manifestDigest,
          image.configDigest,
          ...image.layers.map((layer) => layer.descriptor.digest),
        ].sort(),
      );
      expect([...needed.layers].sort()).to.deep.equal(
        ['leased', 'held', ...image.chain.map(digestHex)].sort(),
      );
    });
  });
});

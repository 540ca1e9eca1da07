/** Pushes and pulls against Debian's docker-registry, with skopeo on the other side. */
import { expect } from 'chai';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { startLoopbackRegistry } from '../../../../scripts/loopback-registry.ts';
import type { LoopbackRegistry } from '../../../../scripts/loopback-registry.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import type { CommittedImage } from '../../../../src/engine/local/images/commit.ts';
import { randomImage } from '../../../../src/image/random.ts';
import { ImageStore, failure } from '../../../support/image-store.ts';
import { ThrottledRelay } from '../../../support/throttled-relay.ts';
import { startTokenServer } from '../../../support/token-server.ts';

const programs = ['docker-registry', 'skopeo', 'openssl'];
const missing = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
const reason = missing.length === 0 ? '' : ` (skipped: ${missing.join(', ')} not installed)`;

describe(`images against a real registry${reason}`, function () {
  this.timeout(30_000);
  let folder: string;
  let registry: LoopbackRegistry;
  const stores: ImageStore[] = [];

  before(async function () {
    if (missing.length > 0) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'porthole-registry-'));
    registry = await startLoopbackRegistry(join(folder, 'plain'));
  });

  after(async () => {
    if (missing.length > 0) return;
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => stores.splice(0).forEach((store) => store[Symbol.dispose]()));

  function aStore(options: ConstructorParameters<typeof ImageStore>[0] = {}): ImageStore {
    const store = new ImageStore(options);
    stores.push(store);
    return store;
  }

  async function anImage(
    store: ImageStore,
    tag: string,
    parent?: string,
    seed = 1,
    fileBytes = 2000,
  ): Promise<CommittedImage> {
    const { layers } = randomImage({ seed, layers: 1, fileBytes });
    return commitImage(store.deps, {
      ...(parent === undefined
        ? { platform: { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.2402' } }
        : { parent }),
      layer: Readable.from([layers[0]!.tar]),
      config: { Cmd: ['cmd'] },
      history: { createdBy: `layer ${seed}`, created: '2024-05-06T07:08:09Z' },
      tags: [tag],
    });
  }

  const skopeo = (...args: string[]): string =>
    execFileSync('skopeo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

  it('pushes, and another store pulls the same image and then only what is new', async () => {
    const [ours, other] = [aStore(), aStore()];
    const name = `${registry.address}/acme/app`;
    const first = await anImage(ours, `${name}:1`);

    await ours.push(`${name}:1`);
    const pulled = await other.pull(`${name}:1`);
    await anImage(ours, `${name}:2`, first.id, 2);
    await ours.push(`${name}:2`);
    const delta = await other.pull(`${name}:2`);

    expect(pulled.at(-1)).to.equal(`Status: Downloaded newer image for ${name}:1`);
    expect(delta.filter((line) => line.endsWith('Already exists'))).to.have.length(1);
    expect(delta.filter((line) => line.endsWith('Pull complete'))).to.have.length(1);
    expect((await other.images.inspect(`${name}:1`)).Id).to.equal(first.id);
    const seen = JSON.parse(
      skopeo('inspect', '--tls-verify=false', '--override-os=windows', `docker://${name}:2`),
    ) as { Digest: string; Os: string };
    expect((await other.images.inspect(`${name}:2`)).RepoDigests).to.deep.equal([`${name}@${seen.Digest}`]);
    expect(seen.Os).to.equal('windows');
  });

  it('keeps an image layout that skopeo reads', async () => {
    const store = aStore();
    const name = `${registry.address}/acme/layout`;
    const made = await anImage(store, `${name}:1`);
    await store.images.tag(`${name}:1`, 'acme/app:dev');

    for (const reference of [`${name}:1`, 'acme/app:dev']) {
      const seen = JSON.parse(skopeo('inspect', `oci:${store.paths.oci}:${reference}`)) as {
        Layers: string[];
      };
      expect(seen.Layers).to.deep.equal([made.layer?.digest]);
    }
    skopeo('copy', '-q', `oci:${store.paths.oci}:acme/app:dev`, `dir:${join(folder, 'copied')}`);
    expect(existsSync(join(folder, 'copied', made.layer!.digest.slice(7)))).to.equal(true);
    const raw = skopeo('inspect', '--raw', '--config', `oci:${store.paths.oci}:acme/app:dev`);
    expect(JSON.parse(raw)).to.deep.include({ os: 'windows', 'os.version': '10.0.20348.2402' });
  });

  for (const format of ['oci', 'v2s2']) {
    it(`pulls what skopeo pushed as ${format}`, async () => {
      const [ours, other] = [aStore(), aStore()];
      const made = await anImage(ours, 'acme/app:dev');
      const target = `${registry.address}/skopeo/${format}:1`;
      skopeo(
        'copy',
        '-q',
        '--dest-tls-verify=false',
        `--format=${format}`,
        `oci:${ours.paths.oci}:acme/app:dev`,
        `docker://${target}`,
      );

      await other.pull(target);

      const { Id, RootFS } = await other.images.inspect(target);
      expect(RootFS).to.deep.equal({ Type: 'layers', Layers: made.config.rootfs.diff_ids });
      if (format === 'v2s2') expect(Id).to.equal(made.id);
    });
  }

  it('goes on where a killed process stopped', async () => {
    const [ours, other] = [aStore(), aStore()];
    const path = 'acme/big:1';
    const made = await anImage(ours, `${registry.address}/${path}`, undefined, 3, 2_000_000);
    await ours.push(`${registry.address}/${path}`);
    const relay = await ThrottledRelay.start(Number(registry.address.split(':')[1]));
    const { address } = relay;
    relay.bytesPerTurn = 60_000;
    const child = spawn(process.execPath, ['test/support/pull-child.ts', other.root, `${address}/${path}`], {
      stdio: 'inherit',
    });
    const part = join(other.paths.ingest, `sha256-${made.layer!.digest.slice(7)}.part`);
    while (!existsSync(part) || statSync(part).size < 1_000_000) {
      if (child.exitCode !== null) throw new Error('the child ended by itself');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const kept = statSync(part).size;
    relay.bytesPerTurn = Infinity;
    relay.received = 0;

    await other.pull(`${address}/${path}`);

    await relay.stop();
    expect(relay.received).to.be.lessThan(made.layer!.size - kept + 20_000);
    expect((await other.images.inspect(`${address}/${path}`)).Id).to.equal(made.id);
    expect(readdirSync(other.paths.ingest)).to.deep.equal([]);
    expect(
      readdirSync(other.paths.windowsfilter).filter((name) => !/^[0-9a-f]{64}$/.test(name)),
    ).to.deep.equal([]);
    expect(readdirSync(other.paths.locks).filter((name) => name.endsWith('.lock'))).to.deep.equal([]);
  });

  it('logs in with a password (htpasswd)', async () => {
    const home = join(folder, 'basic');
    mkdirSync(home);
    const htpasswd = join(home, 'htpasswd');
    writeFileSync(htpasswd, 'user:$2b$04$abcdefghijklmnopqrstuuh51NQfZBCY2nUs1Btlpp7LsFp/mk44C\n');
    const guarded = await startLoopbackRegistry(
      home,
      `auth: {htpasswd: {realm: basic-realm, path: ${JSON.stringify(htpasswd)}}}\n`,
    );
    const [ours, other] = [aStore(), aStore()];
    const name = `${guarded.address}/acme/app:1`;
    await anImage(ours, name);
    const auth = async (): Promise<{ username: string; password: string }> => ({
      username: 'user',
      password: 's3cret:x',
    });

    try {
      expect(await failure(ours.push(name))).to.include({
        kind: 'unauthorized',
        message: 'no basic auth credentials',
      });
      expect(
        (await failure(ours.push(name, { auth: async () => ({ username: 'user', password: 'wrong' }) })))
          .message,
      ).to.match(/^unauthorized: authentication required/);
      await ours.push(name, { auth });
      expect(await failure(other.pull(name))).to.include({ message: 'no basic auth credentials' });
      await other.pull(name, { auth });
    } finally {
      await guarded.stop();
    }

    expect(await other.images.list()).to.have.length(1);
  });

  it('gets tokens: anonymous ones for pulling, a user’s for pushing', async () => {
    const home = join(folder, 'token');
    mkdirSync(home);
    const tokens = await startTokenServer(home, 'user', 'pw');
    const guarded = await startLoopbackRegistry(home, tokens.registryConfig);
    const [ours, other] = [aStore(), aStore()];
    const name = `${guarded.address}/acme/app:1`;
    await anImage(ours, name);

    try {
      expect((await failure(ours.push(name))).message).to.match(
        /^(denied: requested access to the resource is denied|unauthorized: authentication required)/,
      );
      expect(
        await failure(ours.push(name, { auth: async () => ({ username: 'user', password: 'no' }) })),
      ).to.include({ message: 'unauthorized: incorrect username or password' });
      await ours.push(name, { auth: async () => ({ username: 'user', password: 'pw' }) });
      tokens.requests.length = 0;
      await other.pull(name);
    } finally {
      await guarded.stop();
      await tokens.stop();
    }

    expect(tokens.requests).to.deep.equal(['GET repository:acme/app:pull anonymous']);
    expect(await other.images.list()).to.have.length(1);
  });

  it('speaks http to a loopback registry without being told, and says when nothing is there', async () => {
    const store = aStore();

    expect(await failure(store.pull('127.0.0.1:1/acme/app:1'))).to.include({
      kind: 'unavailable',
      message: 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    });
    expect(await failure(store.pull(`${registry.address}/acme/none:1`))).to.include({
      kind: 'notFound',
      message: `manifest for ${registry.address}/acme/none:1 not found: manifest unknown: manifest unknown`,
    });
  });
});

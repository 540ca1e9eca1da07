/** `commit` and `diff` on a memory host with a real image store: which image comes out, what is refused, what is left. */
import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EventMessage } from '../../../../src/api/types/index.ts';
import { commitImage } from '../../../../src/engine/local/images/commit.ts';
import type { ImageDeps } from '../../../../src/engine/local/images/deps.ts';
import { createImagesRole } from '../../../../src/engine/local/images/images.ts';
import { resolveImage } from '../../../../src/engine/local/images/resolve.ts';
import type { ContainerCommitRequest } from '../../../../src/engine/roles/index.ts';
import type { Program } from '../../../../src/host/memory/compute.ts';
import { createMemoryLayers } from '../../../../src/host/memory/layers.ts';
import type { MemoryLayerStore, ScratchChange } from '../../../../src/host/memory/layers.ts';
import { BlobStore } from '../../../../src/content/blobs.ts';
import { monitorLockPath } from '../../../../src/state/container-files.ts';
import { eventFile } from '../../../../src/state/event-log.ts';
import { tryLock } from '../../../../src/state/lock.ts';
import { baseImageLayers, baseOsVersion } from '../../../support/base-image.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import type { RequestOverrides } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine, MemoryEngineOptions } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

const untilKilled: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(1)));
const programs: Record<string, Program> = { 'ok.exe': () => 0, 'forever.exe': untilKilled };

const wrote: ScratchChange[] = [
  { kind: 'write', path: 'app/out.txt', content: 'made here' },
  { kind: 'remove', path: 'License.txt' },
];

describe('committing a container', () => {
  let layers: MemoryLayerStore;
  let images: ImageDeps;
  let engine: MemoryEngine;
  let base: string;
  let folder: string;

  const open = async (options: MemoryEngineOptions = {}): Promise<void> => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-commit-'));
    layers = createMemoryLayers(folder);
    engine = memoryEngine({
      programs,
      layers,
      now: () => Date.parse('2024-06-01T12:00:00Z'),
      images: (deps) => {
        images = deps;
        return {
          resolveImage: async (name) => resolveImage(deps, name),
          commitImage: (request) => commitImage(deps, request),
        };
      },
      ...options,
    });
    const made = await commitImage(images, {
      layer: Readable.from([baseImageLayers('nanoserver')[0]!]),
      config: { Cmd: ['ok.exe'], User: 'ContainerUser', Env: ['Path=C:\\Windows'], Labels: { of: 'base' } },
      history: { createdBy: 'base', author: 'the base maker' },
      platform: { os: 'windows', architecture: 'amd64', osVersion: baseOsVersion },
      tags: ['app'],
    });
    base = made.id;
    // All that a Hyper-V isolated container asks of the disk itself.
    mkdirSync(join(folder, made.layer!.id, 'UtilityVM'), { recursive: true });
  };

  const close = async (): Promise<void> => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  };

  beforeEach(() => open());
  afterEach(() => close());

  const create = async (name: string, overrides: RequestOverrides = {}): Promise<string> =>
    (await engine.containers.create(aCreateRequest(overrides), { name })).Id;
  const run = async (name: string, overrides: RequestOverrides = {}): Promise<string> => {
    const id = await create(name, overrides);
    const { exit } = await engine.containers.wait(id, 'next-exit');
    await engine.containers.start(id);
    await exit;
    return id;
  };
  const commit = (name: string, request: Partial<ContainerCommitRequest> = {}): Promise<{ Id: string }> =>
    engine.containers.commit(name, {
      reference: '',
      author: '',
      comment: '',
      pause: true,
      changes: [],
      ...request,
    });
  const configOf = (id: string): Record<string, unknown> =>
    JSON.parse(new BlobStore(engine.paths).read(id).toString()) as Record<string, unknown>;
  const events = (): EventMessage[] =>
    readFileSync(eventFile(engine.paths.events, engine.deps.environment.now()), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventMessage);
  const read = async (imageId: string, path: string): Promise<string | undefined> => {
    const { layerIds } = await resolveImage(images, imageId);
    if ((await layers.stat(layerIds[0]!, path)) === undefined) return undefined;
    for await (const entry of layers.readTree(layerIds[0]!, path))
      return (await buffer(entry.open())).toString();
    return undefined;
  };
  /** Images, layers, blobs and leases: what a failed commit must not add to. */
  const stored = async (): Promise<unknown> => ({
    images: (await createImagesRole(images).list({ all: true })).map(({ Id }) => Id),
    layers: (await layers.list()).map(({ id }) => id),
    blobs: readdirSync(join(engine.paths.oci, 'blobs', 'sha256')).sort(),
    leases: existsSync(engine.paths.leases) ? readdirSync(engine.paths.leases) : [],
  });

  it('puts its changes on its image', async () => {
    const id = await create('web', { Cmd: ['app.exe', 'a b'], Hostname: 'box' });
    layers.change(id, wrote);

    const { Id } = await commit('web', { reference: 'acme/web:v2', author: 'me', comment: 'said so' });

    expect(await read(Id, 'C:\\app\\out.txt')).to.equal('made here');
    expect(await read(Id, 'License.txt')).to.equal(undefined);
    const config = configOf(Id);
    const of = configOf(base) as { rootfs: { diff_ids: string[] }; history: unknown[] };
    const { rootfs, history, container_config, ...rest } = config as typeof config & typeof of;
    expect(rootfs.diff_ids.slice(0, -1)).to.deep.equal(of.rootfs.diff_ids);
    expect(rootfs.diff_ids).to.have.length(2);
    expect(history).to.deep.equal([
      ...of.history,
      { created: '2024-06-01T12:00:00.000Z', created_by: 'app.exe a b', author: 'me', comment: 'said so' },
    ]);
    const container = (await engine.containers.inspect('web')).Config;
    expect(container_config).to.deep.equal(container);
    expect(rest).to.deep.equal({
      architecture: 'amd64',
      os: 'windows',
      'os.version': baseOsVersion,
      author: 'me',
      created: '2024-06-01T12:00:00.000Z',
      container: id,
      config: container,
    });
    expect(container).to.include({ Hostname: 'box', Image: 'app', User: 'ContainerUser' });
  });

  it('shows the image in lists, inspect and history', async () => {
    const id = await create('web');
    layers.change(id, wrote);
    const { Id } = await commit('web', { reference: 'acme/web', comment: 'said so', author: 'me' });
    const role = createImagesRole(images);

    const inspected = await role.inspect('acme/web');
    expect(inspected).to.include({
      Id,
      Parent: base,
      Comment: 'said so',
      Author: 'me',
      OsVersion: baseOsVersion,
    });
    expect(inspected.RepoTags).to.deep.equal(['acme/web:latest']);
    const [newest, older] = await role.history(Id);
    expect(newest).to.include({ Id, CreatedBy: 'ok.exe', Comment: 'said so', Size: 9 });
    expect(older).to.include({ Id: base, CreatedBy: 'base' });
    expect((await role.list()).map(({ RepoTags }) => RepoTags)).to.have.deep.members([
      ['acme/web:latest'],
      ['app:latest'],
    ]);
  });

  it('does not keep the author of the image below', async () => {
    await create('web');

    expect(configOf((await commit('web')).Id)['author'] ?? '').to.equal('');
  });

  it('applies changes to the configuration of the container', async () => {
    await create('web', {
      Env: ['A=1'],
      Labels: { own: 'x' },
      ExposedPorts: { '80/tcp': {} },
      Cmd: ['x.exe'],
    });

    const { Id } = await commit('web', {
      changes: ['ENV B=$A$PATH', 'EXPOSE 81', 'LABEL more=1', 'ENTRYPOINT ["e.exe"]', 'WORKDIR C:/app'],
    });

    const { config, container_config } = configOf(Id) as Record<string, Record<string, unknown>>;
    expect(config).to.deep.include({
      Env: ['A=1', 'Path=C:\\Windows', 'B=1C:\\Windows'],
      ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
      Labels: { of: 'base', own: 'x', more: '1' },
      Entrypoint: ['e.exe'],
      Cmd: null,
      WorkingDir: 'C:\\app',
    });
    expect(container_config).to.deep.include({ Cmd: ['x.exe'], Entrypoint: null, WorkingDir: '' });
  });

  it('takes the command of the container where the changes empty theirs, and none where nobody has one', async () => {
    await create('web', { Cmd: ['x.exe'] });
    await create('entry', { Entrypoint: ['e.exe'] });
    const section = async (name: string, changes: string[]): Promise<unknown> =>
      configOf((await commit(name, { changes })).Id)['config'];

    expect(await section('web', ['CMD []'])).to.deep.include({ Cmd: ['x.exe'], Entrypoint: null });
    expect(await section('entry', ['ENTRYPOINT []'])).to.deep.include({ Cmd: null, Entrypoint: [] });
  });

  it('makes an image that runs, and can be committed in turn', async () => {
    const first = await run('one');
    layers.change(first, wrote);
    await commit('one', { reference: 'second', changes: ['CMD ["ok.exe"]'] });
    const second = await run('two', { Image: 'second' });
    layers.change(second, [{ kind: 'write', path: 'more.txt', content: 'more' }]);

    const { Id } = await commit('two', { reference: 'third' });

    expect([await read(Id, 'app/out.txt'), await read(Id, 'more.txt')]).to.deep.equal(['made here', 'more']);
    const history = await createImagesRole(images).history('third');
    expect(history.map(({ Tags }) => Tags)).to.deep.equal([
      ['third:latest'],
      ['second:latest'],
      ['app:latest'],
    ]);
  });

  it('leaves an image without a name when it is given none, and takes names from others', async () => {
    const id = await create('web');
    const nameless = (await commit('web')).Id;
    layers.change(id, wrote);
    const role = createImagesRole(images);
    const dangling = async (): Promise<string[]> =>
      (await role.list({ filters: { dangling: ['true'] } })).map(({ Id }) => Id);
    expect(await dangling()).to.deep.equal([nameless]);

    const first = (await commit('web', { reference: 'busy' })).Id;
    layers.change(id, [{ kind: 'write', path: 'x', content: 'x' }]);
    const second = (await commit('web', { reference: 'busy:latest' })).Id;

    expect((await role.inspect('busy')).Id).to.equal(second);
    expect(await dangling()).to.have.members([nameless, first]);
  });

  it('tells of it in the events', async () => {
    const id = await create('web');
    const seen = events().length;

    const { Id } = await commit('web', { reference: 'localhost:5000/acme/web', comment: 'why' });
    await commit('web');

    const told = events()
      .slice(seen)
      .map(({ Type, Action, Actor }) => [Type, Action, Actor.ID, Actor.Attributes]);
    const name = 'localhost:5000/acme/web:latest';
    expect(told.slice(0, 3)).to.deep.equal([
      ['image', 'create', Id, { name: Id }],
      ['image', 'tag', Id, { name }],
      [
        'container',
        'commit',
        id,
        { of: 'base', comment: 'why', imageID: Id, imageRef: name, image: 'app', name: 'web' },
      ],
    ]);
    expect(told.at(-1)![3]).to.include({ comment: '', imageRef: '' });
  });

  it('refuses a running container in moby’s words, and does it once the container has ended', async () => {
    for (const isolation of ['process', 'hyperv']) {
      const id = await create(isolation, { Cmd: ['forever.exe'], HostConfig: { Isolation: isolation } });
      await engine.containers.start(id);
      const before = await stored();

      const error = await rejection(commit(isolation, { pause: true }));
      expect(error).to.include({
        kind: 'internal',
        message: 'windows does not support commit of a running container',
        hint: `stop it first: porthole stop ${isolation}`,
      });
      const diff = await rejection(engine.containers.changes(id));
      expect(diff).to.include({ message: 'Windows does not support diff of a running container' });
      expect(await stored()).to.deep.equal(before);
      await engine.containers.kill(id, 'KILL');
      expect((await commit(isolation)).Id).to.match(/^sha256:/);
    }
  });

  it('says what cannot be, before anything is made', async () => {
    const id = await create('web');
    const before = await stored();
    const message = async (name: string, request: Partial<ContainerCommitRequest>): Promise<string> =>
      (await rejection(commit(name, request))).message;

    expect(await message('nope', {})).to.equal('No such container: nope');
    expect(await message('web', { reference: 'Bad' })).to.include('must be lowercase');
    expect(await message('web', { reference: `x@${base}` })).to.equal(
      'refusing to create a tag with a digest reference',
    );
    expect(await message('web', { changes: ['FROM x'] })).to.equal('FROM is not a valid change command');
    expect(await stored()).to.deep.equal(before);
    const lock = tryLock(monitorLockPath(engine.paths, id));
    expect(lock, 'the container is free again').to.not.equal(undefined);
    lock!.release();
  });

  it('tells when the image of the container is gone, before anything is exported', async () => {
    await create('web');
    await createImagesRole(images).remove('app', { force: true });
    layers.diff = () => {
      throw new Error('nothing is to be exported');
    };

    expect(await rejection(commit('web'))).to.include({
      kind: 'notFound',
      message: `No such image: ${base}`,
      hint: 'the image of web was removed: pull it again, or commit a container of another one',
    });
  });

  it('leaves nothing when the layer breaks half-way, and when it is called off', async () => {
    const id = await create('web');
    layers.change(id, wrote);
    const before = await stored();
    const real = layers.diff.bind(layers);
    layers.diff = async (key) => {
      const tar = await buffer(await real(key));
      async function* broken(): AsyncGenerator<Buffer> {
        yield tar.subarray(0, 700);
        throw new Error('the disk is gone');
      }
      return Readable.from(broken());
    };
    expect((await rejection(commit('web', { reference: 'x' }))).message).to.equal('the disk is gone');
    expect(await stored()).to.deep.equal(before);

    const controller = new AbortController();
    const endless = new PassThrough();
    layers.diff = async () => {
      endless.write(Buffer.alloc(10));
      setImmediate(() => controller.abort(new Error('called off')));
      setImmediate(() => endless.write(Buffer.alloc(10)));
      return endless;
    };
    const request = { reference: 'x', author: '', comment: '', pause: true, changes: [] };
    const error = await rejection(engine.containers.commit('web', request, { signal: controller.signal }));
    expect(error.message).to.equal('called off');
    expect(await stored()).to.deep.equal(before);
    layers.diff = real;
    expect((await commit('web', { reference: 'x' })).Id).to.match(/^sha256:/);
  });

  it('keeps others from starting the container meanwhile', async () => {
    const id = await create('web', { Cmd: ['forever.exe'] });
    layers.change(id, wrote);
    const real = layers.diff.bind(layers);
    let started: Promise<void> | undefined;
    let isStarted = false;
    layers.diff = async (key) => {
      started = engine.containers.start(id).then(() => void (isStarted = true));
      const tar = await real(key);
      expect(isStarted).to.equal(false);
      return tar;
    };

    const { Id } = await commit('web');
    await started;

    expect(await read(Id, 'app/out.txt')).to.equal('made here');
    expect((await engine.containers.inspect(id)).State.Running).to.equal(true);
  });

  it('says with which Wine the files were made', async () => {
    await close();
    await open({ host: { backend: 'wine', description: 'Wine 8.0 on Debian GNU/Linux 12' } });
    await create('never');
    await run('ran');
    const labels = async (name: string): Promise<unknown> =>
      (configOf((await commit(name)).Id)['config'] as { Labels: unknown }).Labels;

    expect(await labels('never')).to.deep.equal({ of: 'base' });
    expect(await labels('ran')).to.deep.equal({ of: 'base', 'io.porthole.built-with': 'wine 8.0' });
  });

  it('lists what changed, and nothing where nothing did', async () => {
    const id = await create('web');
    expect(await engine.containers.changes('web')).to.deep.equal([]);
    layers.change(id, [
      ...wrote,
      { kind: 'write', path: 'Windows/System32/drivers/etc/hosts', content: 'other' },
      { kind: 'hive', name: 'porthole-system.delta', content: 'x' },
    ]);

    const changes = await engine.containers.changes('web');

    expect(changes.map(({ Kind, Path }) => `${'CAD'[Kind]} ${Path}`)).to.deep.equal([
      'D Files/License.txt',
      'C Files/Windows',
      'C Files/Windows/System32',
      'C Files/Windows/System32/drivers',
      'C Files/Windows/System32/drivers/etc',
      'C Files/Windows/System32/drivers/etc/hosts',
      'A Files/app',
      'A Files/app/out.txt',
      'C Hives/porthole-system.delta',
    ]);
    expect((await rejection(engine.containers.changes('nope'))).message).to.equal('No such container: nope');
  });
});

import { expect } from 'chai';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventMessage } from '../../../../src/api/types/index.ts';
import { createVolumesRole } from '../../../../src/engine/local/volumes/volumes-role.ts';
import type { VolumesRole } from '../../../../src/engine/roles/index.ts';
import { eventFile } from '../../../../src/state/event-log.ts';
import { tryLock } from '../../../../src/state/lock.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');
const anonymousLabel = 'com.docker.volume.anonymous';

describe('volumes', () => {
  let engine: MemoryEngine;
  let volumes: VolumesRole;

  beforeEach(() => {
    engine = memoryEngine({ now: () => now });
    volumes = createVolumesRole(engine.deps);
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  const folder = (name: string): string => join(engine.paths.volumes, name, '_data');
  const names = async (filters: Record<string, string[]> = {}): Promise<string[]> =>
    ((await volumes.list({ filters })).Volumes ?? []).map(({ Name }) => Name);
  const mount = (Binds: string[], name: string) =>
    engine.containers.create(aCreateRequest({ HostConfig: { Binds } }), { name });

  it('are folders with a name', async () => {
    const made = await volumes.create({ Name: 'data', Driver: 'local', Labels: { tier: 'db' } });

    expect(made).to.deep.equal({
      CreatedAt: '2026-01-02T03:04:05Z',
      Driver: 'local',
      Labels: { tier: 'db' },
      Mountpoint: folder('data'),
      Name: 'data',
      Options: null,
      Scope: 'local',
    });
    expect(existsSync(folder('data'))).to.equal(true);
    expect(await volumes.inspect('data')).to.deep.equal(made);
    expect(await volumes.create({ Name: 'data', Labels: { tier: 'other' } }), 'again').to.deep.equal(made);
  });

  it('are anonymous without a name', async () => {
    const { Name, Labels } = await volumes.create({ Driver: 'local' });

    expect(Name).to.match(/^[0-9a-f]{64}$/);
    expect(Labels).to.deep.equal({ [anonymousLabel]: '' });
  });

  for (const [request, message] of [
    [
      { Name: 'x' },
      'create x: volume name is too short, names should be at least two alphanumeric characters',
    ],
    [{ Name: 'con' }, 'volume name "con" cannot be a reserved word for Windows filenames'],
    [{ Name: '../up' }, /^create \.\.\/up: "\.\.\/up" includes invalid characters for a local volume name/],
    [{ Name: 'ok', Driver: 'azure' }, 'error looking up volume plugin azure: plugin "azure" not found'],
    [{ Name: 'ok', DriverOpts: { o: 'size=1g' } }, 'options are not supported on this platform'],
  ] as const) {
    it(`refuse ${JSON.stringify(request)}`, async () => {
      expect((await rejection(volumes.create(request))).message).to.match(
        typeof message === 'string' ? new RegExp(`^${message}$`) : message,
      );
      expect(await names()).to.deep.equal([]);
    });
  }

  it('are listed by filters', async () => {
    await volumes.create({ Name: 'web-data', Labels: { tier: 'web', a: '1' } });
    await volumes.create({ Name: 'db-data', Labels: { tier: 'db' } });
    const { Name: anonymous } = await volumes.create({});
    await mount(['db-data:C:\\data'], 'db');

    expect(await names()).to.have.members(['web-data', 'db-data', anonymous]);
    expect(await names({ label: ['tier'] })).to.have.members(['web-data', 'db-data']);
    expect(await names({ label: ['tier=web', 'a'] })).to.deep.equal(['web-data']);
    expect(await names({ label: [anonymousLabel] })).to.deep.equal([anonymous]);
    expect(await names({ name: ['^db', 'web'] })).to.have.members(['web-data', 'db-data']);
    expect(await names({ driver: ['azure'] })).to.deep.equal([]);
    expect(await names({ dangling: ['false'] })).to.deep.equal(['db-data']);
    expect(await names({ dangling: ['true'], name: ['data'] })).to.deep.equal(['web-data']);
    expect((await rejection(names({ size: ['1'] }))).message).to.equal("invalid filter 'size'");
    expect((await rejection(names({ dangling: ['maybe'] }))).message).to.equal(
      "invalid filter 'dangling=maybe'",
    );
  });

  it('are removed with their content, and never while a container has them', async () => {
    const { Id } = await mount(['data:C:\\data'], 'web');
    writeFileSync(join(folder('data'), 'file'), 'kept');

    for (const force of [false, true]) {
      expect(await rejection(volumes.remove('data', { force }))).to.include({
        kind: 'conflict',
        message: `remove data: volume is in use - [${Id}]`,
      });
    }
    expect(existsSync(join(folder('data'), 'file'))).to.equal(true);
    await engine.containers.remove(Id);
    expect(await names(), 'named ones outlive containers').to.deep.equal(['data']);
    await volumes.remove('data');

    expect(await names()).to.deep.equal([]);
    expect(readdirSync(engine.paths.trash)).to.deep.equal([]);
    const lines = readFileSync(eventFile(engine.paths.events, now), 'utf8').trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as EventMessage);
    const ofVolumes = events.filter(({ Type }) => Type === 'volume');
    expect(ofVolumes.map(({ Action, Actor }) => [Action, Actor.ID])).to.deep.equal([
      ['create', 'data'],
      ['destroy', 'data'],
    ]);
  });

  it('are in use under their own name, whatever case Windows found them by', async () => {
    await volumes.create({ Name: 'data' });
    // What NTFS answers for the other spelling.
    symlinkSync('data', join(engine.paths.volumes, 'Data'));
    const { Id } = await mount(['Data:C:\\data'], 'web');

    expect((await engine.containers.inspect(Id)).Mounts.map(({ Name }) => Name)).to.deep.equal(['data']);
    for (const name of ['data', 'Data'])
      expect(await rejection(volumes.remove(name))).to.include({
        message: `remove data: volume is in use - [${Id}]`,
      });
  });

  it('that are none are told so', async () => {
    mkdirSync(engine.paths.volumes, { recursive: true });
    writeFileSync(join(engine.paths.root, 'volume.json'), JSON.stringify({ format: 1, name: '..' }));

    for (const name of ['none', '..', '../volumes', 'a\\b', '']) {
      expect(await rejection(volumes.inspect(name))).to.include({
        kind: 'notFound',
        message: `get ${name}: no such volume`,
      });
      expect(await rejection(volumes.remove(name))).to.include({ message: `get ${name}: no such volume` });
      await volumes.remove(name, { force: true });
    }
    expect(existsSync(engine.paths.root)).to.equal(true);
  });

  it('with a damaged record hide no others', async () => {
    await volumes.create({ Name: 'good' });
    await volumes.create({ Name: 'torn' });
    writeFileSync(join(engine.paths.volumes, 'torn', 'volume.json'), '{');

    expect(await names()).to.deep.equal(['good']);
    expect(await rejection(volumes.inspect('torn'))).to.include({ code: 'STATE_DAMAGED' });
    await volumes.prune({ filters: { all: ['true'] } });
    expect(existsSync(folder('torn')), 'nobody knows what is in it').to.equal(true);
  });

  describe('that nobody mounts', () => {
    let anonymous: string;
    beforeEach(async () => {
      ({ Name: anonymous } = await volumes.create({}));
      mkdirSync(join(folder(anonymous), 'deep'));
      writeFileSync(join(folder(anonymous), 'deep', 'file'), 'x'.repeat(1000));
      symlinkSync('/', join(folder(anonymous), 'root'));
      await volumes.create({ Name: 'named', Labels: { keep: 'yes' } });
      await mount(['busy:C:\\data'], 'web');
    });

    it('are pruned when they are anonymous', async () => {
      const told = await volumes.prune({ dryRun: true });
      expect(await names()).to.have.members([anonymous, 'named', 'busy']);

      const done = await volumes.prune();

      expect(done).to.deep.equal(told);
      expect(done.VolumesDeleted).to.deep.equal([anonymous]);
      expect(done.SpaceReclaimed).to.be.within(1000, 1200);
      expect(await names()).to.have.members(['named', 'busy']);
      expect(readdirSync(engine.paths.trash)).to.deep.equal([]);
      expect(await volumes.prune()).to.deep.equal({ VolumesDeleted: null, SpaceReclaimed: 0 });
    });

    it('are pruned with all=true, but for what filters keep', async () => {
      const all = { all: ['true'] };

      expect((await volumes.prune({ filters: { ...all, 'label!': ['keep'] } })).VolumesDeleted).to.deep.equal(
        [anonymous],
      );
      expect((await volumes.prune({ filters: { ...all, label: ['keep=no'] } })).VolumesDeleted).to.equal(
        null,
      );
      expect((await volumes.prune({ filters: all })).VolumesDeleted).to.deep.equal(['named']);
      expect(await names()).to.deep.equal(['busy']);
      expect((await rejection(volumes.prune({ filters: { until: ['1h'] } }))).message).to.equal(
        "invalid filter 'until'",
      );
    });

    it('are pruned by one at a time', async () => {
      using _lock = tryLock(join(engine.paths.locks, 'prune-volumes'));

      expect((await rejection(volumes.prune())).message).to.equal('a prune operation is already running');
    });
  });
});

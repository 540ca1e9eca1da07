import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statusText } from '../../../../src/engine/local/containers/status-text.ts';
import { commandText } from '../../../../src/engine/local/containers/command-text.ts';
import { zeroTime } from '../../../../src/state/timestamp.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import type { RequestOverrides } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

describe('lists of containers', () => {
  let engine: MemoryEngine;
  let clock = Date.parse('2026-01-02T03:00:00Z');

  beforeEach(() => {
    engine = memoryEngine({
      now: () => (clock += 10),
      programs: {
        'app.exe': ({ killed, onSignal }) =>
          new Promise((resolve) => {
            onSignal(() => resolve(0));
            killed.addEventListener('abort', () => resolve(1));
          }),
        'fail.exe': () => 3,
      },
    });
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  const create = async (name: string, overrides: RequestOverrides = {}): Promise<string> =>
    (await engine.containers.create(aCreateRequest(overrides), { name })).Id;
  const names = async (filters: Record<string, string[]>): Promise<string[]> =>
    (await engine.containers.list({ all: true, filters })).map((item) => item.Names[0]!.slice(1));

  it('are newest first and show what runs unless all is asked for', async () => {
    await create('one');
    const two = await create('two');
    await create('three');
    await engine.containers.start(two);

    expect((await engine.containers.list()).map(({ Names }) => Names)).to.deep.equal([['/two']]);
    expect(await names({})).to.deep.equal(['three', 'two', 'one']);
    expect((await engine.containers.list({ limit: 2 })).map(({ Names }) => Names[0])).to.deep.equal([
      '/three',
      '/two',
    ]);
  });

  it("have Docker's keys in Docker's order", async () => {
    await create('one', { Cmd: ['app.exe', 'a b'], Labels: { k: 'v' } });

    const [item] = await engine.containers.list({ all: true, size: true });

    expect(Object.keys(item!)).to.deep.equal([
      'Id',
      'Names',
      'Image',
      'ImageID',
      'Command',
      'Created',
      'Ports',
      'SizeRw',
      'SizeRootFs',
      'Labels',
      'State',
      'Status',
      'HostConfig',
      'NetworkSettings',
      'Mounts',
    ]);
    expect(item).to.deep.include({
      Command: "app.exe 'a b'",
      Labels: { k: 'v' },
      State: 'created',
      Status: 'Created',
      SizeRw: 4096,
      HostConfig: { NetworkMode: 'nat' },
    });
    expect(Object.keys(item!.NetworkSettings.Networks)).to.deep.equal(['nat']);
  });

  it('name the image by its ID when its reference names another one now', async () => {
    await create('one');
    const before = engine.images.get('app')!;
    engine.images.set('app', { ...before, id: `sha256:${'c'.repeat(64)}` });

    expect((await engine.containers.list({ all: true }))[0]?.Image).to.equal(before.id);
  });

  describe('filtered', () => {
    beforeEach(async () => {
      await create('web-1', { Labels: { tier: 'front', app: 'x' }, ExposedPorts: { '80/tcp': {} } });
      const two = await create('web-2', {
        Labels: { tier: 'front' },
        HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
        ExposedPorts: { '80/tcp': {} },
      });
      const three = await create('db', {
        Cmd: ['fail.exe'],
        HostConfig: { Binds: ['data:C:\\data'], NetworkMode: 'none' },
      });
      await engine.containers.start(two);
      const { exit } = await engine.containers.wait(three, 'next-exit');
      await engine.containers.start(three);
      await exit;
      await engine.containers.wait(three, 'not-running');
    });

    const cases: [filters: Record<string, string[]>, expected: string[]][] = [
      [{ name: ['web'] }, ['web-2', 'web-1']],
      [{ name: ['^/?web-1$'] }, ['web-1']],
      [{ name: ['['] }, []],
      [{ id: ['^0001'] }, ['web-1']],
      [{ label: ['tier'] }, ['web-2', 'web-1']],
      [{ label: ['tier=front', 'app=x'] }, ['web-1']],
      [{ label: ['tier=back'] }, []],
      [{ status: ['running'] }, ['web-2']],
      [{ status: ['created', 'exited'] }, ['db', 'web-1']],
      [{ exited: ['3'] }, ['db']],
      [{ exited: ['0'] }, []],
      [{ volume: ['data'] }, ['db']],
      [{ volume: ['C:\\DATA'] }, ['db']],
      [{ network: ['none'] }, ['db']],
      [{ network: ['nat'] }, ['web-2', 'web-1']],
      [{ publish: ['8080'] }, ['web-2']],
      [{ publish: ['8000-9000/tcp'] }, ['web-2']],
      [{ publish: ['8080/udp'] }, []],
      [{ expose: ['80'] }, ['web-2', 'web-1']],
      [{ ancestor: ['app'] }, ['db', 'web-2', 'web-1']],
      [{ ancestor: ['other'] }, []],
      [{ isolation: ['process'] }, ['db', 'web-2', 'web-1']],
      [{ isolation: ['hyperv'] }, []],
      [{ health: ['none'] }, ['db', 'web-2', 'web-1']],
      [{ 'is-task': ['false'] }, ['db', 'web-2', 'web-1']],
      [{ 'is-task': ['true'] }, []],
      [{ before: ['web-2'] }, ['web-1']],
      [{ since: ['web-1'] }, ['db', 'web-2']],
      [{ name: ['web'], status: ['running'] }, ['web-2']],
    ];
    for (const [filters, expected] of cases) {
      it(JSON.stringify(filters), async () => expect(await names(filters)).to.deep.equal(expected));
    }

    it('show stopped ones when they are asked for by status', async () => {
      const items = await engine.containers.list({ filters: { status: ['exited'] } });

      expect(items.map(({ Names }) => Names[0])).to.deep.equal(['/db']);
    });
  });

  const refusals: [filters: Record<string, string[]>, message: string][] = [
    [{ bogus: ['x'] }, "invalid filter 'bogus'"],
    [
      { status: ['x'] },
      "invalid filter 'status=x': invalid value for state (x): must be one of created, dead, exited, paused, removing, restarting, running",
    ],
    [{ exited: ['x'] }, "invalid filter 'exited=[x]'"],
    [{ publish: ['x'] }, "invalid filter 'publish=x'"],
    [{ 'is-task': ['x'] }, "invalid filter 'is-task=[x]'"],
    [{ before: ['nope'] }, 'No such container: nope'],
  ];
  for (const [filters, message] of refusals) {
    it(`refuse ${JSON.stringify(filters)}`, async () => {
      expect((await rejection(engine.containers.list({ filters }))).message).to.equal(message);
    });
  }

  it('show a damaged container as dead, and let it be removed', async () => {
    const id = await create('one');
    await create('two');
    writeFileSync(join(engine.paths.container(id), 'state.json'), '{"format":1');

    const items = await engine.containers.list({ all: true });

    expect(items.map(({ Id, State }) => [Id === id, State])).to.deep.equal([
      [false, 'created'],
      [true, 'dead'],
    ]);
    expect(await rejection(engine.containers.inspect(id))).to.include({ code: 'STATE_DAMAGED' });
    await engine.containers.remove(id);
    expect(await names({})).to.deep.equal(['two']);
    await create('one');
  });

  it('refuse a container of a newer version, and leave it alone', async () => {
    const id = await create('one');
    writeFileSync(join(engine.paths.container(id), 'state.json'), '{"format":99}');

    expect(await rejection(engine.containers.inspect(id))).to.include({
      code: 'STATE_FORMAT_NEWER',
      message: `container ${id.slice(0, 12)} has format 99, but this version of porthole knows only formats up to 1`,
    });
    await engine.containers.remove(id, { force: true });
  });

  it('sweep what was never finished', async () => {
    mkdirSync(engine.paths.container('f'.repeat(64)), { recursive: true });
    mkdirSync(join(engine.paths.containers, `${'e'.repeat(64)}.${2 ** 22 + 1}.new`));
    writeFileSync(join(engine.paths.containers, 'notes.txt'), 'not ours');

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);

    const { readdirSync } = await import('node:fs');
    expect(readdirSync(engine.paths.containers)).to.deep.equal(['notes.txt']);
  });
});

describe('status texts', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  const base = {
    Paused: false,
    ExitCode: 3,
    StartedAt: '2026-01-02T03:02:05Z',
    FinishedAt: '2026-01-02T03:03:55Z',
  };
  const cases: [status: string, health: string | undefined, text: string][] = [
    ['running', undefined, 'Up 2 minutes'],
    ['running', 'healthy', 'Up 2 minutes (healthy)'],
    ['running', 'starting', 'Up 2 minutes (health: starting)'],
    ['running', 'unhealthy', 'Up 2 minutes (unhealthy)'],
    ['paused', 'healthy', 'Up 2 minutes (Paused)'],
    ['restarting', undefined, 'Restarting (3) 10 seconds ago'],
    ['removing', undefined, 'Removal In Progress'],
    ['dead', undefined, 'Dead'],
    ['created', undefined, 'Created'],
    ['exited', 'unhealthy', 'Exited (3) 10 seconds ago'],
  ];
  for (const [status, health, text] of cases) {
    it(text, () => {
      const state = { ...base, Status: status as 'running', Paused: status === 'paused' };

      expect(statusText(state, health, now)).to.equal(text);
    });
  }

  it('are empty for what never ran', () => {
    expect(statusText({ ...base, Status: 'exited', FinishedAt: zeroTime }, undefined, now)).to.equal('');
  });

  it('quote arguments with blanks in commands', () => {
    expect(commandText('cmd', ['/c', 'echo hi', 'x'])).to.equal("cmd /c 'echo hi' x");
    expect(commandText('cmd', [])).to.equal('cmd');
  });
});

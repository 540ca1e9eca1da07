import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import type { Program, ProgramContext } from '../../../../src/host/memory/compute.ts';
import { HcsError } from '../../../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../../../src/hcs/hresult.ts';
import { eventFile } from '../../../../src/state/event-log.ts';
import type { EventMessage } from '../../../../src/api/types/index.ts';
import { aCreateRequest } from '../../../support/create-request.ts';
import type { RequestOverrides } from '../../../support/create-request.ts';
import { memoryEngine } from '../../../support/memory-engine.ts';
import type { MemoryEngine } from '../../../support/memory-engine.ts';
import { rejection } from '../../../support/rejection.ts';

const untilKilled: Program = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(1)));

/** Ends with 5 on a shutdown request. */
const orderly: Program = ({ killed, onSignal }) =>
  new Promise((resolve) => {
    onSignal((name) => resolve(name === 'CtrlShutdown' ? 5 : name === 'CtrlC' ? 6 : 7));
    killed.addEventListener('abort', () => resolve(1));
  });

const stubborn: Program = ({ killed, onSignal }) =>
  new Promise((resolve) => {
    onSignal(() => undefined);
    killed.addEventListener('abort', () => resolve(1));
  });

/** Answers every line of its input. */
const echo: Program = async ({ stdin, stdout }: ProgramContext) => {
  for await (const chunk of stdin) stdout.write(`<${String(chunk)}>`);
  return 0;
};

const programs: Record<string, Program> = {
  'app.exe': orderly,
  'ok.exe': () => 0,
  'fail.exe': () => 3,
  'hello.exe': ({ stdout, stderr }) => {
    stdout.write('to stdout\r\n');
    stderr.write('to stderr\r\n');
    return 0;
  },
  'stubborn.exe': stubborn,
  'echo.exe': echo,
  'forever.exe': untilKilled,
};

describe('a container on a memory host', () => {
  let engine: MemoryEngine;

  beforeEach(() => (engine = memoryEngine({ programs })));
  afterEach(() => engine[Symbol.asyncDispose]());

  const create = async (name: string, overrides: RequestOverrides = {}): Promise<string> =>
    (await engine.containers.create(aCreateRequest(overrides), { name })).Id;
  const run = async (name: string, overrides: RequestOverrides = {}): Promise<string> => {
    const id = await create(name, overrides);
    await engine.containers.start(id);
    return id;
  };
  const statusOf = async (id: string): Promise<string> => (await engine.containers.inspect(id)).State.Status;
  const events = (): EventMessage[] =>
    readFileSync(eventFile(engine.paths.events, Date.now()), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventMessage);
  const actions = (id: string): string[] =>
    events()
      .filter((event) => event.Actor.ID === id)
      .map((event) => event.Action);

  it('goes from created to running to exited', async () => {
    const id = await create('web');
    expect(await statusOf(id)).to.equal('created');

    await engine.containers.start('web');
    expect(await statusOf(id)).to.equal('running');
    expect(engine.layers.mounted.has(id)).to.equal(true);

    await engine.containers.stop('web');
    await engine.quiet();
    const { State: state } = await engine.containers.inspect(id);
    expect(state).to.include({ Status: 'exited', ExitCode: 5, Pid: 0, Running: false });
    expect(engine.layers.mounted.size).to.equal(0);
    expect(await engine.compute.list()).to.deep.equal([]);
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
    expect(await engine.network.listNamespaces()).to.deep.equal([]);
    expect(actions(id)).to.deep.equal(['create', 'start', 'die', 'stop']);
  });

  it('has to exist', async () => {
    for (const call of [
      engine.containers.start('nope'),
      engine.containers.inspect('nope'),
      engine.containers.remove('nope'),
      engine.containers.logs('nope', { stdout: true, stderr: true }),
      engine.exec.create('nope', anExec(['x'])),
    ]) {
      expect(await rejection(call)).to.include({ kind: 'notFound', message: 'No such container: nope' });
    }
  });

  it('is found by name, by ID prefix and by ID', async () => {
    const id = await create('web');

    for (const reference of ['web', '/web', id, id.slice(0, 5)]) {
      expect((await engine.containers.inspect(reference)).Id).to.equal(id);
    }
    await create('other');
    expect(await rejection(engine.containers.inspect('000'))).to.include({
      kind: 'invalid',
      message: 'multiple IDs found with provided prefix: 000',
    });
  });

  it('needs an image, and says when there is none', async () => {
    expect(await rejection(engine.containers.create(aCreateRequest({ Image: 'nope' })))).to.include({
      kind: 'notFound',
      code: 'IMAGE_NOT_FOUND',
    });
    expect(
      await rejection(engine.containers.create(aCreateRequest(), { platform: 'linux/arm64' })),
    ).to.include({
      kind: 'notFound',
      message:
        'image with reference app was found but its platform (windows/amd64) does not match the specified platform (linux/arm64)',
    });
  });

  it('keeps its name to itself', async () => {
    const id = await create('web');

    expect(await rejection(create('web'))).to.include({
      kind: 'conflict',
      message:
        `Conflict. The container name "/web" is already in use by container "${id}". ` +
        'You have to remove (or rename) that container to be able to reuse that name.',
    });
    expect(await rejection(create('we b'))).to.include({
      kind: 'invalid',
      message: 'Invalid container name (we b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    });
    expect(engine.layers.scratches.size).to.equal(1);
  });

  it('gets a name when none is given', async () => {
    const { Id } = await engine.containers.create(aCreateRequest());

    expect((await engine.containers.inspect(Id)).Name).to.match(/^\/[a-z]+_[a-z]+$/);
  });

  it('cannot be started twice, nor stopped when it does not run', async () => {
    const id = await run('web');

    expect(await rejection(engine.containers.start(id))).to.include({ kind: 'notModified' });
    await engine.containers.stop(id);
    expect(await rejection(engine.containers.stop(id))).to.include({ kind: 'notModified' });
    expect(await rejection(engine.containers.kill('web', 'KILL'))).to.include({
      kind: 'conflict',
      message: `cannot kill container: web: container ${id} is not running`,
    });
  });

  it('is terminated when it does not stop in time', async () => {
    const id = await run('web', { Cmd: ['stubborn.exe'] });

    await engine.containers.stop(id, { timeout: 0 });

    expect((await engine.containers.inspect(id)).State).to.include({ Status: 'exited', ExitCode: 1 });
  });

  it('takes signals', async () => {
    const id = await run('web');

    expect(await rejection(engine.containers.kill(id, 'FOO'))).to.include({ message: 'invalid signal: FOO' });
    expect(await rejection(engine.containers.kill(id, 'USR1'))).to.include({
      message: 'the windows daemon does not support signal 10',
    });
    const { exit } = await engine.containers.wait(id, 'not-running');
    await engine.containers.kill(id, 'SIGINT');
    expect(await exit).to.deep.equal({ StatusCode: 6 });
  });

  it('is killed at once', async () => {
    const id = await run('web', { Cmd: ['stubborn.exe'] });

    await engine.containers.kill(id, 'KILL');

    expect(await statusOf(id)).to.equal('exited');
    expect(actions(id)).to.deep.equal(['create', 'start', 'kill', 'die']);
  });

  it('is restarted', async () => {
    const id = await run('web');

    await engine.containers.restart('web');

    expect(await statusOf(id)).to.equal('running');
    expect(actions(id)).to.deep.equal(['create', 'start', 'die', 'stop', 'start', 'restart']);
  });

  it('tells those who wait', async () => {
    const id = await create('web', { Cmd: ['fail.exe'] });
    const next = await engine.containers.wait(id, 'next-exit');

    await engine.containers.start(id);

    expect(await next.exit).to.deep.equal({ StatusCode: 3 });
    expect(await (await engine.containers.wait(id, 'not-running')).exit).to.deep.equal({ StatusCode: 3 });
  });

  it('is not waited for when it never ran', async () => {
    await create('web');

    expect(await (await engine.containers.wait('web', 'not-running')).exit).to.deep.equal({ StatusCode: 0 });
  });

  it('loses no output for who attached before the start', async () => {
    const id = await create('web', { Cmd: ['hello.exe'] });
    const session = await engine.containers.attach(id, { stdout: true, stderr: true });

    await engine.containers.start(id);

    expect(await text(session.stdout)).to.equal('to stdout\r\n');
    expect(await text(session.stderr!)).to.equal('to stderr\r\n');
  });

  it('shows its output to several at once', async () => {
    const id = await create('web', { Cmd: ['hello.exe'] });
    const sessions = [];
    for (let n = 0; n < 3; n += 1) sessions.push(await engine.containers.attach(id, { stdout: true }));

    await engine.containers.start(id);

    for (const session of sessions) expect(await text(session.stdout)).to.equal('to stdout\r\n');
  });

  it('reads what is typed, until the input ends', async () => {
    const id = await create('web', {
      Cmd: ['echo.exe'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
    });
    const session = await engine.containers.attach(id, { stdin: true, stdout: true });
    session.stdin!.write('before the start');
    await engine.containers.start(id);
    session.stdin!.end(' and after');

    const output = await text(session.stdout);

    expect(output.replaceAll('><', '')).to.equal('<before the start and after>');
  });

  it('goes on when everybody detaches', async () => {
    const id = await create('web');
    const session = await engine.containers.attach(id, { stdout: true });
    await engine.containers.start(id);

    session.close();

    expect(await statusOf(id)).to.equal('running');
    expect(actions(id)).to.include('attach');
  });

  it('keeps what it could not be started for', async () => {
    const id = await create('web', { Cmd: ['missing.exe'] });
    const { exit } = await engine.containers.wait(id, 'next-exit');

    const error = await rejection(engine.containers.start(id));

    expect(error.message).to.equal(
      `hcs::System::CreateProcess ${id}: The system cannot find the file specified. (0x2)`,
    );
    expect((await exit).StatusCode).to.equal(127);
    const { State: state } = await engine.containers.inspect(id);
    expect(state).to.include({ Status: 'created', ExitCode: 127, Error: error.message });
    await engine.quiet();
    expect(engine.layers.mounted.size).to.equal(0);
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
    expect(await engine.compute.list()).to.deep.equal([]);
  });

  for (const [verb, what] of [
    ['create', 'CreateComputeSystem'],
    ['start', 'System::Start'],
  ] as const) {
    it(`gives everything back when ${what} fails`, async () => {
      const id = await create('web');
      engine.compute.failNext(verb, new HcsError(what, HRESULT.unexpectedExit, { systemId: id }));

      expect(await rejection(engine.containers.start(id))).to.include({ code: 'HCS_ERROR' });
      await engine.quiet();

      expect(engine.layers.mounted.size).to.equal(0);
      expect(await engine.network.listEndpoints()).to.deep.equal([]);
      expect(await engine.compute.list()).to.deep.equal([]);
      await engine.containers.start(id);
      expect(await statusOf(id)).to.equal('running');
    });
  }

  it('says which port is taken, in the words of both systems', async () => {
    engine.network.occupy('tcp', 8080);
    const id = await create('web', {
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
    });

    const error = await rejection(engine.containers.start(id));

    expect(error.message).to.match(
      /^failed to create endpoint web on network nat: .*Bind for 0\.0\.0\.0:8080 failed: port is already allocated/,
    );
    await engine.quiet();
    expect(await engine.network.listEndpoints()).to.deep.equal([]);
  });

  it('shows the ports that were bound', async () => {
    const id = await run('web', {
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8081' }] } },
    });

    expect((await engine.containers.inspect(id)).NetworkSettings.Ports).to.deep.equal({
      '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8081' }],
    });
    const [item] = await engine.containers.list();
    expect(item?.Ports).to.deep.equal([{ IP: '127.0.0.1', PrivatePort: 80, PublicPort: 8081, Type: 'tcp' }]);
    await engine.containers.stop(id);
    expect((await engine.containers.inspect(id)).NetworkSettings.Ports).to.deep.equal({});
  });

  it('is removed with --rm when it ends', async () => {
    const id = await create('web', { Cmd: ['fail.exe'], HostConfig: { AutoRemove: true } });
    const { exit } = await engine.containers.wait(id, 'removed');

    await engine.containers.start(id);

    expect(await exit).to.deep.equal({ StatusCode: 3 });
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(engine.layers.scratches.size).to.equal(0);
    await engine.quiet();
    expect(readdirSync(engine.paths.trash)).to.deep.equal([]);
    await create('web');
  });

  it('is removed with --rm when it cannot be started', async () => {
    const id = await create('web', { Cmd: ['missing.exe'], HostConfig: { AutoRemove: true } });

    await rejection(engine.containers.start(id));
    await engine.quiet();

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('is not removed while it runs, unless forced', async () => {
    const id = await run('web');

    expect(await rejection(engine.containers.remove('web'))).to.include({
      kind: 'conflict',
      message:
        'cannot remove container "web": container is running: stop the container before removing or force remove',
    });
    await engine.containers.remove('web', { force: true });
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(engine.layers.scratches.size).to.equal(0);
    expect(actions(id).at(-1)).to.equal('destroy');
  });

  it('is removed although somebody waits for its start', async () => {
    const id = await create('web');
    const { exit } = await engine.containers.wait(id, 'next-exit');

    await engine.containers.remove('web');
    expect(readdirSync(engine.paths.trash)).to.deep.equal([]);

    expect(await exit).to.deep.equal({ StatusCode: 0 });
  });

  it('can be renamed, running or not', async () => {
    const id = await run('web');
    await engine.containers.rename('web', 'site');
    expect((await engine.containers.inspect('site')).Name).to.equal('/site');
    await engine.containers.stop('site');
    await engine.containers.rename('site', 'web');

    expect((await engine.containers.inspect(id)).Name).to.equal('/web');
    expect(await rejection(engine.containers.rename('web', 'web'))).to.include({
      message: 'Renaming a container with the same name as its current name',
    });
    await create('other');
    expect(await rejection(engine.containers.rename('web', 'other'))).to.include({ kind: 'conflict' });
    expect((await engine.containers.inspect('web')).Id).to.equal(id);
  });

  it('lists its processes', async () => {
    await run('web');

    expect(await engine.containers.top('web')).to.deep.equal({
      Titles: ['Name', 'PID', 'CPU', 'Private Working Set'],
      Processes: [['app.exe', '1004', '00:00:00.015', '573.4kB']],
    });
  });

  it('makes the volumes it needs and takes anonymous ones along', async () => {
    const id = await create('web', {
      Volumes: { 'C:\\anonymous': {} },
      HostConfig: { Binds: ['data:C:\\data'] },
    });
    const { Mounts: mounts } = await engine.containers.inspect(id);

    expect(mounts.map(({ Type, Name, Destination }) => [Type, Name?.length, Destination])).to.deep.equal([
      ['volume', 4, 'c:\\data'],
      ['volume', 64, 'c:\\anonymous'],
    ]);
    await engine.containers.remove(id, { volumes: true });
    expect(actions('data')).to.deep.equal(['create']);
    expect(actions(mounts[1]!.Name!)).to.deep.equal(['create', 'destroy']);
  });

  it('refuses a bind whose folder is missing', async () => {
    expect(await rejection(create('web', { HostConfig: { Binds: ['/nope/nothing:C:\\data'] } }))).to.include({
      kind: 'invalid',
      message: 'invalid mount config for type "bind": bind source path does not exist: /nope/nothing',
    });
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('leaves nothing when it cannot be created', async () => {
    engine.layers.failNext('createScratch', new Error('no'));

    await rejection(create('web', { Volumes: { 'C:\\x': {} } }));

    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
    expect(await engine.layers.listScratches()).to.deep.equal([]);
    await create('web');
  });

  it('starts again after a failure', async () => {
    const id = await create('web', {
      Cmd: ['fail.exe'],
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    });
    const { exit } = await engine.containers.wait(id, 'next-exit');
    await engine.containers.start(id);
    expect(await exit).to.deep.equal({ StatusCode: 3 });

    await engine.quiet();

    const { State: state, RestartCount: restarts } = await engine.containers.inspect(id);
    expect(state).to.include({ Status: 'exited', ExitCode: 3 });
    expect(restarts).to.equal(2);
    expect(actions(id).filter((action) => action === 'start')).to.have.length(3);
  });

  it('is not started again after a stop', async () => {
    const id = await run('web', { HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } } });

    await engine.containers.stop(id);
    await engine.quiet();

    expect(await statusOf(id)).to.equal('exited');
  });

  it('can be stopped while it waits for its restart', async () => {
    const id = await create('web', {
      Cmd: ['fail.exe'],
      HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } },
    });
    const { exit } = await engine.containers.wait(id, 'next-exit');
    await engine.containers.start(id);
    await exit;

    await engine.containers.stop(id);
    await engine.quiet();

    expect(await statusOf(id)).to.equal('exited');
  });

  it('runs other programs', async () => {
    const id = await run('web');
    const { Id: execId } = await engine.exec.create(id, anExec(['hello.exe']));
    expect(await engine.exec.inspect(execId)).to.include({ Running: false, ExitCode: null, ContainerID: id });

    const session = await engine.exec.start(execId, { detach: false, tty: false });

    expect(await text(session!.stdout)).to.equal('to stdout\r\n');
    expect(await text(session!.stderr!)).to.equal('to stderr\r\n');
    expect(await engine.exec.inspect(execId)).to.include({ Running: false, ExitCode: 0 });
    expect(actions(id)).to.deep.equal([
      'create',
      'start',
      'exec_create: hello.exe',
      'exec_start: hello.exe',
      'exec_die',
    ]);
  });

  it('gives other programs input', async () => {
    const id = await run('web');
    const { Id: execId } = await engine.exec.create(id, { ...anExec(['echo.exe']), AttachStdin: true });
    const session = await engine.exec.start(execId, { detach: false, tty: false });

    session!.stdin!.end('x'.repeat(100_000));

    expect((await text(session!.stdout)).replaceAll(/[<>]/g, '')).to.have.length(100_000);
  });

  it('tells the code of a program that its own end took along', async () => {
    const id = await run('web');
    const { Id: execId } = await engine.exec.create(id, anExec(['forever.exe']));
    const session = await engine.exec.start(execId, { detach: false, tty: false });
    const ended = once(session!.stdout.resume(), 'end');

    await engine.containers.kill(id, 'KILL');
    await ended;

    expect((await engine.exec.inspect(execId)).ExitCode).to.be.a('number');
  });

  it('refuses programs it cannot run', async () => {
    const id = await run('web');

    expect(await rejection(engine.exec.create(id, anExec([])))).to.include({
      message: 'No exec command specified',
    });
    const { Id: execId } = await engine.exec.create(id, anExec(['missing.exe']));
    expect(await rejection(engine.exec.start(execId, { detach: false, tty: false }))).to.include({
      code: 'HCS_ERROR',
    });
    expect((await engine.exec.inspect(execId)).ExitCode).to.equal(127);
    expect(await rejection(engine.exec.inspect('nope'))).to.include({
      kind: 'notFound',
      message: 'No such exec instance: nope',
    });
    await engine.containers.stop(id);
    expect(await rejection(engine.exec.create(id, anExec(['ok.exe'])))).to.include({
      kind: 'conflict',
      message: `container ${id} is not running`,
    });
  });

  it('lists the programs that have not finished', async () => {
    const id = await run('web');
    const { Id: execId } = await engine.exec.create(id, anExec(['forever.exe']));
    await engine.exec.start(execId, { detach: true, tty: false });

    expect((await engine.containers.inspect(id)).ExecIDs).to.deep.equal([execId]);
  });

  it('reports its health', async () => {
    const id = await run('web', {
      Healthcheck: { Test: ['CMD', 'ok.exe'], Interval: 1_000_000, Retries: 1 },
    });
    await until(async () => (await engine.containers.inspect(id)).State.Health?.Status === 'healthy');

    const [item] = await engine.containers.list({ filters: { health: ['healthy'] } });
    expect(item?.Status).to.match(/ \(healthy\)$/);
    await engine.containers.stop(id);
    expect(actions(id)).to.include('health_status: healthy');
  });

  it('is starting until it was checked', async () => {
    const id = await run('web', { Healthcheck: { Test: ['CMD', 'ok.exe'] } });

    const { State: state } = await engine.containers.inspect(id);
    const [item] = await engine.containers.list();

    expect(state.Health).to.deep.equal({ Status: 'starting', FailingStreak: 0, Log: [] });
    expect(item?.Status).to.match(/ \(health: starting\)$/);
  });

  it('has no console input to end', async () => {
    const id = await run('web', { Cmd: ['echo.exe'], Tty: true });

    expect(await statusOf(id)).to.equal('running');
    await engine.containers.resize(id, { height: 24, width: 80 });
    expect(actions(id)).to.include('resize');
  });

  it('is pruned when it does not run', async () => {
    await run('web');
    const stopped = await create('old', { Labels: { keep: 'no' } });
    await create('kept', { Labels: { keep: 'yes' } });

    expect(
      await engine.containers.prune({ dryRun: true, filters: { 'label!': ['keep=yes'] } }),
    ).to.deep.equal({
      ContainersDeleted: [stopped],
      SpaceReclaimed: 4096,
    });
    await engine.containers.prune({ filters: { 'label!': ['keep=yes'] } });

    expect((await engine.containers.list({ all: true })).map(({ Names }) => Names[0])).to.have.members([
      '/web',
      '/kept',
    ]);
    expect(await rejection(engine.containers.prune({ filters: { x: ['y'] } }))).to.include({
      message: "invalid filter 'x'",
    });
  });
});

function anExec(Cmd: string[]): Parameters<MemoryEngine['exec']['create']>[1] {
  return {
    User: '',
    Privileged: false,
    Tty: false,
    AttachStdin: false,
    AttachStderr: true,
    AttachStdout: true,
    DetachKeys: '',
    Env: null,
    WorkingDir: '',
    Cmd,
  };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The files of a recording session: header, snapshot, data roots, monitors. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment, RecordingSettings } from '../../../src/environment.ts';
import type { Host } from '../../../src/host/host.ts';
import { createMemoryCompute } from '../../../src/host/memory/compute.ts';
import { createMemoryNetwork } from '../../../src/host/memory/network.ts';
import { beginRecording, joinRecording } from '../../../src/host/recording.ts';
import type { HeaderLine } from '../../../src/host/record/lines.ts';
import { ownIdentity } from '../../../src/state/process-identity.ts';
import { createEngine } from '../../../src/main.ts';
import { testEnvironment } from '../../support/linux-host.ts';
import { rejection } from '../../support/rejection.ts';
import { scratchLayers } from '../../support/scratch-layers.ts';

describe('recording sessions', () => {
  let folder: string;
  let file: string;
  let root: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-session-'));
    file = join(folder, 'r.jsonl');
    root = join(folder, 'root');
    mkdirSync(root);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const environment = (mode: RecordingSettings['mode'], keepDataRoot = false): Environment => ({
    ...testEnvironment(root),
    recording: { mode, file, keepDataRoot },
  });
  const options = { version: '1.2.3', onMismatch: () => undefined };
  const memoryHost = async (): Promise<Host> => ({
    compute: createMemoryCompute(),
    network: createMemoryNetwork({ forwarder: true }),
    layers: scratchLayers(root),
  });
  const noHost = async (): Promise<Host> => {
    throw new Error('a replay opened the host');
  };
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };

  it('begin with what commands read beside the host, without secrets', async () => {
    const config = JSON.stringify({ os: 'windows', config: { Env: ['A=1'] } });
    const secret = JSON.stringify({ os: 'windows', config: { Env: ['API_KEY=abcdef'] } });
    const digests = [config, secret].map((text) => createHash('sha256').update(text).digest('hex'));
    for (const [at, text] of [config, secret].entries()) put(`oci/blobs/sha256/${digests[at]!}`, text);
    put('images/refs.json', JSON.stringify({ images: digests.map((digest) => `sha256:${digest}`) }));
    put('containers/c1/config.json', JSON.stringify({ path: join(root, 'x'), Env: ['TOKEN=qwertz1'] }));
    put('containers/c1/c1-json.log', 'never');
    await beginRecording(environment('record'), options);

    const header = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(header).to.include({ recording: 'porthole', format: 1, version: '1.2.3', arch: 'x64' });
    expect(header['files']).to.deep.equal({
      'images/refs.json': JSON.stringify({ images: digests.map((digest) => `sha256:${digest}`) }),
      'containers/c1/config.json': '{"path":"<data-root>/x","Env":["TOKEN=<redacted>"]}',
      [`oci/blobs/sha256/${digests[0]!}`]: config,
    });
    expect(header['omitted']).to.deep.equal({
      [`oci/blobs/sha256/${digests[1]!}`]: 'holds what looks like a secret',
    });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  describe('of containers that monitors have', () => {
    const id = 'c1'.repeat(32);
    const card = {
      name: 'web',
      image: 'app',
      imageId: '',
      command: '',
      created: 0,
      labels: {},
      autoRemove: false,
    };
    const state = (phase: string, owner?: object): string =>
      JSON.stringify({ format: 1, id, phase, run: 1, restartCount: 0, pid: 0, exitCode: 0, card, owner });
    const write = (name: string, text: string): void => put(`containers/${id}/${name}.json`, text);

    it('begin when the monitor of a run that has ended is through with it', async () => {
      write('state', state('running', ownIdentity()));
      write(
        'exit',
        JSON.stringify({ format: 1, run: 1, exitCode: 0, finishedAt: '', oomKilled: false, error: '' }),
      );
      const beginning = beginRecording(environment('record'), options);
      await new Promise((resolve) => setImmediate(resolve));
      expect(existsSync(file)).to.equal(false);
      write('state', state('exited'));
      await beginning;

      const header = JSON.parse(readFileSync(file, 'utf8')) as HeaderLine;
      expect(JSON.parse(header.files[`containers/${id}/state.json`]!)).to.include({ phase: 'exited' });
      expect(header.held).to.deep.equal([]);
    });

    it('say of what a running one did that it is not in the recording', async () => {
      write('state', state('running', ownIdentity()));
      const first = await beginRecording(environment('record'), options);
      await first.host(memoryHost);

      const again = await beginRecording(environment('replay'), options);
      const { compute, network } = await again.host(noHost);
      expect(await rejection(compute.cleanup(id))).to.include({
        code: 'REPLAY_MISMATCH',
        hint: 'the container ran when the recording began, under a monitor that was not recorded: record it from its start, or when it has ended',
      });
      expect(await rejection(network.createNamespace())).to.include({
        hint: 'the command, its files or porthole itself changed since the recording was made',
      });
      again.leave();
    });
  });

  it('never write over a file', async () => {
    writeFileSync(file, 'mine');
    const error = await rejection(beginRecording(environment('record'), options));
    expect([error.message, readFileSync(file, 'utf8')]).to.deep.equal([`${file} is there already`, 'mine']);
  });

  it('replay in a data root of their own, with the same IDs, and remove it', async () => {
    put('names/web', 'c1');
    const first = await beginRecording(environment('record'), options);
    const ids = [first.environment.newId(), first.environment.newId()];
    const host = await first.host(memoryHost);
    const networks = await host.network.listNetworks();

    const again = await beginRecording(environment('replay'), options);
    const { dataRoot } = again.environment;
    expect(dataRoot).not.to.equal(root);
    expect(readFileSync(join(dataRoot, 'names/web'), 'utf8')).to.equal('c1');
    expect([again.environment.newId(), again.environment.newId()]).to.deep.equal(ids);
    expect(again.environment.newId()).to.match(/^[0-9a-f]{64}$/);
    expect(await (await again.host(noHost)).network.listNetworks()).to.deep.equal(networks);
    expect(again.leave()).to.equal(undefined);
    expect(existsSync(dataRoot)).to.equal(false);
    expect(readdirSync(root)).to.deep.equal(['names']);
  });

  it('replay in a named data root only when it is empty', async () => {
    await beginRecording(environment('record'), options);
    put('precious', '');
    const error = await rejection(beginRecording(environment('replay', true), options));
    expect(error.message).to.equal(`${root} is not empty`);
    rmSync(root, { recursive: true });
    const session = await beginRecording(environment('replay', true), options);
    expect(session.environment.dataRoot).to.equal(root);
    session.leave();
    expect(existsSync(root)).to.equal(true);
  });

  it('give each monitor its own lines, in turn', async () => {
    await beginRecording(environment('record'), options);
    for (const pid of [11, 12]) {
      const session = await joinRecording(environment('record'), `monitor:web:${pid}`);
      const compute = (await session.host(memoryHost)).compute;
      await rejection(compute.open(`run-${pid}`));
    }
    const joined = environment('replay');
    for (const pid of [11, 12]) {
      const session = await joinRecording(joined, `monitor:web:${pid + 100}`);
      const { compute } = await session.host(noHost);
      expect((await rejection(compute.open(`run-${pid}`))).message).to.match(/does not exist/);
    }
    const none = await rejection(joinRecording(joined, 'monitor:web:113'));
    expect(none.message).to.equal(`${file}: the recording has no process monitor:web`);
  });

  it('say when there is no such file, and leave nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('porthole-replay-'));
    const error = await rejection(beginRecording(environment('replay'), options));
    expect(error.message).to.match(/^cannot read the recording: ENOENT/);
    writeFileSync(file, 'x');
    expect((await rejection(beginRecording(environment('replay'), options))).message).to.equal(
      `${file}:1: this is not a recording`,
    );
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith('porthole-replay-'));
    expect(after).to.deep.equal(before);
  });

  it('do not follow names out of the data root', async () => {
    const files = { '../escaped': 'x', 'names/../../escaped': 'x', '/etc/escaped': 'x', 'names/ok': 'y' };
    writeFileSync(file, `${JSON.stringify({ recording: 'porthole', format: 1, started: 0, files })}\n`);
    const session = await beginRecording(environment('replay'), options);
    expect(readdirSync(join(session.environment.dataRoot, 'names'))).to.deep.equal(['ok']);
    expect(existsSync(join(session.environment.dataRoot, '..', 'escaped'))).to.equal(false);
    session.leave();
  });

  it('make the same engine as without, on the Linux host', async function () {
    if (process.platform !== 'linux') this.skip();
    const recording = await createEngine(environment('record', true));
    const listed = await recording.networks.list();
    rmSync(root, { recursive: true });
    const replaying = await createEngine(environment('replay', true));
    const again = await replaying.networks.list();
    const shown = (networks: typeof listed) => networks.map(({ Name, Id, Driver }) => ({ Name, Id, Driver }));
    expect(shown(again)).to.deep.equal(shown(listed));
    expect(again).to.have.lengthOf(2);
  });
});

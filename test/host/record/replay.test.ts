/** What was recorded on one host is replayed on none: the same command lines have to print the same. */
import { expect } from 'chai';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { Engine } from '../../../src/engine/roles/index.ts';
import type { Environment } from '../../../src/environment.ts';
import type { ContainerV2Document } from '../../../src/hcs/documents.ts';
import { HcsError } from '../../../src/hcs/hcs-error.ts';
import { HnsError } from '../../../src/hns/hns-error.ts';
import type { Host } from '../../../src/host/host.ts';
import type { Program } from '../../../src/host/memory/compute.ts';
import { createMemoryCompute } from '../../../src/host/memory/compute.ts';
import { createMemoryNetwork } from '../../../src/host/memory/network.ts';
import { Recorder } from '../../../src/host/record/recorder.ts';
import { recordHost } from '../../../src/host/record/record-host.ts';
import { parseRecording } from '../../../src/host/replay/recording.ts';
import { replayHost } from '../../../src/host/replay/replay-host.ts';
import { Replayer } from '../../../src/host/replay/replayer.ts';
import { runCommand } from '../../support/command-host.ts';
import { memoryEngine } from '../../support/memory-engine.ts';
import type { MemoryEngine } from '../../support/memory-engine.ts';
import { rejection } from '../../support/rejection.ts';
import { scratchLayers } from '../../support/scratch-layers.ts';

const header = `${JSON.stringify({ recording: 'porthole', format: 1, started: 0, files: {} })}\n`;

const document: ContainerV2Document = {
  Owner: 'porthole',
  SchemaVersion: { Major: 2, Minor: 1 },
  Container: { Storage: { Layers: [{ Id: 'l', Path: '/layers/l' }], Path: '/layers/s' } },
};

const programs: Readonly<Record<string, Program>> = {
  'app.exe': ({ killed, onSignal }) =>
    new Promise((resolve) => {
      onSignal(() => resolve(5));
      killed.addEventListener('abort', () => resolve(1));
    }),
  'hello.exe': ({ stdout, stderr }) => {
    stdout.write('to stdout\r\n');
    stderr.write('to stderr\r\n');
    return 0;
  },
  'fail.exe': ({ stderr }) => {
    stderr.write(Buffer.from([0xff, 0xfe, 0x0a]));
    return 0xc0000135;
  },
};

const stories: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'a run to its end': [
    ['run', '--name', 'web', 'app', 'hello.exe'],
    ['ps', '-a', '--format', '{{.Names}} {{.Status}}'],
    ['logs', 'web'],
    ['rm', 'web'],
  ],
  'a failing program': [
    ['run', '--name', 'bad', 'app', 'fail.exe'],
    ['inspect', '-f', '{{.State.ExitCode}} {{.State.Status}}', 'bad'],
  ],
  'a program that is not there': [['run', '--name', 'none', 'app', 'nope.exe']],
  'a stop': [
    ['run', '-d', '--name', 'web', 'app'],
    ['exec', 'web', 'hello.exe'],
    ['stop', 'web'],
    ['inspect', '-f', '{{.State.ExitCode}}', 'web'],
    ['rm', 'web'],
  ],
  'a name made up': [
    ['create', 'app'],
    ['ps', '-a', '--format', '{{.Names}}'],
  ],
};

describe('recording and replay', function () {
  this.timeout(20_000);
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-recording-'));
    file = join(folder, 'recording.jsonl');
    writeFileSync(file, header);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const recorded = (name = 'cli') =>
    parseRecording(readFileSync(file, 'utf8'), file).processes.find((one) => one.name === name)!;

  async function tell(story: readonly (readonly string[])[], engine: MemoryEngine): Promise<object[]> {
    const roles = { containers: engine.containers, exec: engine.exec } as unknown as Engine;
    const outputs: object[] = [];
    for (const argv of story)
      outputs.push({ argv, ...(await runCommand(argv, { engine: roles, now: Date.now() })) });
    return outputs;
  }

  const differences: string[] = [];
  const replaying = (_host: Host, environment: Environment): Host =>
    replayHost(
      new Replayer(recorded(), {
        file,
        places: environment,
        onMismatch: (text_) => void differences.push(text_),
      }),
    );

  for (const [name, story] of Object.entries(stories)) {
    it(`prints the same again: ${name}`, async () => {
      differences.length = 0;
      let first: object[];
      {
        await using engine = memoryEngine({
          programs,
          wrap: (host, environment) => recordHost(host, new Recorder(file, 'cli', environment)),
        });
        first = await tell(story, engine);
        await engine.quiet();
      }
      await using engine = memoryEngine({ wrap: replaying });
      expect(await tell(story, engine)).to.deep.equal(first);
      expect(differences).to.deep.equal([]);
    });
  }

  it('says which call differs, and where', async () => {
    {
      await using engine = memoryEngine({
        programs,
        wrap: (host, environment) => recordHost(host, new Recorder(file, 'cli', environment)),
      });
      await tell([['run', '--name', 'web', 'app', 'hello.exe']], engine);
    }
    differences.length = 0;
    await using engine = memoryEngine({ wrap: replaying });
    const [run] = (await tell([['run', '--name', 'web', 'app', 'other.exe']], engine)) as {
      stderr: string;
    }[];
    expect(run?.stderr).to.match(
      /system\.createProcess differs from the recording \(line \d+\) at args\[0\]\.CommandLine: recorded "hello\.exe", now "other\.exe"/,
    );
    expect(differences).to.have.lengthOf(1);
  });

  it('tidies up after a difference, so that nothing waits for ever', async () => {
    const run = (program: string) => [['run', '--rm', '--name', 'web', 'app', program]];
    {
      await using engine = memoryEngine({
        programs,
        wrap: (host, environment) => recordHost(host, new Recorder(file, 'cli', environment)),
      });
      await tell([['create', '--name', 'web', 'app', 'hello.exe']], engine);
    }
    await using engine = memoryEngine({ wrap: replaying });
    const [ran] = (await tell(run('hello.exe'), engine)) as { stderr: string; exitCode: number }[];
    expect(ran?.stderr).to.contain('the recording has no ');
    expect(ran?.exitCode).to.equal(125);
    await engine.quiet();
    expect(await engine.containers.list({ all: true })).to.deep.equal([]);
  });

  it('keeps the files to their owner, and forgets secrets and places', async () => {
    const token = 'hunter2hunter2';
    {
      await using engine = memoryEngine({
        programs: {
          'leak.exe': ({ stdout }) => {
            stdout.write(`my password is ${token}\n`);
            return 0;
          },
        },
        wrap: (host, environment) => recordHost(host, new Recorder(file, 'cli', environment)),
      });
      await tell(
        [['run', '--name', 'web', '-e', `DB_PASSWORD=${token}`, '-e', 'COLOR=red', 'app', 'leak.exe']],
        engine,
      );
      expect(readFileSync(file, 'utf8')).not.to.contain(engine.paths.root);
    }
    const written = readFileSync(file, 'utf8');
    expect(written).not.to.contain(token);
    expect(written).to.contain('"DB_PASSWORD":"<redacted>"');
    expect(written).to.contain('my password is <redacted>');
    expect(written).to.contain('"COLOR":"red"');
    expect(written).to.contain('<data-root>');
    // Another secret in the replay is as good as the first.
    differences.length = 0;
    await using engine = memoryEngine({ wrap: replaying });
    const [run] = (await tell(
      [['run', '--name', 'web', '-e', 'DB_PASSWORD=something else', '-e', 'COLOR=red', 'app', 'leak.exe']],
      engine,
    )) as { stdout: string }[];
    expect([run?.stdout, differences]).to.deep.equal(['my password is <redacted>\n', []]);
  });

  describe('of single calls', () => {
    const places = { dataRoot: '/data', homeDir: '/home/me' };
    const host = (compute: Partial<Host['compute']> = {}, layers: Partial<Host['layers']> = {}): Host => ({
      compute: { ...createMemoryCompute(), ...compute },
      network: createMemoryNetwork({ forwarder: true }),
      layers: { ...scratchLayers('/data/windowsfilter'), ...layers },
    });
    const both = (real: Host): { record: Host; replay: () => Host } => ({
      record: recordHost(real, new Recorder(file, 'cli', places)),
      replay: () =>
        replayHost(
          new Replayer(recorded(), {
            file,
            places: { dataRoot: '/other', homeDir: '/home/you' },
            onMismatch: () => undefined,
          }),
        ),
    });

    it('gives errors back with their codes', async () => {
      const { record, replay } = both(
        host({
          open: async () => {
            throw new HcsError('OpenComputeSystem', 0x8037010e, { systemId: 'x', events: ['gone'] });
          },
          cleanup: async () => {
            throw new HnsError('delete', 0x803b0001, { subject: 'net', text: 'my own words' });
          },
        }),
      );
      for (const call of [(one: Host) => one.compute.open('x'), (one: Host) => one.compute.cleanup('x')]) {
        const error = (await rejection(call(record))) as HcsError;
        const again = (await rejection(call(replay()))) as HcsError;
        expect([again.name, again.message, again.hresult, again.kind, again.hint, again.op]).to.deep.equal([
          ...[error.name, error.message, error.hresult, error.kind, error.hint, error.op],
        ]);
      }
    });

    it('puts the places of this machine into what is given back', async () => {
      const { record, replay } = both(host());
      await record.layers.createScratch('c1', { parents: ['l1'] });
      const mounted = await record.layers.mount('c1');
      expect(mounted.folder).to.equal('/data/windowsfilter/c1');
      const again = replay();
      await again.layers.createScratch('c1', { parents: ['l1'] });
      expect(await again.layers.mount('c1')).to.deep.equal({
        volumePath: '/other/windowsfilter/c1',
        folder: '/other/windowsfilter/c1',
        layers: [{ Id: 'l1', Path: '/other/windowsfilter/l1' }],
      });
    });

    it('keeps numbers of 64 bits, bytes and the missing of optional members', async () => {
      const statistics = {
        totalRuntime100ns: 2n ** 60n,
        userRuntime100ns: 1n,
        kernelRuntime100ns: 0n,
        memoryCommitBytes: 1,
        memoryCommitPeakBytes: 2,
        memoryPrivateWorkingSetBytes: 3,
        readBytes: 4,
        writeBytes: 5,
      };
      const real = host({
        open: async (id) => ({ id, statistics: async () => statistics }) as never,
      });
      const { record, replay } = both({ ...real, network: { ...real.network, publish: undefined } as never });
      expect(await (await record.compute.open('x')).statistics()).to.deep.equal(statistics);
      expect(record.network.publish).to.equal(undefined);
      const again = replay();
      expect(await (await again.compute.open('x')).statistics()).to.deep.equal(statistics);
      expect(again.network.publish).to.equal(undefined);
    });

    it('has layers by size and digest when they are unpacked, by content when they are read', async () => {
      const info = { id: 'l', diffId: 'd', size: 3, entries: 1, parents: [], path: '/data/windowsfilter/l' };
      const { record, replay } = both(
        host(
          {},
          {
            openApply: async () => ({
              write: () => undefined,
              commit: async () => info,
              abort: async () => undefined,
            }),
            diff: async () => Readable.from([Buffer.from([0xff, 1]), Buffer.from('tail')]),
            async *readTree() {
              yield {
                path: 'a.txt',
                type: 'file' as const,
                size: 2,
                metadata: { attributes: 32, modified: '1' },
                hostPath: '/data/x',
                open: () => Readable.from([Buffer.from('hi')]),
              };
            },
          },
        ),
      );
      const use = async (one: Host, content: string): Promise<unknown[]> => {
        const apply = await one.layers.openApply('l', { parents: [] });
        await apply.write(Buffer.from(content));
        const committed = await apply.commit('d');
        const diff = await buffer(await one.layers.diff('c'));
        const tree: unknown[] = [];
        for await (const { path, type, size, metadata, ...entry } of one.layers.readTree('l', 'C:\\'))
          tree.push({ path, type, size, metadata }, await text(entry.open()));
        return [committed.size, diff.toString('hex'), tree];
      };
      const first = await use(record, 'abc');
      expect(first[2]).to.deep.equal([
        { path: 'a.txt', type: 'file', size: 2, metadata: { attributes: 32, modified: '1' } },
        'hi',
      ]);
      expect(await use(replay(), 'abc')).to.deep.equal(first);
      expect((await rejection(use(replay(), 'abd'))).message).to.match(
        /apply\.commit differs from the recording \(line \d+\) at args\[1\]\.sha256: recorded "ba7816bf/,
      );
      expect(readFileSync(file, 'utf8')).not.to.contain('/data/x');
    });

    it('tells an exit only after what caused it', async () => {
      const { record, replay } = both({ ...host(), compute: createMemoryCompute({ programs }) });
      const use = async (one: Host): Promise<string[]> => {
        const order: string[] = [];
        const system = await one.compute.create('s', document);
        await system.start();
        const init = await system.createProcess({ CommandLine: 'app.exe', CreateStdOutPipe: true });
        const exit = init.waitExit().then(({ exitCode }) => order.push(`exit ${exitCode}`));
        await new Promise((resolve) => setImmediate(resolve));
        order.push('signal');
        await init.signal('CtrlShutdown');
        await exit;
        return order;
      };
      expect(await use(record)).to.deep.equal(['signal', 'exit 5']);
      expect(await use(replay())).to.deep.equal(['signal', 'exit 5']);
    });

    it('waits for ever where the recording ends, until it is called off', async () => {
      const { record, replay } = both(host({ host: () => new Promise(() => undefined) }));
      void record.compute.create('s', document);
      const system = await record.compute.open('s').catch(() => undefined);
      void system?.waitExit();
      const again = replay();
      await again.compute.create('s', document);
      const abort = new AbortController();
      const waiting = (await again.compute.open('s')).waitExit({ signal: abort.signal });
      abort.abort(new Error('enough'));
      expect((await rejection(waiting)).message).to.equal('enough');
    });

    it('may be asked again what only looks', async () => {
      const { record, replay } = both(host());
      expect(await record.network.listNetworks()).to.deep.equal([]);
      const again = replay();
      for (let round = 0; round < 3; round++) expect(await again.network.listNetworks()).to.deep.equal([]);
      expect((await rejection(again.network.createNamespace())).message).to.equal(
        `${file}: the recording has no network.createNamespace(): nothing is left in it`,
      );
    });

    it('is readable by its owner alone', async () => {
      const own = join(folder, 'own.jsonl');
      recordHost(host(), new Recorder(own, 'cli', places));
      expect(statSync(own).mode & 0o777).to.equal(0o600);
    });
  });

  describe('broken recordings', () => {
    const cases: [string, string, string][] = [
      ['an empty file', '', ':1: this is not a recording'],
      ['another file', '{"hello":1}\n', ':1: this is not a recording'],
      ['a picture', '\u0089PNG\n', ':1: this is not a recording'],
      [
        'a newer format',
        '{"recording":"porthole","format":9}\n',
        ':1: the recording has format 9, and this porthole knows up to 1',
      ],
      [
        'a poor header',
        '{"recording":"porthole","format":1}\n',
        ':1: the first line lacks "files" or "started"',
      ],
      ['a line that is no JSON', `${header}nope\n`, ':2: this line is not JSON'],
      ['a line of nobody', `${header}{}\n`, ':2: this line belongs to no process'],
      [
        'an end without a call',
        `${header}{"p":"cli","n":1}\n`,
        ':2: there is no call 1 that this could be the end of',
      ],
      [
        'data without a call',
        `${header}{"p":"cli","of":4,"stream":"stdout"}\n`,
        ':2: there is no call 4 that this could be of',
      ],
      [
        'a call without arguments',
        `${header}{"p":"cli","n":1,"call":"x"}\n`,
        ':2: this call lacks its number, name or arguments',
      ],
      [
        'a call that is there twice',
        `${header}${'{"p":"cli","n":1,"call":"x","args":[]}\n'.repeat(2)}`,
        ':3: call 1 is there twice',
      ],
    ];
    for (const [name, content, message] of cases) {
      it(`${name}: ${message}`, () => expect(() => parseRecording(content, 'f')).to.throw(`f${message}`));
    }
    it('forgive a last line that was cut by a crash', () => {
      appendFileSync(file, '{"p":"cli","n":1,"call":"x","args":[]}\n{"p":"cli","n":1,"res');
      expect(recorded().calls.map(({ call, end }) => [call, end])).to.deep.equal([['x', undefined]]);
    });
  });
});

import { expect } from 'chai';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const saved: RecordedRoute = { method: 'GET', path: '/images/get', text: 'TAR' };
const gone: RecordedRoute = { ...saved, status: 404, json: { message: 'reference does not exist' } };
const layer = {
  status: 'Loading layer',
  progressDetail: { current: 5, total: 5 },
  id: '0123456789ab',
};
const loaded: RecordedRoute = {
  method: 'POST',
  path: '/images/load',
  lines: [layer, { stream: 'Loaded image: app:latest\n' }, { stream: 'Loaded image ID: sha256:12\n' }],
};

describe('save and load', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'porthole-save-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(line: string, routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
    const engine = new ScriptedEngine(routes);
    const result = await runCommand(line.split(' '), { engine, cwd: folder, ...scene });
    return { ...result, requests: engine.requests.map(({ method, target }) => `${method} ${target}`) };
  }

  describe('save', () => {
    it('streams to a pipe, and asks for what was named', async () => {
      expect(await run('save app b:1', [saved])).to.deep.equal({
        exitCode: 0,
        stdout: 'TAR',
        stderr: '',
        requests: ['GET /images/get?names=app&names=b%3A1'],
      });
      expect((await run('image save --platform windows/amd64 app', [saved])).requests).to.deep.equal([
        'GET /images/get?names=app&platform=%7B%22architecture%22%3A%22amd64%22%2C%22os%22%3A%22windows%22%7D',
      ]);
    });

    it('writes a file for its owner, in place of an earlier one', async () => {
      writeFileSync(join(folder, 'o.tar'), 'earlier', { mode: 0o644 });
      expect(await run('save -o o.tar app', [saved])).to.include({ exitCode: 0, stdout: '', stderr: '' });

      expect(readFileSync(join(folder, 'o.tar'), 'utf8')).to.equal('TAR');
      expect(statSync(join(folder, 'o.tar')).mode & 0o777).to.equal(0o600);
      expect(readdirSync(folder)).to.deep.equal(['o.tar']);
    });

    it('says as JSON where it wrote', async () => {
      const { stdout } = await run('save --json -o o.tar app', [saved]);
      expect(JSON.parse(stdout)).to.deep.equal({ Images: ['app'], Output: join(folder, 'o.tar') });
    });

    const tty = { outTerminal: { isTTY: true } };
    const refusals: [string, string, Partial<CommandScene>?][] = [
      ['save app', 'cowardly refusing to save to a terminal. Use the -o flag or redirect', tty],
      [
        'save --platform x/y/z/w app',
        'invalid platform: "x/y/z/w": cannot parse platform specifier: invalid argument',
      ],
      [
        'save -o nodir/o.tar app',
        'failed to save image: invalid output path: stat nodir: no such file or directory',
      ],
      ['save -o file/o.tar app', 'failed to save image: invalid output path: stat file: not a directory'],
      ['save -o folder app', 'failed to save image: cannot write to a directory'],
      ['save -o /dev/null app', 'failed to save image: cannot write to a character device file'],
    ];
    for (const [line, text, scene] of refusals) {
      it(`refuses ${line}, before it asks for anything`, async () => {
        mkdirSync(join(folder, 'folder'));
        writeFileSync(join(folder, 'file'), '');

        expect(await run(line, [saved], scene)).to.deep.equal({
          exitCode: 1,
          stdout: '',
          stderr: `${text}\n`,
          requests: [],
        });
      });
    }

    it('needs a file for the archive under --json', async () => {
      const { exitCode, stdout, requests } = await run('save --json app', [saved]);
      expect([exitCode, requests]).to.deep.equal([1, []]);
      expect(stdout).to.include('--json needs a file for the archive. Use the -o flag');
    });

    it('leaves nothing when the engine refuses, the stream breaks or it is interrupted', async () => {
      expect((await run('save -o o.tar nope', [gone])).stderr).to.equal(
        'Error response from daemon: reference does not exist\n',
      );
      const engineOf = (stream: () => Readable): ScriptedEngine => {
        const engine = new ScriptedEngine([saved]);
        return Object.assign(engine, { images: { ...engine.images, save: async () => stream() } });
      };
      async function* breaking(): AsyncGenerator<Buffer> {
        yield Buffer.from('some');
        throw new PortholeError('internal', 'BLOB_DAMAGED', 'it broke');
      }
      const broken = await run('save -o o.tar app', [], {
        engine: engineOf(() => Readable.from(breaking())),
      });
      expect([broken.exitCode, broken.stderr]).to.deep.equal([1, 'Error response from daemon: it broke\n']);
      const abort = new AbortController();
      async function* stalling(): AsyncGenerator<Buffer> {
        yield Buffer.from('some');
        abort.abort();
        for (;;) yield await setImmediate(Buffer.from('more'));
      }
      const cancelled = await run('save -o o.tar app', [], {
        engine: engineOf(() => Readable.from(stalling())),
        signal: abort.signal,
      });
      expect(cancelled.exitCode).to.equal(1);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('says what the system says about a folder that cannot be written to', async function () {
      if (process.getuid?.() === 0) this.skip();
      chmodSync(folder, 0o500);
      const { stderr } = await run('save -o o.tar app', [saved]);
      chmodSync(folder, 0o700);
      expect(stderr).to.equal('open o.tar: permission denied\n');
    });
  });

  describe('load', () => {
    const text = 'Loaded image: app:latest\nLoaded image ID: sha256:12\n';

    it('reads stdin to its end and says what was loaded, without layers', async () => {
      expect(await run('load', [{ ...loaded, lines: loaded.lines!.slice(1) }], { stdin: 'x' })).to.deep.equal(
        {
          exitCode: 0,
          stdout: text,
          stderr: '',
          requests: ['POST /images/load?quiet=1'],
        },
      );
    });

    it('shows layers on a terminal, unless told not to', async () => {
      const terminal = { outTerminal: { isTTY: true, columns: 120 }, inTerminal: { isTTY: false } };
      writeFileSync(join(folder, 'a.tar'), 'x');

      const shown = await run('load -i a.tar', [loaded], terminal);
      expect(shown.requests).to.deep.equal(['POST /images/load']);
      expect(shown.stdout)
        .to.match(/0123456789ab: Loading layer +\[====/)
        .and.to.include(text);
      for (const line of ['image load -q --input a.tar', 'load -i a.tar --progress none'])
        expect((await run(line, [loaded], terminal)).requests).to.deep.equal(['POST /images/load?quiet=1']);
    });

    it('gives names and IDs as JSON', async () => {
      const { stdout } = await run('load --json', [loaded], { stdin: 'x' });
      expect(JSON.parse(stdout)).to.deep.equal([{ Image: 'app:latest' }, { Id: 'sha256:12' }]);
    });

    it('prints errors of the engine as they came, because they travel inside the stream', async () => {
      const bad: RecordedRoute = { ...loaded, lines: [{ errorDetail: { message: 'invalid archive: x' } }] };
      expect(await run('load', [bad], { stdin: 'x' })).to.include({
        exitCode: 1,
        stderr: 'invalid archive: x\n',
      });
    });

    const refusals: [string, string][] = [
      ['load', 'requested load from stdin, but stdin is empty'],
      ['load -i a.tar', 'open a.tar: no such file or directory'],
      ['load -i .', 'read .: is a directory'],
      [
        'load --platform x/y/z/w',
        'invalid platform: "x/y/z/w": cannot parse platform specifier: invalid argument',
      ],
    ];
    for (const [line, message] of refusals) {
      it(`refuses ${line} on a terminal`, async () =>
        expect(await run(line, [loaded], { inTerminal: { isTTY: true } })).to.deep.equal({
          exitCode: 1,
          stdout: '',
          stderr: `${message}\n`,
          requests: [],
        }));
    }
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const version: RecordedRoute = {
  method: 'GET',
  path: '/version',
  json: {
    Platform: { Name: 'Porthole' },
    Version: '1',
    ApiVersion: '1.50',
    MinAPIVersion: '1.24',
    Os: 'windows',
    Arch: 'amd64',
    GitCommit: 'abc',
    GoVersion: 'node',
    KernelVersion: 'k',
    BuildTime: '2025-05-30T12:06:00.000000000+00:00',
    Components: [],
  },
};

async function run(argv: string[], routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
  const engine = new ScriptedEngine(routes);
  const result = await runCommand(argv, { engine, ...scene });
  return { ...result, requests: engine.requests };
}

const noEngine = () =>
  Promise.reject(new PortholeError('unavailable', 'NO_WINE', 'no Wine', { hint: 'install it' }));

describe('system commands', () => {
  describe('version', () => {
    it('makes the engine a component when it names none', async () => {
      const { stdout } = await run(['version'], [version]);

      expect(stdout.slice(stdout.indexOf('\nServer'))).to.equal(
        '\nServer: Porthole\n Engine:\n  Version:          1\n  API version:      1.50 (minimum version 1.24)\n  Go version:       node\n  Git commit:       abc\n  Built:            Fri May 30 12:06:00 2025\n  OS/Arch:          windows/amd64\n  Experimental:     false\n',
      );
    });

    it('shows the client’s half when there is no engine', async () => {
      const result = await runCommand(['version'], { engine: noEngine });

      expect(result.exitCode).to.equal(1);
      expect(result.stdout).to.match(/^Client:\n Version: {11}\S+\n[^]* Context: {11}default\n$/);
      expect(result.stderr).to.equal('Error response from daemon: no Wine\nHint: install it\n');
    });

    const failures: [string, number, string, string][] = [
      ['{{', 64, '', 'template parsing error: template: version:1: unclosed action\n'],
      [
        '{{.Client.Nope}}',
        1,
        '\n',
        'template: version:1:9: executing "version" at <.Client.Nope>: can\'t evaluate field Nope in type system.clientVersion\n',
      ],
    ];
    for (const [format, exitCode, stdout, stderr] of failures) {
      it(`explains ${format}`, async () =>
        expect(await run(['version', '-f', format], [version])).to.deep.include({
          exitCode,
          stdout,
          stderr,
        }));
    }
  });

  describe('info', () => {
    it('shows the client’s half when there is no engine', async () => {
      const result = await runCommand(['info'], { engine: noEngine });

      expect(result.exitCode).to.equal(1);
      expect(result.stdout).to.match(
        /^Client:\n Version: {4}\S+\n Context: {4}default\n Debug Mode: false\n\nServer:\n$/,
      );
      expect(result.stderr).to.match(/^Error response from daemon: no Wine\n/);
      expect((await runCommand(['info', '-f', '{{.ServerErrors}}'], { engine: noEngine })).stdout).to.equal(
        '[Error response from daemon: no Wine]\n',
      );
    });

    it('asks before it reads the template', async () => {
      const info: RecordedRoute = { method: 'GET', path: '/info', json: { OSType: 'windows' } };

      expect(await run(['info', '-f', '{{'], [info])).to.deep.include({
        exitCode: 64,
        stderr: 'template parsing error: template: :1: unclosed action\n',
      });
      expect((await run(['info', '-f', '{{.OSType}}'], [info])).stdout).to.equal('windows\n');
    });
  });

  describe('events', () => {
    const event = {
      Type: 'network',
      Action: 'create',
      Actor: { ID: 'n', Attributes: {} },
      time: 1_700_000_000,
    };
    const events: RecordedRoute = { method: 'GET', path: '/events', lines: [event] };

    it('prints the client’s time zone', async () => {
      const { stdout } = await run(['events', '--until', '1'], [events], { env: { TZ: 'Europe/Berlin' } });

      expect(stdout).to.equal('2023-11-14T23:13:20.000000000+01:00 network create n\n');
    });

    it('shows no digits that a number cannot hold', async () => {
      const route = { ...events, lines: [{ ...event, timeNano: 1_795_318_999_521_000_000 }] };

      expect((await run(['events', '--until', '1'], [route])).stdout).to.match(
        /^2026-11-22T03:43:19\.521000000Z /,
      );
      expect((await run(['events', '--until', '1', '--format', '{{.TimeNano}}'], [route])).stdout).to.equal(
        '1795318999521000000\n',
      );
    });

    it('collects them under --json', async () => {
      expect(JSON.parse((await run(['events', '--json', '--until', '1'], [events])).stdout)).to.deep.equal([
        event,
      ]);
    });

    it('refuses times and templates before it asks', async () => {
      expect(await run(['events', '--since', 'xx'], [])).to.deep.include({
        exitCode: 1,
        stderr: 'failed to parse value as time or duration: "xx"\n',
        requests: [],
      });
      expect(await run(['events', '--format', '{{.Nope}}'], [])).to.deep.include({
        exitCode: 64,
        stderr:
          'Error parsing format: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *events.Message\n',
        requests: [],
      });
    });
  });

  it('layer inspect: shows chains and disks, and data of its own version', async () => {
    const layers = [
      {
        id: 'l1',
        diffId: 'sha256:d',
        path: '/x/l1',
        kind: 'base',
        chain: [],
        size: 2_000_000,
        entries: 7,
        disks: [
          {
            name: 'blank-base.vhdx',
            type: 'dynamic',
            virtualSize: 21_474_836_480,
            fileSize: 4_194_304,
            blockSize: 1_048_576,
            logicalSectorSize: 512,
            identifier: 'G1',
            parent: { identifier: 'G0', path: 'C:\\p.vhdx' },
          },
        ],
      },
    ];
    const route: RecordedRoute = { method: 'GET', path: '/layers/app/json', json: layers };

    expect((await run(['layer', 'inspect', 'app'], [route])).stdout).to.equal(
      'Name: app\n\nLayer:              l1\n  Kind:             base\n  DiffID:           sha256:d\n  Path:             /x/l1\n  Size:             2MB, 7 entries\n  Parents:          0\n  blank-base.vhdx:  dynamic, 20GiB virtual, 4.19MB on disk\n    Blocks:         1MiB, sectors 512B\n    Identifier:     G1\n    Parent:         C:\\p.vhdx (G0)\n',
    );
    expect(JSON.parse((await run(['layer', 'inspect', '--json', 'app'], [route])).stdout)).to.deep.equal({
      apiVersion: 'porthole/v1',
      objects: [{ name: 'app', layers }],
    });
  });

  describe('login and logout', () => {
    let config: string;
    beforeEach(() => (config = mkdtempSync(join(tmpdir(), 'porthole-login-'))));
    afterEach(() => rmSync(config, { recursive: true }));
    const stored = () => JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')) as { auths: object };
    const keep = (document: object) => writeFileSync(join(config, 'config.json'), JSON.stringify(document));
    const accepted = (token = ''): RecordedRoute => ({
      method: 'POST',
      path: '/auth',
      json: { Status: 'Login Succeeded', IdentityToken: token },
    });
    const refused: RecordedRoute = { method: 'POST', path: '/auth', status: 401, json: { message: 'wrong' } };

    it('keeps what the registry accepted, beside what is there', async () => {
      keep({ credHelpers: {}, other: 1 });

      await run(['login', '-u', 'me', '--password-stdin', 'https://reg.example.com/v1/'], [accepted()], {
        config,
        stdin: 'pw \r\n',
      });

      const auth = Buffer.from('me:pw ').toString('base64');
      expect(stored()).to.deep.equal({ credHelpers: {}, other: 1, auths: { 'reg.example.com': { auth } } });
    });

    it('keeps a token instead of the password when it got one', async () => {
      await run(['login', '-u', 'me', '-p', 'pw', 'r.example.com'], [accepted('tok')], { config });

      expect(stored().auths).to.deep.equal({
        'r.example.com': { auth: Buffer.from('me:').toString('base64'), identitytoken: 'tok' },
      });
    });

    it('tries what is stored first', async () => {
      keep({ auths: { 'r.example.com': { auth: Buffer.from('u:p').toString('base64') } } });
      const said =
        "Authenticating with existing credentials... [Username: u]\n\n Info -> To login with a different account, run 'porthole logout' followed by 'porthole login'\n\n\n";

      expect(await run(['login', 'r.example.com'], [accepted()], { config })).to.deep.include({
        exitCode: 0,
        stdout: 'Login Succeeded\n',
        stderr: said,
      });
      expect(await run(['login', 'r.example.com'], [refused], { config })).to.deep.include({
        exitCode: 1,
        stderr: `${said}Stored credentials invalid or expired\nError: Cannot perform an interactive login from a non TTY device\n`,
      });
    });

    const refusals: [string[], string][] = [
      [
        ['-u', 'a', '-p', 'b', '--password-stdin'],
        'conflicting options: cannot specify both --password and --password-stdin',
      ],
      [['--password-stdin'], 'the --password-stdin option requires --username to be set'],
      [['-u', 'a'], 'Error: Cannot perform an interactive login from a non TTY device'],
      [[], 'Error: Cannot perform an interactive login from a non TTY device'],
    ];
    for (const [flags, text] of refusals) {
      it(`refuses login ${flags.join(' ')}`, async () => {
        const { exitCode, stderr } = await run(['login', ...flags, 'r.example.com'], [], {
          config,
          stdin: '\n',
        });
        expect([exitCode, stderr.trimEnd().split('\n').at(-1)]).to.deep.equal([1, text]);
      });
    }

    it('asks on a terminal', async () => {
      const engine = new ScriptedEngine([accepted()]);

      const result = await runCommand(['login', 'r.example.com'], {
        engine,
        config,
        stdin: 'me\nsecret\n',
        inTerminal: { isTTY: true },
      });

      expect(result.stdout).to.equal('Username: Password: Login Succeeded\n');
      expect(engine.requests[0]!.body).to.deep.equal({
        username: 'me',
        password: 'secret',
        serveraddress: 'r.example.com',
      });
    });

    it('forgets under every spelling', async () => {
      keep({
        auths: {
          'https://r.example.com': { auth: 'eDp5' },
          'r.example.com': { auth: 'eDp5' },
          other: { auth: 'eDp5' },
        },
      });

      const result = await run(['logout', 'https://r.example.com'], [], { config });

      expect(result.stdout).to.equal('Removing login credentials for r.example.com\n');
      expect(stored().auths).to.deep.equal({ other: { auth: 'eDp5' } });
    });
  });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const id = 'ab'.repeat(32);
const created: RecordedRoute = {
  method: 'POST',
  path: '/containers/create',
  status: 201,
  json: { Id: id, Warnings: [] },
};
const ok = (method: string, path: string): RecordedRoute => ({ method, path, status: 204 });
const failure = (method: string, path: string, status: number, message: string): RecordedRoute => ({
  method,
  path,
  status,
  json: { message },
});
const missing = (name: string, method: string, path: string) =>
  failure(method, path, 404, `No such container: ${name}`);
const attached = (...frames: { stream?: 1 | 2; data: string }[]): RecordedRoute => ({
  method: 'POST',
  path: '/containers/[^/]+/attach',
  hijack: frames,
});
const exits = (code: number): RecordedRoute => ({
  method: 'POST',
  path: '/containers/[^/]+/wait',
  json: { StatusCode: code },
});
const inspected = (more: object = {}): RecordedRoute => ({
  method: 'GET',
  path: '/containers/web/json',
  json: {
    Id: id,
    Name: '/web',
    State: { Running: true, Paused: false, Restarting: false },
    Config: { Tty: false, OpenStdin: true },
    HostConfig: { AutoRemove: false },
    ...more,
  },
});

async function run(line: string | string[], routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
  const engine = new ScriptedEngine(routes);
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const result = await runCommand(argv, { engine, ...scene });
  return { ...result, requests: engine.requests.map(({ method, target }) => `${method} ${target}`) };
}

describe('container commands', () => {
  describe('over several containers', () => {
    it('print what went well in argument order and join the failures', async () => {
      const routes = [ok('POST', '/containers/(a|c)/stop'), missing('b', 'POST', '/containers/b/stop')];

      expect(await run('stop -t 5 a b c', routes)).to.deep.include({
        exitCode: 1,
        stdout: 'a\nc\n',
        stderr: 'Error response from daemon: No such container: b\n',
      });
    });

    it('do not fail for a container that already is what was asked for', async () => {
      const routes: RecordedRoute[] = [{ method: 'POST', path: '/containers/web/(start|stop)', status: 304 }];

      expect((await run('start web', routes)).stdout).to.equal('web\n');
      expect((await run('stop web', routes)).stdout).to.equal('web\n');
    });

    it('send KILL when kill names no signal', async () => {
      expect((await run('kill web', [ok('POST', '/containers/web/kill')])).requests).to.deep.equal([
        'POST /containers/web/kill?signal=KILL',
      ]);
    });

    it('restart one after the other', async () => {
      const { requests } = await run('restart -s INT b a', [ok('POST', '/containers/./restart')]);

      expect(requests).to.deep.equal([
        'POST /containers/b/restart?signal=INT',
        'POST /containers/a/restart?signal=INT',
      ]);
    });

    it('give the names that went well, or the error beside them, under --json', async () => {
      const routes = [ok('POST', '/containers/a/stop'), missing('b', 'POST', '/containers/b/stop')];

      const { stdout, stderr, exitCode } = await run('stop --json a b', routes);

      expect([exitCode, stderr]).to.deep.equal([1, '']);
      expect(JSON.parse(stdout)).to.deep.equal({
        result: ['a'],
        error: {
          code: 'SCRIPTED',
          kind: 'notFound',
          message: 'No such container: b',
          hints: [],
          retriable: false,
          exitCode: 1,
        },
      });
    });
  });

  describe('rm', () => {
    it('takes slashes around names and refuses an empty one', async () => {
      expect((await run(['rm', '/web/'], [ok('DELETE', '/containers/web')])).stdout).to.equal('/web/\n');
      expect(await run(['rm', '/'], [])).to.deep.include({
        exitCode: 1,
        stderr: 'container name cannot be empty\n',
      });
    });

    it('is not bothered by what is missing when forced', async () => {
      const routes = [missing('x', 'DELETE', '/containers/x'), ok('DELETE', '/containers/y')];

      expect(await run('rm -f x y', routes)).to.deep.include({
        exitCode: 0,
        stdout: 'y\n',
        stderr: 'Error response from daemon: No such container: x\n',
      });
    });

    it('only looks with --dry-run', async () => {
      const result = await run('rm --dry-run web', [inspected()]);

      expect(result).to.deep.include({
        exitCode: 1,
        stdout: '',
        stderr:
          'Error response from daemon: cannot remove container "web": container is running: stop the container before removing or force remove\n',
        requests: ['GET /containers/web/json'],
      });
      expect((await run('rm --dry-run -f web', [inspected()])).stdout).to.equal('web\n');
    });
  });

  describe('prune', () => {
    const pruned: RecordedRoute = {
      method: 'POST',
      path: '/containers/prune',
      json: { ContainersDeleted: ['a', 'b'], SpaceReclaimed: 1500 },
    };

    it('asks, and is silent when the answer is no', async () => {
      for (const stdin of ['n\n', '', 'yes\n']) {
        expect(await run('container prune', [pruned], { stdin })).to.deep.equal({
          exitCode: 0,
          stdout:
            'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ',
          stderr: '',
          requests: [],
        });
      }
    });

    it('goes on after y, --force, -y', async () => {
      const list = 'Deleted Containers:\na\nb\n\nTotal reclaimed space: 1.5kB\n';

      expect((await run('container prune', [pruned], { stdin: 'Y\r\n' })).stdout).to.match(
        /\[y\/N\] Deleted/,
      );
      expect((await run('container prune -f', [pruned])).stdout).to.equal(list);
      expect((await run('container prune -y', [pruned])).stdout).to.equal(list);
    });

    it('plans with --dry-run and passes filters on', async () => {
      const { stdout, requests } = await run('container prune --dry-run --filter label!=keep', [pruned]);

      expect(stdout).to.equal('Would delete containers:\na\nb\n\nTotal reclaimed space: 1.5kB\n');
      expect(requests).to.deep.equal([
        'POST /containers/prune?dryRun=1&filters=%7B%22label%21%22%3A%7B%22keep%22%3Atrue%7D%7D',
      ]);
    });
  });

  describe('run', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-run-'))));
    afterEach(() => rmSync(folder, { recursive: true }));

    it('attaches and waits before it starts', async () => {
      const routes = [
        created,
        attached({ stream: 1, data: 'hi\r\n' }),
        exits(7),
        ok('POST', '/containers/[^/]+/start'),
      ];

      const result = await run('run --rm app cmd', routes);

      expect(result).to.deep.include({ exitCode: 7, stdout: 'hi\r\n', stderr: '' });
      expect(result.requests.map((line) => line.replace(id, 'ID'))).to.deep.equal([
        'POST /containers/create',
        'POST /containers/ID/attach?stderr=1&stdout=1&stream=1',
        'POST /containers/ID/wait?condition=removed',
        'POST /containers/ID/start',
      ]);
    });

    it('pulls what is missing, once, and says so on stderr', async () => {
      const routes: RecordedRoute[] = [
        { ...failure('POST', '/containers/create', 404, 'No such image: app:latest'), times: 1 },
        created,
        {
          method: 'POST',
          path: '/images/create',
          lines: [{ status: 'Pulling from library/app', id: 'latest' }],
        },
        ok('POST', '/containers/[^/]+/start'),
      ];

      const result = await run('run -d app', routes);

      expect(result).to.deep.include({
        exitCode: 0,
        stdout: `${id}\n`,
        stderr: "Unable to find image 'app:latest' locally\nlatest: Pulling from library/app\n",
      });
      expect((await run('run -dq app', routes)).stderr).to.equal('');
    });

    it('takes DOCKER_DEFAULT_PLATFORM when it is about Windows', async () => {
      const requests = async (platform: string) =>
        (await run('create app', [created], { env: { DOCKER_DEFAULT_PLATFORM: platform } })).requests;

      expect(await requests('windows/amd64')).to.deep.equal([
        'POST /containers/create?platform=windows%2Famd64',
      ]);
      expect(await requests('linux/arm64')).to.deep.equal(['POST /containers/create']);
    });

    it('does not pull when another thing is missing', async () => {
      const routes = [failure('POST', '/containers/create', 404, 'network x not found')];

      expect(await run('run --network x app', routes)).to.deep.include({
        exitCode: 125,
        stderr:
          "porthole: Error response from daemon: network x not found\n\nRun 'porthole run --help' for more information\n",
      });
    });

    it('prints an error from inside a pull without the daemon’s prefix', async () => {
      const routes: RecordedRoute[] = [
        failure('POST', '/containers/create', 404, 'No such image: app:latest'),
        {
          method: 'POST',
          path: '/images/create',
          lines: [{ status: 'Pulling' }, { error: 'x', errorDetail: { message: 'no matching manifest' } }],
        },
      ];

      expect((await run('run -q app', routes)).stderr).to.equal(
        "porthole: no matching manifest\n\nRun 'porthole run --help' for more information\n",
      );
    });

    it('maps the words of a failed start to 126 and 127', async () => {
      const start = (message: string) => [created, failure('POST', '/containers/[^/]+/start', 400, message)];

      for (const [message, code] of [
        ['The system cannot find the file specified.', 127],
        ['exec: "x": executable file not found in %PATH%', 127],
        ['permission denied', 126],
        ['no more endpoints', 125],
      ] as const) {
        const result = await run('run -d app x', start(message));
        expect([result.exitCode, result.stdout]).to.deep.equal([code, `${id}\n`]);
      }
    });

    it('names the cause when a command lost its JSON quotes', async () => {
      const routes = [
        created,
        failure('POST', '/containers/[^/]+/start', 400, 'The system cannot find the file specified.'),
      ];

      expect((await run(['run', '-d', 'app', '[cmd,/c]'], routes)).stderr).to.match(
        /\nHint: Windows PowerShell strips double quotes from arguments: write \\" for each, or use PowerShell 7\.3 or later\n$/,
      );
    });

    it('writes the cidfile, and leaves none behind when there is no container', async () => {
      const scene = { cwd: folder };
      const start = ok('POST', '/containers/[^/]+/start');

      await run('run -d --cidfile id app', [created, start], scene);
      expect(readFileSync(join(folder, 'id'), 'utf8')).to.equal(id);

      await run('run -d --cidfile other app', [failure('POST', '/containers/create', 500, 'no')], scene);
      expect(existsSync(join(folder, 'other'))).to.equal(false);

      expect(await run('run -d --cidfile id app', [created, start], scene)).to.deep.include({
        exitCode: 125,
        requests: [],
        stderr:
          "porthole: container ID file found, make sure the other container isn't running or delete id\n\nRun 'porthole run --help' for more information\n",
      });
    });

    it('reads env files that Windows PowerShell wrote', async () => {
      writeFileSync(join(folder, 'a.env'), Buffer.from('\ufeffA=1\r\nB=ü\r\n', 'utf16le'));
      const engine = new ScriptedEngine([created]);

      await runCommand(['create', '--env-file', 'a.env', 'app'], { engine, cwd: folder });

      expect(engine.requests[0]!.body).to.deep.include({ Env: ['A=1', 'B=ü'] });
    });

    it('gives code and output in one document under --json', async () => {
      const routes = [
        created,
        attached({ stream: 1, data: 'out' }, { stream: 2, data: 'err' }),
        exits(3221225786),
        ok('POST', '/containers/[^/]+/start'),
      ];

      const { stdout, exitCode } = await run('run --json app', routes);

      expect(exitCode).to.equal(58);
      expect(JSON.parse(stdout)).to.deep.equal({
        Id: id,
        Warnings: [],
        StatusCode: 3221225786,
        Stdout: 'out',
        Stderr: 'err',
      });
    });

    it('tells the console size where there is a terminal', async () => {
      const engine = new ScriptedEngine([created]);

      await runCommand(['create', '-t', 'app'], {
        engine,
        outTerminal: { isTTY: true, columns: 132, rows: 43 },
      });

      expect((engine.requests[0]!.body as { HostConfig: object }).HostConfig).to.deep.include({
        ConsoleSize: [43, 132],
      });
    });

    const refusals: [string, number, string][] = [
      [
        'run --pull sometimes app',
        125,
        'porthole: invalid pull option: \'sometimes\': must be one of "always", "missing" or "never"',
      ],
      ['run -it app', 1, 'the input device is not a TTY'],
      ['run -d -a stdout app', 1, 'conflicting options: cannot specify both --attach and --detach'],
      ['run App', 125, 'porthole: invalid reference format: repository name (library/App) must be lowercase'],
      [
        'run --platform a/b/c/d app',
        125,
        'porthole: error parsing specified platform: "a/b/c/d": cannot parse platform specifier: invalid argument',
      ],
      [
        'run --use-api-socket app',
        125,
        'porthole: flag --use-api-socket can only be used with unix sockets: docker endpoint local incompatible',
      ],
      ['create App', 1, 'invalid reference format: repository name (library/App) must be lowercase'],
      [
        'create --use-api-socket app',
        1,
        'flag --use-api-socket can only be used with unix sockets: docker endpoint local incompatible',
      ],
      [
        'run --progress fast app',
        125,
        'invalid argument "fast" for "--progress" flag: must be one of "auto", "plain", "tty", "none", "json"',
      ],
    ];
    for (const [line, exitCode, first] of refusals) {
      it(`refuses ${line}`, async () => {
        const result = await run(line, []);
        expect([result.exitCode, result.stderr.split('\n')[0], result.requests]).to.deep.equal([
          exitCode,
          first,
          [],
        ]);
      });
    }
  });

  describe('start', () => {
    it('reports the code of an attached container', async () => {
      const routes = [
        inspected(),
        attached({ stream: 1, data: 'x' }),
        exits(4),
        ok('POST', '/containers/[^/]+/start'),
      ];

      expect(await run('start -ai web', routes, { stdin: 'input' })).to.deep.include({
        exitCode: 4,
        stdout: 'x',
      });
    });

    it('ends an attachment whose start failed', async () => {
      const routes = [
        inspected(),
        attached(),
        exits(0),
        failure('POST', '/containers/[^/]+/start', 500, 'port is already allocated'),
      ];

      expect(await run('start -a web', routes)).to.deep.include({
        exitCode: 1,
        stderr: 'Error response from daemon: port is already allocated\n',
      });
    });

    it('attaches to one only, and to no checkpoint', async () => {
      expect((await run('start -a a b', [])).stderr).to.equal(
        'you cannot start and attach multiple containers at once\n',
      );
      expect((await run('start --checkpoint c a', [])).stderr).to.equal(
        '"--checkpoint" is only supported on a Docker daemon running on linux, but the Docker daemon is running on windows\n',
      );
    });
  });

  describe('attach', () => {
    it('copies output and takes the exit code', async () => {
      const routes = [inspected(), attached({ stream: 1, data: 'tick' }), exits(9)];

      expect(await run('attach --no-stdin web', routes)).to.deep.include({ exitCode: 9, stdout: 'tick' });
    });

    it('refuses what cannot be attached to', async () => {
      const states: [object, string][] = [
        [{ Running: false }, 'stopped container, start it first'],
        [{ Running: true, Paused: true }, 'paused container, unpause it first'],
        [{ Running: true, Restarting: true }, 'restarting container, wait until it is running'],
      ];
      for (const [State, text] of states) {
        const result = await run('attach web', [inspected({ State })]);
        expect([result.exitCode, result.stderr]).to.deep.equal([1, `You cannot attach to a ${text}\n`]);
      }
    });
  });

  describe('exec', () => {
    const execRoutes = (code: number): RecordedRoute[] => [
      inspected(),
      { method: 'POST', path: '/containers/web/exec', status: 201, json: { Id: 'x1' } },
      { method: 'POST', path: '/exec/x1/start', hijack: [{ stream: 1, data: 'dir' }] },
      { method: 'GET', path: '/exec/x1/json', json: { ID: 'x1', Running: false, ExitCode: code } },
    ];

    it('takes everything after the container as the command', async () => {
      const engine = new ScriptedEngine(execRoutes(5));

      const result = await runCommand(['exec', '-e', 'A=1', 'web', 'cmd', '-e', '--', '/c'], { engine });

      expect([result.exitCode, result.stdout]).to.deep.equal([5, 'dir']);
      expect(engine.requests[1]!.body).to.deep.include({ Cmd: ['cmd', '-e', '--', '/c'], Env: ['A=1'] });
    });

    it('tells a code that the shell cannot hold', async () => {
      const result = await run('exec web x', execRoutes(0xc0000100));

      expect([result.exitCode, result.stderr]).to.deep.equal([
        1,
        'porthole: exit code 3221225728 (0xC0000100)\n',
      ]);
    });

    it('ends like a shell when the program cannot be started', async () => {
      const routes = [
        failure('POST', '/exec/x1/start', 400, 'hcs: The system cannot find the file specified. (0x2)'),
        ...execRoutes(0),
      ];

      expect(await run('exec web x', routes)).to.deep.include({
        exitCode: 127,
        stderr: 'hcs: The system cannot find the file specified. (0x2)\n',
      });
    });

    it('returns at once when detached', async () => {
      const result = await run('exec -d web x', execRoutes(5));

      expect(result).to.deep.include({ exitCode: 0, stdout: '' });
      expect(result.requests.at(-1)).to.equal('POST /exec/x1/start');
    });

    it('looks for the container before it minds the terminal', async () => {
      const gone = await run('exec -it nope x', [missing('nope', 'GET', '/containers/nope/json')]);
      expect(gone.stderr).to.equal('Error response from daemon: No such container: nope\n');
      expect((await run('exec -it web x', execRoutes(0))).stderr).to.equal('the input device is not a TTY\n');
    });
  });

  describe('looking at one', () => {
    it('logs: since and until become seconds, streams stay apart', async () => {
      const routes = [
        inspected(),
        {
          method: 'GET',
          path: '/containers/[^/]+/logs',
          frames: [
            { stream: 1, data: 'o\n' },
            { stream: 2, data: 'e\n' },
          ],
        },
      ] as RecordedRoute[];

      const result = await run('logs --since 10m --until 2020-01-01 -n 5 -t web', routes, {
        now: 1_700_000_000_000,
      });

      expect(result).to.deep.include({ exitCode: 0, stdout: 'o\n', stderr: 'e\n' });
      expect(result.requests[1]).to.equal(
        `GET /containers/${id}/logs?since=1699999400&stderr=1&stdout=1&tail=5&timestamps=1&until=1577836800.000000000`,
      );
      expect(JSON.parse((await run('logs --json web', routes)).stdout)).to.deep.equal({
        Stdout: 'o\n',
        Stderr: 'e\n',
      });
    });

    it('port: a wrong or unpublished port is an error', async () => {
      const routes = [
        inspected({
          NetworkSettings: { Ports: { '80/tcp': [{ HostIp: '::', HostPort: '8080' }], '81/tcp': null } },
        }),
      ];

      expect((await run('port web', routes)).stdout).to.equal('80/tcp -> [::]:8080\n');
      expect((await run('port web 80', routes)).stdout).to.equal('[::]:8080\n');
      expect((await run('port web 81', routes)).stderr).to.equal(
        "Error: No public port '81' published for web\n",
      );
      expect((await run('port web x/udp', routes)).stderr).to.equal(
        'Error: invalid port (x): strconv.ParseUint: parsing "x": invalid syntax\n',
      );
    });

    it('top: refuses arguments in the engine’s words', async () => {
      expect(await run('top web -ef', [])).to.deep.include({
        exitCode: 1,
        stderr: 'Error response from daemon: Windows does not support arguments to top\n',
      });
    });

    it('wait: prints full codes and goes on after a failure', async () => {
      const routes = [
        missing('a', 'POST', '/containers/a/wait'),
        { method: 'POST', path: '/containers/b/wait', json: { StatusCode: 3221225786 } },
      ];

      expect(await run('wait a b', routes)).to.deep.include({
        exitCode: 1,
        stdout: '3221225786\n',
        stderr: 'Error response from daemon: No such container: a\n',
      });
    });

    it('rename: trims names and explains a refusal', async () => {
      const refused = failure('POST', '/containers/web/rename', 409, 'Conflict.');

      expect((await run(['rename', ' ', 'x'], [])).stderr).to.equal(
        'Error: Neither old nor new names may be empty\n',
      );
      expect(
        (await run(['rename', 'web', ' db '], [ok('POST', '/containers/web/rename')])).requests,
      ).to.deep.equal(['POST /containers/web/rename?name=db']);
      expect((await run('rename web db', [refused])).stderr).to.equal(
        'Error response from daemon: Conflict.\nError: failed to rename container named web\n',
      );
    });
  });

  describe('ps', () => {
    const listed: RecordedRoute = { method: 'GET', path: '/containers/json', json: [] };

    it('asks for sizes only when they are shown', async () => {
      const sized = async (...args: string[]) =>
        (await run(['ps', ...args], [listed])).requests[0]!.includes('size=1');

      expect(await sized('-s')).to.equal(true);
      expect(await sized('--format', '{{.Size}}')).to.equal(true);
      expect(await sized('--format', '{{json .}}')).to.equal(true);
      expect(await sized('--format', 'json')).to.equal(false);
      expect(await sized('--size=false', '--format', '{{.Size}}')).to.equal(false);
    });

    it('takes the latest one, or the last ones, whatever their state', async () => {
      expect((await run('ps -l', [listed])).requests).to.deep.equal(['GET /containers/json?limit=1']);
      expect((await run('ps -n 3 -a', [listed])).requests).to.deep.equal([
        'GET /containers/json?all=1&limit=3',
      ]);
    });

    it('gives one array under --json', async () => {
      const one = { ...listed, json: [{ Id: id, Names: ['/ü'] }] };

      expect((await run('ps --json', [listed])).stdout).to.equal('[]\n');
      expect(JSON.parse((await run('ps --json', [one])).stdout)).to.deep.equal([{ Id: id, Names: ['/ü'] }]);
      expect((await run('ps --json-ascii', [one])).stdout).to.contain('"/\\u00fc"');
    });
  });
});

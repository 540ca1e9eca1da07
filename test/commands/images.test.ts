import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RecordedRoute } from '../support/conformance.ts';
import { runCommand } from '../support/command-host.ts';
import type { CommandScene } from '../support/command-host.ts';
import { GitServer } from '../support/git-server.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const imageId = `sha256:${'12'.repeat(32)}`;
const now = 1_700_000_000;
const image = {
  Id: imageId,
  RepoTags: ['app:dev', 'app:latest'],
  RepoDigests: [`app@sha256:${'ab'.repeat(32)}`],
  Created: now - 7200,
  Size: 292_461_123,
  SharedSize: -1,
  Containers: 1,
  Labels: null,
  ParentId: '',
};
const dangling = { ...image, Id: `sha256:${'34'.repeat(32)}`, RepoTags: [], RepoDigests: [], Size: 999 };
const listed: RecordedRoute = { method: 'GET', path: '/images/json', json: [image, dangling] };
const gone = (method: string, path: string): RecordedRoute => ({
  method,
  path,
  status: 404,
  json: { message: 'No such image: nope:latest' },
});

async function run(line: string | string[], routes: RecordedRoute[], scene: Partial<CommandScene> = {}) {
  const engine = new ScriptedEngine(routes, now);
  const argv = typeof line === 'string' ? line.split(' ') : line;
  const result = await runCommand(argv, { engine, now: now * 1000, ...scene });
  return { ...result, requests: engine.requests.map(({ method, target }) => `${method} ${target}`) };
}

describe('image commands', () => {
  describe('images', () => {
    const cases: [string[], string][] = [
      [
        [],
        'REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\napp          dev       121212121212   2 hours ago   292MB\napp          latest    121212121212   2 hours ago   292MB\n<none>       <none>    343434343434   2 hours ago   999B\n',
      ],
      [['-q'], '121212121212\n121212121212\n343434343434\n'],
      [
        ['--format', 'table {{.ID}}\t{{.Tag}}', '-q'],
        'IMAGE ID       TAG\n121212121212   dev\n121212121212   latest\n343434343434   <none>\n',
      ],
      [
        ['--format', '{{.Repository}} {{.Containers}} {{.SharedSize}}'],
        'app 1 N/A\napp 1 N/A\n<none> 1 N/A\n',
      ],
      [['-q', '--format', 'raw'], `image_id: 121212121212\nimage_id: 121212121212\nimage_id: 343434343434\n`],
    ];
    for (const [args, text] of cases) {
      it(`lists with ${args.join(' ') || 'nothing more'}`, async () =>
        expect((await run(['images', ...args], [listed])).stdout).to.equal(text));
    }

    it('shows a tree', async () => {
      expect((await run('images --tree', [listed])).stdout).to.equal(
        "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.\n\n" +
          'IMAGE        ID             DISK USAGE   CONTENT SIZE   EXTRA\n' +
          'app:dev\n' +
          'app:latest   121212121212        292MB             0B    U\n' +
          '<untagged>   343434343434         999B             0B    U\n',
      );
      expect((await run('images --tree -q', [listed])).stderr).to.equal(
        '--quiet is not yet supported with --tree\n',
      );
    });

    it('explains a template that does not work, after it has asked', async () => {
      const result = await run('images --format {{.Nope}}', [listed]);

      expect([result.exitCode, result.stderr, result.requests.length]).to.deep.equal([
        1,
        'template parsing error: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.imageContext\n',
        1,
      ]);
    });
  });

  describe('pull and push', () => {
    const pulled: RecordedRoute = {
      method: 'POST',
      path: '/images/create',
      lines: [{ status: 'Pulling', id: 'latest' }],
    };

    it('gives an error inside the stream without prefix and one before it with', async () => {
      const inside: RecordedRoute = {
        ...pulled,
        lines: [{ status: 'x' }, { errorDetail: { message: 'boom' } }],
      };
      const before: RecordedRoute = {
        method: 'POST',
        path: '/images/create',
        status: 404,
        json: { message: 'denied' },
      };

      expect((await run('pull -q app', [inside])).stderr).to.equal('boom\n');
      expect((await run('pull app:1', [before])).stderr).to.equal('Error response from daemon: denied\n');
    });

    it('writes progress as data', async () => {
      expect((await run('pull --progress json app:1', [pulled])).stdout).to.equal(
        '{"status":"Pulling","id":"latest"}\ndocker.io/library/app:1\n',
      );
      expect((await run('pull --progress none app:1', [pulled])).stdout).to.equal(
        'docker.io/library/app:1\n',
      );
      expect(JSON.parse((await run('pull --json app', [pulled])).stdout)).to.deep.equal({
        Reference: 'docker.io/library/app:latest',
      });
    });

    const refusals: [string, string][] = [
      ['pull -a app:1', "tag can't be used with --all-tags/-a"],
      ['push -a app:1', "tag can't be used with --all-tags/-a"],
      [`push app@sha256:${'a'.repeat(64)}`, 'cannot push a digest reference'],
      ['pull App', 'invalid reference format: repository name (library/App) must be lowercase'],
      ['pull --platform x/y/z/w app', '"x/y/z/w": cannot parse platform specifier: invalid argument'],
      ['tag a: b', 'Error parsing reference: "a:" is not a valid repository/tag: invalid reference format'],
      [`tag a b@sha256:${'a'.repeat(64)}`, 'refusing to create a tag with a digest reference'],
    ];
    for (const [line, text] of refusals) {
      it(`refuses ${line.slice(0, 40)}`, async () =>
        expect(await run(line, [])).to.deep.include({ exitCode: 1, stderr: `${text}\n`, requests: [] }));
    }
  });

  describe('rmi', () => {
    const removed: RecordedRoute = {
      method: 'DELETE',
      path: '/images/app',
      json: [{ Untagged: 'app:latest' }, { Deleted: imageId }],
    };

    it('goes on after a failure, and is content with a missing image when forced', async () => {
      const routes = [gone('DELETE', '/images/nope'), removed];
      const stdout = `Untagged: app:latest\nDeleted: ${imageId}\n`;
      const stderr = 'Error response from daemon: No such image: nope:latest\n';

      expect(await run('rmi nope app', routes)).to.deep.include({ exitCode: 1, stdout, stderr });
      expect(await run('rmi -f nope app', routes)).to.deep.include({ exitCode: 0, stdout, stderr });
    });

    it('only plans with --dry-run', async () => {
      const inspected: RecordedRoute = { method: 'GET', path: '/images/[^/]+/json', json: image };

      expect(await run('rmi --dry-run app:dev', [inspected])).to.deep.include({
        stdout: 'Untagged: app:dev\n',
      });
      expect((await run('rmi --dry-run 1212', [inspected])).stdout).to.equal(
        `Untagged: app:dev\nUntagged: app:latest\nDeleted: ${imageId}\n`,
      );
    });
  });

  describe('inspect', () => {
    const routes: RecordedRoute[] = [
      { method: 'GET', path: '/images/app/json', json: { Id: imageId, RepoTags: [] } },
      { method: 'GET', path: '/networks/nat', json: { Name: 'nat', Id: 'n1' } },
      gone('GET', '/images/nope/json'),
    ];

    it('looks for containers, images and networks, in that order', async () => {
      const result = await run('inspect -f {{.Id}} nat', routes);

      expect(result.stdout).to.equal('n1\n');
      expect(result.requests).to.deep.equal([
        'GET /containers/nat/json',
        'GET /images/nat/json',
        'GET /networks/nat',
      ]);
    });

    it('prints what it found and names what it did not', async () => {
      const result = await run('inspect --format json app nope', routes);

      expect(result).to.deep.include({
        exitCode: 1,
        stdout: `[{"Id":"${imageId}","RepoTags":[]}]\n`,
        stderr: 'Error: No such object: nope\n',
      });
      expect((await run('image inspect nope', routes)).stderr).to.equal(
        'Error response from daemon: No such image: nope:latest\n',
      );
    });

    it('warns about sizes of what has none, and refuses unknown kinds', async () => {
      expect((await run('inspect -s -f {{.Name}} nat', routes)).stderr).to.equal(
        'WARNING: --size ignored for network\n',
      );
      expect((await run('inspect --type foo x', [])).stderr).to.match(
        /^unknown type: "foo": must be one of "config", /,
      );
      expect((await run('inspect --type service x', [])).stderr).to.match(/This node is not a swarm manager/);
    });
  });

  describe('build', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'porthole-build-'));
      writeFileSync(join(folder, 'Dockerfile'), 'FROM x\n');
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const built: RecordedRoute = {
      method: 'POST',
      path: '/build',
      lines: [{ stream: 'Successfully built 1212\n' }, { aux: { ID: imageId } }],
    };
    const broken: RecordedRoute = {
      method: 'POST',
      path: '/build',
      lines: [
        { stream: 'Step 1/1 : RUN x\n' },
        { errorDetail: { code: 3, message: "The command 'x' failed" } },
      ],
    };
    const build = (args: string, route: RecordedRoute) => run(`build ${args} .`, [route], { cwd: folder });

    it('writes the image ID where it is asked to', async () => {
      await build('--iidfile id', built);
      expect(readFileSync(join(folder, 'id'), 'utf8')).to.equal(imageId);

      expect((await build('--iidfile id', broken)).exitCode).to.equal(3);
      expect(existsSync(join(folder, 'id'))).to.equal(false);
      expect((await build('--iidfile no/id', built)).stderr).to.equal(
        'open no/id: no such file or directory\n',
      );
    });

    it('prints only the ID with -q, and all of it on stderr when it fails', async () => {
      expect(await build('-q', built)).to.deep.include({ stdout: `${imageId}\n`, stderr: '' });
      expect(await build('-q', broken)).to.deep.include({
        exitCode: 3,
        stdout: '',
        stderr:
          "Sending build context to Docker daemon  2.048kB\r\r\nStep 1/1 : RUN x\nThe command 'x' failed\n",
      });
    });

    it('refuses what Windows lacks in the engine’s words', async () => {
      const refusals: [string, string][] = [
        [
          '--cpuset-cpus 0',
          'Error response from daemon: invalid option: Windows does not support CpusetCpus',
        ],
        [
          '--cgroup-parent x',
          'Error response from daemon: invalid option: Windows does not support CgroupParent',
        ],
        ['--ulimit nofile=1', 'Error response from daemon: invalid option: Windows does not support Ulimits'],
        ['--squash', '"--squash" is only supported on a Docker daemon with experimental features enabled'],
      ];
      for (const [flag, text] of refusals)
        expect((await build(flag, built)).stderr.split('\n')[0]).to.equal(text);
    });

    it('passes build arguments of the client and its proxies', async () => {
      writeFileSync(
        join(folder, 'config.json'),
        JSON.stringify({ proxies: { default: { httpProxy: 'p' } } }),
      );

      const { requests } = await run(
        'build --build-arg X --build-arg Y --build-arg HTTP_PROXY=mine .',
        [built],
        {
          cwd: folder,
          config: folder,
          env: { X: 'from client' },
        },
      );

      const args = new URL(`http://x${requests[0]!.slice(5)}`).searchParams.get('buildargs')!;
      expect(JSON.parse(args)).to.deep.equal({
        HTTP_PROXY: 'mine',
        X: 'from client',
        Y: null,
        http_proxy: 'p',
      });
    });

    it('builds from elsewhere, says what it downloads, and leaves nothing behind', async () => {
      await using server = await GitServer.start();
      const tree = server.newTree('work');
      server.commit(tree, { Dockerfile: 'FROM x\n' });
      server.publish(tree, 'app');
      writeFileSync(join(server.folder, 'text'), 'FROM x\n');
      const scene = { env: server.env };
      const { TMPDIR } = process.env;
      process.env['TMPDIR'] = server.folder;
      using _ = {
        [Symbol.dispose]: () => {
          if (TMPDIR === undefined) delete process.env['TMPDIR'];
          else process.env['TMPDIR'] = TMPDIR;
        },
      };
      const downloading = `Downloading build context from remote url: ${server.address}/dumb/text\n`;
      const from = (args: string) => run(`build ${args}`, [built], scene);
      const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('porthole-'));

      expect((await from(`${server.address}/dumb/text`)).stdout).to.match(
        new RegExp(`^${downloading}Sending build context to Docker daemon  2.048kB\\s`),
      );
      expect((await from(`-q ${server.address}/dumb/text`)).stdout).to.equal(`${imageId}\n`);
      expect(JSON.parse((await from(`--json ${server.address}/dumb/text`)).stdout)).to.include({
        ID: imageId,
      });
      const plain = await from(`${server.address}/git/app.git`);
      const kept = await from(
        `--build-arg A=1 --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1 ${server.address}/git/app.git`,
      );

      const size = ({ stdout }: { readonly stdout: string }): string => /daemon +(\S+)/.exec(stdout)![1]!;
      expect(size(plain)).to.equal('2.048kB');
      expect(size(kept)).not.to.equal('2.048kB');
      expect(new URL(`http://x${kept.requests[0]!.slice(5)}`).searchParams.get('buildargs')).to.equal(
        '{"A":"1"}',
      );
      expect(leftovers()).to.deep.equal([]);
    });
  });

  describe('image prune', () => {
    const deleted = [{ Untagged: 'a:b' }, { Deleted: imageId }];
    const pruned: RecordedRoute = {
      method: 'POST',
      path: '/images/prune',
      json: { ImagesDeleted: deleted, SpaceReclaimed: 1_234_567 },
    };

    it('asks first, in Docker’s words', async () => {
      for (const [option, what] of [
        ['', 'all dangling images'],
        [' -a', 'all images without at least one container associated to them'],
      ])
        expect(await run(`image prune${option}`, [pruned], { stdin: 'n\n' })).to.deep.equal({
          exitCode: 0,
          stdout: `WARNING! This will remove ${what}.\nAre you sure you want to continue? [y/N] `,
          stderr: '',
          requests: [],
        });
    });

    it('plans with --dry-run', async () => {
      const { stdout, requests } = await run('image prune --dry-run', [pruned]);

      expect(stdout).to.equal(
        `Would delete images:\nuntagged: a:b\ndeleted: ${imageId}\n\nTotal reclaimed space: 1.235MB\n`,
      );
      expect(requests).to.deep.equal([
        'POST /images/prune?dryRun=1&filters=%7B%22dangling%22%3A%7B%22true%22%3Atrue%7D%7D',
      ]);
    });
  });
});

/** Containers of real Windows programs through the built CLI: the verbs that the main job leaves out. */
import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cli, cliMissing } from '../support/cli.ts';
import { pullBaseImage, whyNoBackend } from '../support/embedded-backend.ts';

const reason = whyNoBackend() ?? cliMissing();

describe(`containers on the embedded backend${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(120_000);
  let work: string;
  let cli: Cli;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-containers-'));
    cli = new Cli(join(work, 'data'));
    await pullBaseImage(cli, work);
    await cli.ok(['run', '--rm', 'base', 'cmd', '/c', 'exit 0']);
  });

  afterEach(async () => {
    if (reason !== undefined) return;
    for (const id of (await cli.ok(['ps', '-aq'])).split('\n').filter(Boolean))
      await cli.run(['rm', '-f', '-v', id]);
  });

  after(() => {
    if (reason === undefined) rmSync(work, { recursive: true, force: true });
  });

  it('keep both streams and the exit code of what they ran', async () => {
    const result = await cli.run([
      'run',
      '--name',
      'aa',
      'base',
      'cmd',
      '/c',
      'echo out& echo err>&2& exit 30',
    ]);

    expect(result).to.include({ stdout: 'out\r\n', stderr: 'err\r\n' });
    expect(result.exitCode).to.equal(30);
    expect(await cli.ok(['inspect', '-f', '{{.State.ExitCode}}', 'aa'])).to.equal('30\n');
    const logs = await cli.run(['logs', 'aa']);
    expect(logs).to.include({ stdout: 'out\r\n', stderr: 'err\r\n' });
    expect((await cli.ok(['wait', 'aa'])).trim()).to.equal('30');
  });

  it('say when the program does not exist, and can be started when it does', async () => {
    const result = await cli.run(['run', '--name', 'aa', 'base', 'nope.exe']);

    expect(result.exitCode).to.equal(127);
    expect(result.stderr).to.match(/The system cannot find the file specified/);
    expect(await cli.ok(['ps', '-a', '--format', '{{.Names}} {{.State}}'])).to.equal('aa created\n');
    expect(await cli.ok(['inspect', '-f', '{{.State.ExitCode}}', 'aa'])).to.equal('127\n');
  });

  it('follow their logs until they end', async () => {
    await cli.ok([
      'run',
      '-d',
      '--name',
      'aa',
      'base',
      'cmd',
      '/c',
      [1, 2, 3, 4].map((n) => `echo line ${n}& ping -n 2 127.0.0.1 >nul`).join('& '),
    ]);

    const followed = await cli.ok(['logs', '-f', 'aa']);

    expect(followed.replaceAll('\r', '')).to.equal('line 1\nline 2\nline 3\nline 4\n');
    expect((await cli.ok(['logs', '--tail', '2', 'aa'])).replaceAll('\r', '')).to.equal('line 3\nline 4\n');
    const stamped = await cli.ok(['logs', '-t', '--tail', '1', 'aa']);
    expect(stamped).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 4\r\n$/);
    const since = stamped.slice(0, 30);
    expect((await cli.ok(['logs', '--since', since, 'aa'])).replaceAll('\r', '')).to.equal('line 4\n');
  });

  it('run several programs at once, each with its own exit code', async () => {
    await cli.ok([
      'run',
      '-d',
      '--name',
      'aa',
      '-e',
      'WHO=container',
      'base',
      'cmd',
      '/c',
      'ping -n 1000 127.0.0.1 >nul',
    ]);

    const results = await Promise.all(
      [1, 2, 3].map((code) =>
        cli.run([
          'exec',
          '-e',
          `N=${code}`,
          '-w',
          'C:\\Windows',
          'aa',
          'cmd',
          '/c',
          `echo %WHO% %N% %CD%& exit ${code}`,
        ]),
      ),
    );

    expect(results.map(({ exitCode }) => exitCode)).to.deep.equal([1, 2, 3]);
    expect(results.map(({ stdout }) => stdout)).to.deep.equal(
      [1, 2, 3].map((n) => `container ${n} C:\\Windows\r\n`),
    );
    expect(
      (await cli.run(['exec', '-i', 'aa', 'cmd', '/c', 'more'], { input: 'typed\r\n' })).stdout,
    ).to.include('typed');
    expect(await cli.ok(['exec', '-d', 'aa', 'cmd', '/c', 'ping -n 3 127.0.0.1 >nul'])).to.equal('');
    expect(await cli.ok(['ps', '--format', '{{.State}}'])).to.equal('running\n');
  });

  it('stop, start again and keep their files', async () => {
    await cli.ok([
      'run',
      '-d',
      '--name',
      'aa',
      'base',
      'cmd',
      '/c',
      'echo x>>C:\\kept.txt& type C:\\kept.txt& ping -n 1000 127.0.0.1 >nul',
    ]);
    await cli.ok(['stop', '-t', '1', 'aa']);
    await cli.ok(['start', 'aa']);
    await cli.ok(['restart', '-t', '1', 'aa']);
    await cli.ok(['kill', 'aa']);

    expect(await cli.ok(['ps', '-a', '--format', '{{.State}}'])).to.equal('exited\n');
    expect((await cli.ok(['logs', 'aa'])).match(/x/g)).to.have.length(1 + 2 + 3);
  });

  it('mount folders and volumes', async () => {
    const folder = join(work, 'shared');
    mkdirSync(folder);
    writeFileSync(join(folder, 'in.txt'), 'from the host');

    const output = await cli.ok([
      'run', '--rm', '-v', `${folder}:C:\\shared`, '-v', 'data:C:\\data', 'base',
      'cmd', '/c', 'type C:\\shared\\in.txt& echo made>C:\\shared\\out.txt& echo kept>C:\\data\\x.txt',
    ]); // prettier-ignore

    expect(output).to.equal('from the host');
    expect(readFileSync(join(folder, 'out.txt'), 'latin1')).to.equal('made\r\n');
    expect(
      await cli.ok(['run', '--rm', '-v', 'data:C:\\data:ro', 'base', 'cmd', '/c', 'type C:\\data\\x.txt']),
    ).to.equal('kept\r\n');
    const denied = await cli.run([
      'run',
      '--rm',
      '-v',
      'data:C:\\data:ro',
      'base',
      'cmd',
      '/c',
      'echo no>C:\\data\\y.txt& if not exist C:\\data\\y.txt exit 9',
    ]);
    expect(denied.exitCode).to.equal(9);

    expect(await cli.ok(['volume', 'ls'])).to.equal('DRIVER    VOLUME NAME\nlocal     data\n');
    const content = await cli.ok(['volume', 'inspect', '--format', '{{.Mountpoint}}', 'data']);
    expect(readFileSync(join(content.trim(), 'x.txt'), 'latin1')).to.equal('kept\r\n');
    const user = (await cli.ok(['create', '-v', 'data:C:\\data', 'base'])).trim();
    expect(await cli.run(['volume', 'rm', 'data'])).to.deep.include({
      exitCode: 1,
      stderr: `Error response from daemon: remove data: volume is in use - [${user}]\n`,
    });
    await cli.ok(['rm', user]);
    expect(await cli.ok(['volume', 'rm', 'data'])).to.equal('data\n');
    expect(existsSync(content.trim())).to.equal(false);
  });

  it('go with --rm, whoever waits', async () => {
    const result = await cli.run(['run', '--rm', 'base', 'cmd', '/c', 'exit 3']);

    expect(result.exitCode).to.equal(3);
    expect(await cli.ok(['ps', '-aq'])).to.equal('');
  });

  it('start again after failures, as often as asked', async () => {
    const id = (
      await cli.ok(['run', '-d', '--restart', 'on-failure:2', 'base', 'cmd', '/c', 'echo try& exit 1'])
    ).trim();
    for (;;) {
      const state = (await cli.ok(['inspect', '-f', '{{.State.Status}} {{.RestartCount}}', id])).trim();
      if (state === 'exited 2') break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }

    expect((await cli.ok(['logs', id])).match(/try/g)).to.have.length(3);
  });

  it('check their health', async () => {
    const id = (
      await cli.ok([
        'run',
        '-d',
        '--health-cmd',
        'echo fine',
        '--health-interval',
        '200ms',
        'base',
        'cmd',
        '/c',
        'ping -n 1000 127.0.0.1 >nul',
      ])
    ).trim();
    for (;;) {
      if ((await cli.ok(['ps', '--filter', 'health=healthy', '-q'])) !== '') break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }

    const health = JSON.parse(await cli.ok(['inspect', '-f', '{{json .State.Health}}', id])) as {
      Log: { Output: string; ExitCode: number }[];
    };
    expect(health.Log[0]).to.deep.include({ Output: 'fine\r\n', ExitCode: 0 });
  });

  it('reach each other by name, and the world outside only their published ports', async () => {
    await cli.ok(['run', '-d', '--name', 'one', 'base', 'cmd', '/c', 'ping -n 1000 127.0.0.1 >nul']);
    const address = (
      await cli.ok(['inspect', '-f', '{{.NetworkSettings.Networks.nat.IPAddress}}', 'one'])
    ).trim();

    const pinged = await cli.run(['run', '--rm', 'base', 'cmd', '/c', 'ping -n 1 one']);

    expect(pinged.stdout).to.include(address);
  });
});

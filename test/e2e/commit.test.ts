/**
 * `commit` and `diff` of real Windows programs' changes through the built CLI, on the embedded backend. One story told in
 * order, because each step is the next one's arrangement.
 */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackRegistry } from '../../scripts/loopback-registry.ts';
import type { LoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { pushBaseImage } from '../support/base-image-registry.ts';
import { Cli, cliMissing } from '../support/cli.ts';
import { whyNoBackend } from '../support/embedded-backend.ts';

const reason = whyNoBackend() ?? cliMissing();

describe(`commit on the embedded backend${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(120_000);
  let work: string;
  let cli: Cli;
  let registry: LoopbackRegistry;
  let base: string;
  let image: string;
  let committed: string;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-commit-e2e-'));
    cli = new Cli(join(work, 'data'));
    registry = await startLoopbackRegistry(join(work, 'registry'));
    base = `${registry.address}/windows/nanoserver:ltsc2022`;
    image = `${registry.address}/acme/patched:1`;
    await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
    await cli.ok(['pull', '-q', base]);
    await cli.ok(['tag', base, 'base']);
  });

  after(async () => {
    if (reason !== undefined) return;
    for (const id of (await cli.ok(['ps', '-aq'])).split('\n').filter(Boolean))
      await cli.run(['rm', '-f', '-v', id]);
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');
  const inspect = async (name: string, format: string): Promise<string> =>
    (await cli.ok(['inspect', '-f', format, name])).trimEnd();

  it('lists what a program added, changed and deleted, in the order of a layer', async () => {
    const script = [
      'echo made here>C:\\out.txt',
      'mkdir C:\\app\\deep',
      'echo x>C:\\app\\deep\\y.txt',
      'echo 127.0.0.1 db>>C:\\Windows\\System32\\drivers\\etc\\services',
      'del C:\\License.txt',
      // A program of Wine's, not of the image.
      'del C:\\Windows\\System32\\where.exe',
      'echo gone>C:\\gone.txt',
      'del C:\\gone.txt',
      'reg add HKLM\\Software\\Committed /v Answer /d yes /f >nul',
    ];
    await cli.ok(['run', '--name', 'web', '-e', 'FROM=container', 'base', 'cmd', '/c', script.join('& ')]);

    expect(lines(await cli.ok(['diff', 'web']))).to.deep.equal([
      'D Files/License.txt',
      'C Files/Windows',
      'C Files/Windows/System32',
      'D Files/Windows/System32/where.exe',
      'C Files/Windows/System32/drivers',
      'C Files/Windows/System32/drivers/etc',
      'C Files/Windows/System32/drivers/etc/services',
      'A Files/app',
      'A Files/app/deep',
      'A Files/app/deep/y.txt',
      'A Files/out.txt',
      'C Hives/porthole-system.delta',
    ]);
    expect(JSON.parse(await cli.ok(['diff', '--json', 'web']))).to.deep.include({
      Path: 'Files/out.txt',
      Kind: 1,
    });
  });

  it('makes an image of it, with its changes to the configuration', async () => {
    const output = await cli.ok([
      ...['commit', '-a', 'Me <me@example.com>', '-m', 'patched', '-c', 'ENV ADDED=$FROM-and-more'],
      ...['-c', 'CMD ["/c", "type C:\\\\out.txt"]', '-c', 'ENTRYPOINT ["cmd"]', '-c', 'WORKDIR C:/app/deep'],
      ...['-c', 'LABEL acme.patched=yes', '-c', 'EXPOSE 8080', 'web', image],
    ]);
    committed = output.trim();

    expect(output).to.match(/^sha256:[0-9a-f]{64}\n$/);
    expect(await inspect(image, '{{.Id}} {{.Author}} {{.Comment}} {{json .Config.Cmd}}')).to.equal(
      `${committed} Me <me@example.com> patched ["/c","type C:\\\\out.txt"]`,
    );
    expect(await inspect(image, '{{.Parent}} {{.Os}} {{.OsVersion}}')).to.equal(
      await inspect('base', '{{.Id}} {{.Os}} {{.OsVersion}}'),
    );
    expect(await inspect(image, '{{len .RootFS.Layers}} {{json .Config.ExposedPorts}}')).to.equal(
      '2 {"8080/tcp":{}}',
    );
    expect(await inspect(image, '{{index .Config.Labels "io.porthole.built-with"}}')).to.match(/^wine \d/);
    const history = lines(
      await cli.ok(['history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', image]),
    );
    expect(history[0]).to.match(/^cmd \/c echo made here>.*\|patched$/);
    expect(await cli.ok(['images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}', image])).to.equal(
      `${image} ${committed.slice(7, 19)}\n`,
    );
    const events = await cli.ok([
      'events',
      '--since',
      '1h',
      '--until',
      // Whole seconds: what was just done lies in the one that is not over.
      String(Math.floor(Date.now() / 1000) + 1),
      '--filter',
      'event=commit',
      '--json',
    ]);
    expect(events).to.include(committed).and.to.include(`"imageRef": "${image}"`);
  });

  it('runs the image: files, deletions, registry and configuration are there', async () => {
    expect(await cli.ok(['run', '--rm', image])).to.equal('made here\r\n');
    const script = [
      'type y.txt',
      'if not exist C:\\License.txt echo deleted',
      'if not exist C:\\Windows\\System32\\where.exe echo nowhere',
      'reg query HKLM\\Software\\Committed /v Answer',
      'echo %FROM% %ADDED%',
      'echo %CD%',
    ];
    const output = lines(await cli.ok(['run', '--rm', image, '/c', script.join('& ')]));

    expect(output.slice(0, 3)).to.deep.equal(['x', 'deleted', 'nowhere']);
    expect(output.join('\n')).to.match(/Answer\s+REG_SZ\s+yes/);
    expect(output.slice(-2)).to.deep.equal(['container container-and-more', 'C:\\app\\deep']);
  });

  it('can be built on', async () => {
    const context = join(work, 'context');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM ${image}\nRUN type C:\\out.txt\nRUN echo more>C:\\more.txt\n`,
    );

    expect(await cli.ok(['build', '-t', 'on-top', context])).to.include('made here');
    expect(await cli.ok(['run', '--rm', 'on-top', '/c', 'type C:\\more.txt'])).to.equal('more\r\n');
    await cli.ok(['rmi', 'on-top']);
  });

  it('pushes the image, and another machine pulls and runs it', async () => {
    await cli.ok(['push', '-q', image]);
    const other = new Cli(join(work, 'other'));
    await other.ok(['pull', '-q', image]);

    expect((await other.ok(['images', '-q', '--no-trunc', image])).trim()).to.equal(committed);
    expect(await other.ok(['run', '--rm', image])).to.equal('made here\r\n');
    expect(
      lines(await other.ok(['run', '--rm', image, '/c', 'reg query HKLM\\Software\\Committed'])).join(),
    ).to.include('Answer');
  });

  it('is in the content store for other tools', function () {
    if (spawnSync('skopeo', ['--version']).error !== undefined) this.skip();
    const config = JSON.parse(
      execFileSync('skopeo', ['inspect', '--config', `oci:${join(work, 'data', 'oci')}:${image}`], {
        encoding: 'utf8',
      }),
    ) as { 'os.version'?: string; author?: string; history: unknown[]; rootfs: { diff_ids: string[] } };

    expect(config.author).to.equal('Me <me@example.com>');
    expect(config.rootfs.diff_ids).to.have.length(2);
    expect(config.history).to.have.length(2);
  });

  it('refuses a container that runs, takes it once it is stopped, without a name too', async () => {
    await cli.ok([
      'run',
      '-d',
      '--name',
      'live',
      'base',
      'cmd',
      '/c',
      'echo live>C:\\live.txt& ping -n 1000 127.0.0.1 >nul',
    ]);
    const refused = await cli.run(['commit', 'live', 'live:1']);
    const hint = 'Hint: stop it first: porthole stop live\n';
    expect(refused).to.include({
      exitCode: 1,
      stdout: '',
      stderr: `Error response from daemon: windows does not support commit of a running container\n${hint}`,
    });
    expect((await cli.run(['diff', 'live'])).stderr).to.equal(
      `Error response from daemon: Windows does not support diff of a running container\n${hint}`,
    );
    await cli.ok(['kill', 'live']);

    const id = (await cli.ok(['commit', 'live'])).trim();

    expect(lines(await cli.ok(['diff', 'live']))).to.deep.equal(['A Files/live.txt']);
    expect(lines(await cli.ok(['images', '-q', '--no-trunc', '-f', 'dangling=true']))).to.deep.equal([id]);
    expect(await cli.ok(['run', '--rm', id, 'cmd', '/c', 'type C:\\live.txt'])).to.equal('live\r\n');
    await cli.ok(['rmi', id]);
  });

  it('takes the name of another image, which stays without one', async () => {
    const second = (await cli.ok(['commit', 'live', image])).trim();

    expect((await cli.ok(['images', '-q', '--no-trunc', image])).trim()).to.equal(second);
    expect(lines(await cli.ok(['images', '-q', '--no-trunc', '-f', 'dangling=true']))).to.deep.equal([
      committed,
    ]);
    await cli.ok(['rmi', image, committed]);
  });

  it('gives everything back with the image and the container', async () => {
    await cli.ok(['rm', 'web', 'live']);
    const layers = lines(
      await cli.ok(['inspect', '-f', '{{range .RootFS.Layers}}{{println .}}{{end}}', 'base']),
    );

    expect(readdirSync(join(work, 'data', 'windowsfilter'))).to.have.length(layers.length);
    expect(readdirSync(join(work, 'data', 'ingest'))).to.deep.equal([]);
    expect(readdirSync(join(work, 'data', 'leases'))).to.deep.equal([]);
  });
});

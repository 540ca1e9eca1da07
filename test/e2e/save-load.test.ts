/**
 * Images through archives, on real parts: what `save` writes is read by skopeo and by another data root, and what skopeo and
 * buildah write is loaded and run.
 */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackRegistry, type LoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { Cli, cliMissing, packageRoot } from '../support/cli.ts';
import { pullBaseImage, whyNoBackend } from '../support/embedded-backend.ts';

const isThere = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

function reasonToSkip(): string | undefined {
  return whyNoBackend() ?? cliMissing() ?? (isThere('skopeo') ? undefined : 'skopeo is not installed');
}

const reason = reasonToSkip();

describe(`archives of images${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(300_000);
  let work: string;
  let registry: LoopbackRegistry;
  let cli: Cli;
  let archive: string;
  let id: string;

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-archives-'));
    cli = new Cli(join(work, 'data'));
    archive = join(work, 'app.tar');
    await pullBaseImage(cli, work);
    const context = join(work, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'data.txt'), 'from the context\r\n');
    const dockerfile = [
      'FROM base',
      'WORKDIR C:\\\\app',
      'COPY data.txt .',
      'RUN echo made> made.txt',
      'CMD type data.txt made.txt',
    ];
    writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'));
    await cli.ok(['build', '-t', 'acme/app:1', context]);
    id = (await cli.ok(['images', '-q', '--no-trunc', 'acme/app:1'])).trim();
    registry = await startLoopbackRegistry(join(work, 'target'));
  });

  after(async () => {
    if (reason !== undefined) return;
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const skopeo = (...args: string[]): string =>
    execFileSync('skopeo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const fresh = (): Cli => new Cli(mkdtempSync(join(work, 'fresh-')));
  const output = 'from the context\r\nmade\r\n';
  const ran = async (where: Cli, image: string): Promise<void> => {
    const run = await where.run(['run', '--rm', image]);
    expect([
      run.stdout.replace(/^.*\.txt\r\n(?:\r\n)*/gm, '').replaceAll('\r\n\r\n', '\r\n'),
      run.exitCode,
    ]).to.deep.equal([output, 0]);
  };

  it('saves to a file and to a pipe, the same bytes', async () => {
    await cli.ok(['save', '-o', archive, 'acme/app:1', 'base']);
    const piped = join(work, 'piped.tar');
    const out = openSync(piped, 'w');
    const child = spawnSync(
      process.execPath,
      [join(packageRoot, 'bin/run.js'), 'save', 'acme/app:1', 'base'],
      {
        env: { ...process.env, PORTHOLE_DATA_ROOT: cli.dataRoot },
        stdio: ['ignore', out, 'pipe'],
      },
    );
    closeSync(out);
    expect([child.status, child.stderr.toString()]).to.deep.equal([0, '']);
    const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(hash(piped)).to.equal(hash(archive));
    expect(spawnSync('tar', ['-tf', archive]).status).to.equal(0);
  });

  it('is read by skopeo in both forms, down to the layers', async () => {
    const one = join(work, 'one.tar');
    await cli.ok(['save', '-o', one, 'acme/app:1']);
    for (const from of [
      `docker-archive:${archive}:docker.io/acme/app:1`,
      `docker-archive:${one}`,
      `oci-archive:${one}`,
    ]) {
      const { Os, Layers } = JSON.parse(skopeo('inspect', from)) as { Os: string; Layers: string[] };
      expect([from, Os, Layers.length > 1]).to.deep.equal([from, 'windows', true]);
      const to = `${registry.address}/copied:${from.split(':')[0]}`;
      skopeo('copy', '--dest-tls-verify=false', from, `docker://${to}`);
      const config = JSON.parse(skopeo('inspect', '--raw', '--tls-verify=false', `docker://${to}`)) as {
        config: { digest: string };
      };
      expect([from, config.config.digest]).to.deep.equal([from, id]);
    }
  });

  it('loads into another data root and runs', async () => {
    const other = fresh();
    expect(await other.ok(['load', '-i', archive])).to.equal(
      'Loaded image: acme/app:1\nLoaded image: base:latest\n',
    );
    expect((await other.ok(['images', '-q', '--no-trunc', 'acme/app:1'])).trim()).to.equal(id);
    await ran(other, 'acme/app:1');
    const again = join(work, 'again.tar');
    await other.ok(['save', '-o', again, 'acme/app:1', 'base']);
    expect(readFileSync(again).equals(readFileSync(archive))).to.equal(true);
  });

  it('loads what skopeo writes, from a file and from a pipe', async () => {
    const source = `docker-archive:${archive}:docker.io/acme/app:1`;
    for (const [form, name] of [
      ['docker-archive', 'acme/skopeo:1'],
      ['oci-archive', 'acme/skopeo:2'],
    ] as const) {
      const path = join(work, `${form}.tar`);
      skopeo('copy', source, `${form}:${path}:docker.io/${name}`);
      const other = fresh();
      expect(await other.ok(['load', '-q'], { input: readFileSync(path) })).to.equal(
        `Loaded image: ${name}\n`,
      );
      expect(await other.ok(['load', '-q', '-i', path])).to.equal(`Loaded image: ${name}\n`);
      // skopeo writes the configuration anew, in the form of the archive.
      await ran(other, name);
    }
  });

  it('loads what buildah makes of its own', async function () {
    if (!isThere('buildah')) return this.skip();
    const storage = [
      '--root',
      join(work, 'storage'),
      '--runroot',
      join(work, 'run'),
      '--storage-driver',
      'vfs',
    ];
    const buildah = (...args: string[]): string =>
      execFileSync('buildah', [...storage, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim();
    const tree = join(work, 'tree');
    mkdirSync(join(tree, 'Files', 'app'), { recursive: true });
    writeFileSync(join(tree, 'Files', 'app', 'hello.txt'), 'hello\r\n');
    const container = buildah('from', 'scratch');
    buildah('copy', container, tree, '/');
    buildah('config', '--os', 'windows', '--arch', 'amd64', container);
    buildah('commit', container, 'localhost/made:1');
    const other = fresh();
    for (const form of ['docker-archive', 'oci-archive']) {
      const path = join(work, `buildah-${form}.tar`);
      buildah('push', 'localhost/made:1', `${form}:${path}:localhost/made:${form}`);
      expect(await other.ok(['load', '-i', path])).to.include(`Loaded image: localhost/made:${form}\n`);
    }
    buildah('rm', container);
    const context = join(work, 'from-buildah');
    mkdirSync(context);
    writeFileSync(
      join(context, 'Dockerfile'),
      'FROM localhost/made:oci-archive\nCOPY --from=localhost/made:docker-archive C:\\\\app C:\\\\copied\n',
    );
    expect(await other.ok(['build', '-t', 'copied', context])).to.include(
      'Successfully tagged copied:latest',
    );
  });

  it('leaves nothing of a load or save that was killed or interrupted', async () => {
    const other = fresh();
    const child = other.start(['load']);
    const bytes = readFileSync(archive);
    child.stdin!.write(bytes.subarray(0, bytes.length / 2));
    const ingest = join(other.dataRoot, 'ingest');
    while (!existsSync(ingest) || readdirSync(ingest).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill('SIGINT');
    expect(await ended).to.equal(130);
    expect(readdirSync(ingest)).to.deep.equal([]);

    const killed = other.start(['load']);
    killed.stdin!.write(bytes.subarray(0, bytes.length / 2));
    while (readdirSync(ingest).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const gone = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await gone;
    expect(await other.ok(['images', '-aq'])).to.equal('');
    await Promise.all([1, 2, 3].map(() => other.ok(['load', '-q', '-i', archive])));
    expect(readdirSync(ingest)).to.deep.equal([]);
    await ran(other, 'acme/app:1');
  });
});

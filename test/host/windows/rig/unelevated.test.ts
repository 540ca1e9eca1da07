/**
 * Commands of somebody who has not elevated (users.md P03), on the built package in Windows Node under Wine: what needs no
 * rights works, and what does says so before it has changed anything.
 */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startLoopbackRegistry, type LoopbackRegistry } from '../../../../scripts/loopback-registry.ts';
import { writeBaseImage } from '../../../support/base-image.ts';
import { membersOf } from '../../../support/image-archive.ts';
import { openRig, whyNoRig, type RigRun, type WindowsRig } from '../../../support/windows-rig.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

function whyNot(): string | undefined {
  const why = whyNoRig();
  if (why !== undefined) return why;
  if (!existsSync(join(root, 'dist', 'porthole.js'))) return 'dist/ is not built: npm run build';
  const tools = ['docker-registry', 'skopeo'];
  return tools
    .find((tool) => spawnSync(tool, ['--version']).error !== undefined)
    ?.concat(' is not installed');
}

const why = whyNot();
const dataRoot = 'C:\\ProgramData\\porthole';

describe(`windows commands without elevation under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(300_000);
  let rig: WindowsRig;
  let registry: LoopbackRegistry;
  let folder: string;
  let image: string;

  before(async function () {
    if (why !== undefined) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'porthole-unelevated-'));
    rig = await openRig();
    await rig.startService();
    registry = await startLoopbackRegistry(join(folder, 'registry'));
    image = `${registry.address}/windows/nanoserver:ltsc2022`;
    writeBaseImage(join(folder, 'oci'), 'nanoserver');
    const [from, to] = [`oci:${join(folder, 'oci')}:ltsc2022`, `docker://${image}`];
    execFileSync('skopeo', ['copy', '--dest-tls-verify=false', from, to], { stdio: 'pipe' });
  });

  after(async () => {
    await registry?.stop();
    await rig?.stopService();
    rig?.dispose();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function porthole(
    args: readonly string[],
    options: { elevated?: boolean; root?: string } = {},
  ): Promise<RigRun> {
    const bin = rig.windowsPath(join(root, 'bin', 'run.js'));
    const env = { PORTHOLE_DATA_ROOT: options.root ?? dataRoot };
    return rig.node([bin, ...args], { timeoutMs: 240_000, env, unelevated: options.elevated !== true });
  }
  async function works(args: readonly string[], options?: Parameters<typeof porthole>[1]): Promise<string> {
    const run = await porthole(args, options);
    expect([run.stderr, run.code], args.join(' ')).to.deep.equal(['', 0]);
    return run.stdout;
  }
  /** Every file below the data root with its content. */
  function state(): string[] {
    const at = join(rig.driveC, 'ProgramData', 'porthole');
    return readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.includes('/locks/'))
      .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
      .sort();
  }
  const context = (files: Record<string, string>): string => {
    const at = mkdtempSync(join(folder, 'context-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(at, name), text);
    return rig.windowsPath(at);
  };

  it('lints, explains and tells what fits', async () => {
    const at = context({ Dockerfile: 'FROM x:1\nWORKDIR app\n' });
    expect((await porthole(['lint', `${at}\\Dockerfile`])).stdout).to.include('WORKDIR');
    expect(await works(['explain', '0x80070005'])).to.include('denied');
    expect((await porthole(['compat', image])).stdout).to.include('nanoserver');
  });

  it('pulls an image packed, and shows it', async () => {
    expect(await works(['pull', image])).to.include(
      "The layers stay packed: containers need an administrator's rights",
    );
    expect(await works(['image', 'inspect', '-f', '{{.Os}} {{.OsVersion}}', image])).to.equal(
      'windows 10.0.20348.2227\n',
    );
    expect(await works(['history', '-q', image])).not.to.equal('');
    expect(existsSync(join(rig.driveC, 'ProgramData', 'porthole', 'windowsfilter'))).to.equal(false);
  });

  it('saves and loads', async () => {
    await works(['tag', image, 'base:1']);
    await works(['save', '-o', 'C:\\base.tar', 'base:1']);
    const archive = readFileSync(join(rig.driveC, 'base.tar'));
    expect([...membersOf(archive).keys()].slice(0, 4)).to.deep.equal([
      ...['oci-layout', 'index.json', 'manifest.json', 'repositories'],
    ]);

    const other = { root: 'C:\\ProgramData\\other' };
    expect(await works(['load', '-i', 'C:\\base.tar'], other)).to.equal('Loaded image: base:1\n');
    const id = (where?: { root: string }) => works(['inspect', '-f', '{{.Id}} {{.Size}}', 'base:1'], where);
    expect(await id(other)).to.equal(await id());
    await works(['save', '-o', 'C:\\again.tar', 'base:1'], other);
    expect(readFileSync(join(rig.driveC, 'again.tar')).equals(archive)).to.equal(true);
    expect(await works(['rmi', 'base:1'], other)).to.include('Deleted: ');
    expect(readdirSync(join(rig.driveC, 'ProgramData', 'other', 'oci', 'blobs', 'sha256'))).to.deep.equal([]);
  });

  it('builds with COPY, ADD, WORKDIR and COPY --from', async () => {
    const at = context({
      Dockerfile: [
        `FROM ${image} AS files`,
        'WORKDIR C:\\\\made\\\\here',
        'COPY a.txt b.txt ./',
        `FROM ${image}`,
        'COPY --from=files C:\\\\made C:\\\\copied',
        'COPY --from=files C:\\\\License.txt C:\\\\tools\\\\',
        'ADD a.txt C:\\\\Users\\\\',
        'ENV WHO=nobody',
        'CMD ["cmd", "/c", "echo", "ran"]',
      ].join('\n'),
      'a.txt': 'A',
      'b.txt': 'from the context',
    });
    expect(await works(['build', '-t', 'copied:1', at])).to.include('Successfully tagged copied:1');
    expect(await works(['build', '-t', 'copied:2', at])).to.include('Using cache');
    await works(['save', '-o', 'C:\\copied.tar', 'copied:1']);
    const members = membersOf(readFileSync(join(rig.driveC, 'copied.tar')));
    const [item] = JSON.parse(members.get('manifest.json')!.toString()) as { Layers: string[] }[];
    const files = new Map(
      item!.Layers.slice(1).flatMap((layer) =>
        [...membersOf(gunzipSync(members.get(layer)!))]
          .filter(([, bytes]) => bytes.length > 0)
          .map(([name, bytes]) => [name, bytes.toString()]),
      ),
    );
    expect(Object.fromEntries(files)).to.deep.equal({
      'Files/copied/here/a.txt': 'A',
      'Files/copied/here/b.txt': 'from the context',
      'Files/tools/License.txt': "Porthole test image: nanoserver\r\nNo files of Microsoft's.\r\n",
      'Files/Users/a.txt': 'A',
    });
  });

  it('says what running needs before anything is changed', async () => {
    // Whoever looks at networks first writes down the predefined ones.
    await porthole(['network', 'ls']);
    const before = state();
    const hint =
      'Hint: Open PowerShell or a terminal with "Run as administrator" and repeat the command there.';
    for (const args of [
      ['run', '--rm', image, 'cmd'],
      ['run', '-d', 'not/here:1'],
      ['create', '--name', 'one', image],
    ]) {
      const run = await porthole(args);
      expect(run.code, args.join(' ')).to.be.oneOf([1, 125]);
      expect(run.stderr)
        .to.include("containers need an administrator's rights: access is denied")
        .and.include(hint);
    }
    const network = await porthole(['network', 'create', '-d', 'nat', 'mine']);
    expect(network.stderr)
      .to.include("networks of containers need an administrator's rights")
      .and.include(hint);
    const built = await porthole(['build', context({ Dockerfile: `FROM ${image}\nRUN echo hi\n` })]);
    expect(built.stderr).to.include("containers need an administrator's rights").and.include(hint);
    expect(state().filter((line) => !before.includes(line))).to.deep.equal([]);
    expect(state()).to.have.length(before.length);
    expect(await works(['ps', '-aq'])).to.equal('');
  });

  it('runs, elevated, what was pulled and built without', async () => {
    const admin = { elevated: true };
    expect(await works(['run', '--rm', 'copied:1'], admin)).to.equal('ran\r\n');
    expect(await works(['run', '--rm', image, 'cmd', '/c', 'echo hi'], admin)).to.equal('hi\r\n');
    const at = context({ Dockerfile: 'FROM copied:1\nCOPY c.txt C:\\\\copied\\\\\n', 'c.txt': 'c' });
    await works(['build', '-t', 'more:1', at], admin);
    await works(['rmi', 'more:1', 'copied:1', 'copied:2', 'base:1', image], admin);
    // The first stage has no name: what is left of it are images of the build cache.
    for (;;) {
      const left = (await works(['images', '-aq'], admin)).split('\n').filter((id) => id !== '');
      if (left.length === 0) break;
      await porthole(['rmi', ...left], admin);
    }
    const plain = readdirSync(join(rig.driveC, 'ProgramData', 'porthole', 'plain-layers'));
    expect(plain.filter((name) => name !== 'trash')).to.deep.equal([]);
  });

  it('leaves containers of an administrator as they are', async () => {
    const admin = { elevated: true };
    await works(['pull', '-q', image], admin);
    await works(['create', '--name', 'kept', image, 'cmd', '/c', 'echo hi'], admin);
    const before = state();
    for (const args of [
      ['start', 'kept'],
      ['restart', 'kept'],
      ['commit', 'kept', 'taken:1'],
      ['diff', 'kept'],
      ['rm', 'kept'],
      ['rm', '-f', 'kept'],
      ['container', 'prune', '-f'],
    ]) {
      const run = await porthole(args);
      expect([
        args.join(' '),
        run.stderr.match(/access is denied|Run as administrator/g)?.length,
      ]).to.deep.equal([args.join(' '), 2]);
      expect(run.code, args.join(' ')).to.equal(1);
      expect(state(), args.join(' ')).to.deep.equal(before);
    }
    expect(await works(['ps', '-a', '--format', '{{.Names}} {{.State}}'])).to.equal('kept created\n');
    expect(await works(['start', '-a', 'kept'], admin)).to.equal('hi\r\n');
    expect(await works(['logs', 'kept'])).to.equal('hi\r\n');
    await works(['rm', 'kept'], admin);
  });

  it('loads and runs what was saved, elevated', async () => {
    const admin = { elevated: true };
    expect(await works(['load', '-i', 'C:\\copied.tar'], admin)).to.equal('Loaded image: copied:1\n');
    expect(await works(['run', '--rm', 'copied:1'], admin)).to.equal('ran\r\n');
  });
});

/** Whole commands of the Windows build on a Windows whose vmcompute.dll has no layer calls: computestorage.dll serves them. */
import { expect } from 'chai';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeTar } from '../../../contract/layers-subject.ts';
import { buildStandIns, type WindowsRig } from '../../../support/windows-rig.ts';
import { openWindowsCli, whyNoWindowsCli, type WindowsCli } from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();
const variable = 'PORTHOLE_TEST_DLL_DIR';

describe(`layers by computestorage under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(300_000);
  let cli: WindowsCli;

  const later = (rig: WindowsRig): string => join(rig.folder, 'later');
  const lacking = (rig: WindowsRig): string => join(rig.folder, 'lacking');

  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli({
      env: (rig) => ({ [variable]: rig.windowsPath(later(rig)) }),
      async prepare(rig) {
        const dlls = buildStandIns();
        cpSync(dlls, later(rig), { recursive: true });
        cpSync(join(dlls, 'vmcompute-without-layers.dll'), join(later(rig), 'vmcompute.dll'));
        cpSync(dlls, lacking(rig), { recursive: true });
        rmSync(join(lacking(rig), 'computestorage.dll'));
        const key = 'HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services\\\\vmms';
        const script = `require('child_process').execFileSync('reg.exe', ['add', '${key}', '/f'], { stdio: 'ignore' })`;
        expect((await rig.node(['-e', script])).code).to.equal(0);
      },
    });
  });

  after(() => cli?.dispose());

  async function porthole(...args: string[]): Promise<string> {
    const run = await cli.porthole(...args);
    expect([run.code, run.stderr], args.join(' ')).to.deep.equal([0, '']);
    return run.stdout;
  }
  const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');
  const store = (): string[] => readdirSync(join(cli.dataRoot, 'windowsfilter')).sort();
  const record = (id: string, name: string): { driver?: string } =>
    JSON.parse(readFileSync(join(cli.dataRoot, 'windowsfilter', id, name), 'utf8')) as { driver?: string };

  it('pulled with it', () => {
    const ids = store();
    expect(ids).to.have.length.greaterThan(0);
    for (const id of ids) expect(record(id, 'layer.json').driver).to.equal('computestorage');
  });

  it('runs, lists changes, commits and runs again', async () => {
    const before = store();
    const script = 'mkdir C:\\app & echo made here>C:\\app\\out.txt & del C:\\License.txt';
    await porthole('run', '--name', 'web', cli.image, 'cmd', '/c', script);
    expect(lines(await porthole('diff', 'web'))).to.deep.equal([
      ...['D Files/License.txt', 'A Files/app', 'A Files/app/out.txt'],
    ]);
    await porthole('commit', 'web', 'mine:1');
    const look = 'type C:\\app\\out.txt& if not exist C:\\License.txt echo gone';
    expect(await porthole('run', '--rm', 'mine:1', 'cmd', '/c', look)).to.equal('made here \r\ngone\r\n');
    // By another process, on the same disk: what was made is there, what was deleted is not.
    const again = await cli.porthole('start', '-a', 'web');
    expect([again.code, again.stderr.includes('License.txt: File Not Found')]).to.deep.equal([0, true]);

    const [, layer] = await cli.layerTars('mine:1');
    expect(describeTar(layer!).map((line) => line.replace(/ \d+$/, ''))).to.include.members([
      ...['Files/.wh.License.txt', 'Files/app/out.txt 0 12'],
    ]);
    await porthole('rm', 'web');
    for (const tag of lines(await porthole('images', '--format', '{{.Repository}}:{{.Tag}}')))
      if (tag.includes('mine:1')) await porthole('rmi', tag);
    expect(store()).to.deep.equal(before);
  });

  it('runs in a utility VM, which takes the disk itself', async () => {
    const attached = cli.calls('HcsAttachLayerStorageFilter').length;
    const out = await porthole('run', '--rm', '--isolation', 'hyperv', cli.image, 'cmd', '/c', 'echo inside');
    expect(out).to.equal('inside\r\n');
    expect(cli.calls('HcsAttachLayerStorageFilter')).to.have.length(attached);
  });

  it('builds', async () => {
    const context = join(cli.folder, 'context');
    mkdirSync(context);
    writeFileSync(join(context, 'hello.txt'), 'hello');
    writeFileSync(
      join(context, 'Dockerfile'),
      [
        ...[`FROM ${cli.image}`, 'COPY hello.txt C:/site/', 'RUN echo built>C:\\site\\log.txt'],
        'CMD type C:\\site\\hello.txt',
      ].join('\n'),
    );
    await porthole('build', '-q', '-t', 'site', cli.rig.windowsPath(context));

    expect(await porthole('run', '--rm', 'site')).to.equal('hello');
    expect(await porthole('run', '--rm', 'site', 'cmd', '/c', 'type C:\\site\\log.txt')).to.equal(
      'built\r\n',
    );
    for (const id of store()) expect(record(id, 'layer.json').driver).to.equal('computestorage');
  });

  it('refuses its layers to a Windows that has vmcompute', async () => {
    const before = store();
    const other = { [variable]: cli.rig.env[variable] };
    const create = await cli.portholeWith(other, 'create', cli.image);
    expect([create.code, create.stdout]).to.deep.equal([1, '']);
    expect(create.stderr).to.match(
      /^Error response from daemon: layer [0-9a-f]{64} was made with the layer driver computestorage, not with vmcompute, which is used now\nHint: use the same driver \(PORTHOLE_LAYER_DRIVER=computestorage\), or remove the images that have it \(porthole rmi\) and pull or build them again/,
    );
    // As the message says.
    const asked = { ...other, PORTHOLE_LAYER_DRIVER: 'computestorage' };
    const run = await cli.portholeWith(asked, 'run', '--rm', cli.image, 'cmd', '/c', 'echo same');
    expect([run.code, run.stdout, run.stderr]).to.deep.equal([0, 'same\r\n', '']);
    expect(store()).to.deep.equal(before);
  });

  it('says what is missing, and what does not exist, before anything is changed', async () => {
    const before = store();
    const asked = {
      [variable]: cli.rig.windowsPath(lacking(cli.rig)),
      PORTHOLE_LAYER_DRIVER: 'computestorage',
    };
    const missing = await cli.portholeWith(asked, 'create', cli.image);
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.match(
      /^Error response from daemon: failed to load computestorage\.dll, ensure that the Containers feature is installed\n/,
    );
    const unknown = await cli.portholeWith({ PORTHOLE_LAYER_DRIVER: 'overlay' }, 'create', cli.image);
    expect(unknown.code).to.equal(1);
    expect(unknown.stderr).to.match(
      /^Error response from daemon: invalid PORTHOLE_LAYER_DRIVER "overlay": no such layer driver\nHint: use vmcompute or computestorage/,
    );
    expect(store()).to.deep.equal(before);
  });

  it('called nothing of vmcompute for layers', () => {
    for (const name of [
      'ImportLayer',
      'ProcessBaseImage',
      'CreateSandboxLayer',
      'PrepareLayer',
      'ExportLayer',
    ])
      expect(cli.calls(name), name).to.deep.equal([]);
    for (const name of ['HcsImportLayer', 'HcsSetupBaseOSLayer', 'HcsExportLayer', 'HcsDestroyLayer'])
      expect(cli.calls(name).length, name).to.be.greaterThan(0);
  });

  it('can be got rid of where its DLL is lost, as can what vmcompute made', async () => {
    const trash = (): string[] => readdirSync(join(cli.dataRoot, 'trash'));
    const withoutIt = { [variable]: cli.rig.windowsPath(lacking(cli.rig)) };
    await porthole('create', '--name', 'left', cli.image);
    const images = lines(await porthole('images', '-q', '--no-trunc'));
    for (const args of [
      ['rm', 'left'],
      ['rmi', '-f', ...new Set(images)],
    ]) {
      const run = await cli.portholeWith(withoutIt, ...args);
      expect([run.code, run.stderr], args.join(' ')).to.deep.equal([0, '']);
    }
    expect([store(), trash()]).to.deep.equal([[], []]);

    const calls = cli.calls('CreateSandboxLayer').length;
    for (const args of [
      ['pull', '-q', cli.image],
      ['create', '--name', 'older', cli.image],
    ])
      expect((await cli.portholeWith(withoutIt, ...args)).code, args.join(' ')).to.equal(0);
    expect(cli.calls('CreateSandboxLayer')).to.have.length(calls + 1);
    const start = await cli.porthole('start', 'older');
    expect(start.code).to.equal(1);
    expect(start.stderr).to.match(/container [0-9a-f]{64} was made with the layer driver vmcompute/);
    await porthole('rm', 'older');
    await porthole('rmi', cli.image);
    expect([store(), trash()]).to.deep.equal([[], []]);
  });

  it('gave everything back', () => {
    const exits = readFileSync(join(cli.rig.folder, 'calls.log'), 'utf8')
      .split('\n')
      .flatMap((line) => (line.includes('"exit":') ? [JSON.parse(line) as Exit] : []));
    expect(exits.length).to.be.greaterThan(5);
    for (const { exit } of exits) {
      expect(Object.values(exit.open).filter((count) => count !== 0)).to.deep.equal([]);
      expect(exit.violations).to.deep.equal([]);
    }
  });
});

interface Exit {
  readonly exit: { readonly open: Record<string, number>; readonly violations: readonly string[] };
}

/** `commit` and `diff` in whole commands of the Windows build: the layer goes through vmcompute's export and import. */
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeTar } from '../../../contract/layers-subject.ts';
import {
  openWindowsCli,
  whyNoWindowsCli,
  withHyperV,
  type WindowsCli,
} from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();

describe(`commit and diff under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(300_000);
  let cli: WindowsCli;

  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli({ prepare: withHyperV });
  });

  after(() => cli?.dispose());

  async function porthole(...args: string[]): Promise<string> {
    const run = await cli.porthole(...args);
    expect([run.code, run.stderr], args.join(' ')).to.deep.equal([0, '']);
    return run.stdout;
  }
  const lines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '');
  const store = (): string[] => readdirSync(join(cli.dataRoot, 'windowsfilter')).sort();

  it('lists nothing for a container that never ran, and commits it', async () => {
    await porthole('create', '--name', 'never', cli.image, 'cmd');

    expect(await porthole('diff', 'never')).to.equal('');
    const id = (await porthole('commit', 'never')).trim();
    expect(await porthole('inspect', '-f', '{{.Id}} {{len .RepoTags}} {{len .RootFS.Layers}}', id)).to.equal(
      `${id} 0 2\n`,
    );
    await porthole('rm', 'never');
    await porthole('rmi', id);
  });

  it('takes what a program did to files', async () => {
    const before = store();
    const script =
      'mkdir C:\\app & echo made here>C:\\app\\out.txt & del C:\\License.txt & echo more>>C:\\Windows\\System32\\drivers\\etc\\hosts';
    await porthole('run', '--name', 'web', cli.image, 'cmd', '/c', script);

    expect(lines(await porthole('diff', 'web'))).to.deep.equal([
      'D Files/License.txt',
      'C Files/Windows',
      'C Files/Windows/System32',
      'C Files/Windows/System32/drivers',
      'C Files/Windows/System32/drivers/etc',
      'C Files/Windows/System32/drivers/etc/hosts',
      'A Files/app',
      'A Files/app/out.txt',
    ]);
    const id = (
      await porthole(
        ...[
          'commit',
          '-m',
          'why',
          '-a',
          'me',
          '-c',
          'ENV ADDED=1',
          '-c',
          'CMD ["/c","type C:\\\\app\\\\out.txt"]',
        ],
        ...['-c', 'ENTRYPOINT ["cmd"]', 'web', 'mine:1'],
      )
    ).trim();

    expect(
      await porthole('inspect', '-f', '{{.Id}} {{.Author}} {{.Comment}} {{.OsVersion}}', 'mine:1'),
    ).to.equal(`${id} me why 10.0.20348.2227\n`);
    expect(await porthole('run', '--rm', 'mine:1')).to.equal('made here \r\n');
    expect(
      await porthole('run', '--rm', 'mine:1', '/c', 'echo %ADDED%& if not exist C:\\License.txt echo gone'),
    ).to.equal('1\r\ngone\r\n');
    const [, layer] = await cli.layerTars('mine:1');
    expect(describeTar(layer!).map((line) => line.replace(/ \d+$/, ''))).to.include.members([
      'Files/.wh.License.txt',
      'Files/app/out.txt 0 12',
    ]);
    await porthole('rm', 'web');
    for (const tag of lines(await porthole('images', '--format', '{{.Repository}}:{{.Tag}}')))
      if (tag.includes('mine:1')) await porthole('rmi', tag);
    expect(store()).to.deep.equal(before);
    // For diff and for commit; the image's layer went in by ImportLayer.
    expect(cli.calls('ExportLayer').length).to.be.at.least(2);
  });

  for (const isolation of ['process', 'hyperv']) {
    it(`refuses while a container with ${isolation} isolation runs, and disturbs nothing`, async () => {
      const name = `live-${isolation}`;
      // The stand-in of a utility VM has no disk: what programs in it write is nowhere.
      const hasDisk = isolation === 'process';
      const idle = `${hasDisk ? 'echo live>C:\\live.txt & ' : ''}ping -n 120 127.0.0.1 >nul`;
      await porthole('run', '-d', '--name', name, '--isolation', isolation, cli.image, 'cmd', '/c', idle);
      const exports = cli.calls('ExportLayer').length;

      const commit = await cli.porthole('commit', name, 'live');
      const diff = await cli.porthole('diff', name);

      const hint = `Hint: stop it first: porthole stop ${name} (porthole explain PH-MSG-RUNNING-CONTAINER)\n`;
      expect([commit.code, commit.stdout, commit.stderr]).to.deep.equal([
        ...[1, ''],
        `Error response from daemon: windows does not support commit of a running container\n${hint}`,
      ]);
      expect([diff.code, diff.stdout, diff.stderr]).to.deep.equal([
        ...[1, ''],
        `Error response from daemon: Windows does not support diff of a running container\n${hint}`,
      ]);
      expect(cli.calls('ExportLayer')).to.have.length(exports);
      const seen = await porthole('exec', name, 'cmd', '/c', hasDisk ? 'type C:\\live.txt' : 'echo alive');
      expect(seen).to.equal(hasDisk ? 'live \r\n' : 'alive\r\n');
      await porthole('kill', name);
      expect(lines(await porthole('diff', name))).to.deep.equal(hasDisk ? ['A Files/live.txt'] : []);
      expect(await porthole('commit', name)).to.match(/^sha256:[0-9a-f]{64}\n$/);
      await porthole('rm', name);
    });
  }

  it('gave everything back that the stand-ins handed out', () => {
    const exits = cli.exits();

    expect(exits.length).to.be.greaterThan(5);
    for (const { open, violations } of exits) {
      expect(Object.values(open).filter((count) => count !== 0)).to.deep.equal([]);
      expect(violations).to.deep.equal([]);
    }
  });
});

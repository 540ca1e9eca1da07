/** What programs in containers do to files, in whole commands of the Windows build: scratches, layers, images. */
import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeTar } from '../../../contract/layers-subject.ts';
import { openWindowsCli, whyNoWindowsCli, type WindowsCli } from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();

describe(`files of containers under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(300_000);
  let cli: WindowsCli;

  before(async function () {
    if (why !== undefined) return this.skip();
    cli = await openWindowsCli();
  });

  after(() => cli?.dispose());

  async function porthole(...args: string[]): Promise<string> {
    const run = await cli.porthole(...args);
    expect([run.code, run.stderr], args.join(' ')).to.deep.equal([0, '']);
    return run.stdout;
  }
  const cmd = (line: string): string[] => ['cmd', '/c', line];

  async function build(
    tag: string,
    lines: readonly string[],
    files: Record<string, string> = {},
  ): Promise<void> {
    const context = join(cli.folder, tag);
    mkdirSync(context);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(context, name), text);
    writeFileSync(join(context, 'Dockerfile'), lines.join('\n'));
    await porthole('build', '-q', '-t', tag, cli.rig.windowsPath(context));
  }

  it('shows a container its layers and the programs of Windows, and nothing of the machine', async () => {
    const seen = await porthole(
      ...['run', '--rm', '--hostname', 'web1', cli.image],
      ...cmd(
        'type C:\\Windows\\System32\\porthole-base.txt& cd& if not exist Z:\\ echo no Z:& ' +
          'if not exist C:\\ProgramData\\porthole echo no store& echo %COMPUTERNAME% %USERNAME%& ' +
          'echo %TEMP%& echo sorted| sort',
      ),
    );
    expect(seen.split('\r\n')).to.deep.equal([
      'nanoserver 10.0.20348.2227',
      'C:\\',
      'no Z:',
      'no store',
      'WEB1 ContainerUser',
      'C:\\Users\\ContainerUser\\AppData\\Local\\Temp',
      'sorted',
      '',
    ]);
  });

  it('makes layers of exactly what RUN lines wrote, changed and deleted', async () => {
    await build('changed', [
      `FROM ${cli.image}`,
      'RUN mkdir C:\\app & echo one>C:\\app\\one.txt & echo two>C:\\app\\two.txt',
      'RUN del C:\\app\\one.txt & del C:\\License.txt & echo more>>C:\\app\\two.txt & del C:\\Windows\\System32\\sort.exe',
      'RUN copy C:\\Windows\\System32\\cmd.exe C:\\app\\shell.exe & rmdir C:\\Windows\\WinSxS /s /q',
      'RUN rem nothing is changed here',
    ]);
    const shell = statSync(join(cli.rig.driveC, 'Windows', 'System32', 'cmd.exe')).size;
    const [, ...layers] = (await cli.layerTars('changed')).map((tar) =>
      describeTar(tar).map((line) => line.replace(/ \d+$/, '')),
    );
    expect(layers).to.deep.equal([
      ['Files 5 0', 'Files/app 5 0', 'Files/app/one.txt 0 6', 'Files/app/two.txt 0 5', 'Hives 5 0'],
      [
        ...['Files 5 0', 'Files/.wh.License.txt', 'Files/app 5 0', 'Files/app/.wh.one.txt'],
        ...['Files/app/two.txt 0 12', 'Hives 5 0'],
      ],
      [
        ...['Files 5 0', 'Files/Windows 5 0', 'Files/Windows/.wh.WinSxS', 'Files/app 5 0'],
        ...[`Files/app/shell.exe 0 ${shell}`, 'Hives 5 0'],
      ],
      ['Files 5 0', 'Hives 5 0'],
    ]);
  });

  it('runs what an earlier step made, and starts from it', async () => {
    const seen = await porthole(
      'run',
      '--rm',
      'changed',
      ...cmd('dir /b C:\\app& type C:\\app\\two.txt& C:\\app\\shell /c echo run'),
    );
    expect(seen).to.equal('shell.exe\r\ntwo.txt\r\ntwo\r\nmore \r\nrun\r\n');
  });

  it('gives containers at the same time a C: each, and keeps it for the next start', async () => {
    const idle = cmd('ping -n 120 127.0.0.1 >nul');
    for (const name of ['left', 'right']) await porthole('run', '-d', '--name', name, cli.image, ...idle);
    for (const name of ['left', 'right'])
      await porthole('exec', name, ...cmd(`echo ${name}>C:\\own.txt& md C:\\of-${name}`));
    for (const name of ['left', 'right'])
      expect(await porthole('exec', name, ...cmd('type C:\\own.txt& dir /b /ad C:\\of-*'))).to.equal(
        `${name}\r\nof-${name}\r\n`,
      );
    await porthole('stop', '-t', '1', 'left');
    await porthole('start', 'left');
    expect(await porthole('exec', 'left', ...cmd('type C:\\own.txt'))).to.equal('left\r\n');
    await porthole('rm', '-f', 'left', 'right');
    expect(readdirSync(join(cli.rig.driveC)).filter((name) => /^(?:own|of-)/.test(name))).to.deep.equal([]);
  });

  it('shows folders of the host where they are mapped, and keeps their content out of the scratch', async () => {
    const host = join(cli.rig.driveC, 'shared');
    mkdirSync(host);
    writeFileSync(join(host, 'given.txt'), 'from the host');
    const run = (name: string, line: string, ...options: string[]): Promise<string> =>
      porthole('run', '--name', name, ...options, cli.image, ...cmd(line));
    const line =
      'type C:\\DATA\\shared\\given.txt& echo made>C:\\data\\shared\\made.txt& ' +
      'dir /b C:\\Windows\\WinSxS& echo own>C:\\own.txt';
    const seen = await run(
      'mapped',
      line,
      ...['-v', 'C:\\shared:C:\\data\\shared', '-v', 'C:\\shared:C:\\Windows\\WinSxS'],
    );

    expect(seen).to.equal('from the hostgiven.txt\r\nmade.txt\r\n');
    expect(readFileSync(join(host, 'made.txt'), 'utf8')).to.equal('made\r\n');
    expect(await porthole('diff', 'mapped')).to.equal('A Files/own.txt\n');
    expect(await run('after', 'dir /b C:\\Windows\\WinSxS')).to.include('amd64_porthole-base_');
    await porthole('rm', 'mapped', 'after');
    expect(readdirSync(host).sort()).to.deep.equal(['given.txt', 'made.txt']);
  });

  it('leaves no view and no volume behind', async () => {
    expect(
      readdirSync(join(cli.rig.folder, 'prefix')).filter((name) => name.startsWith('volume')),
    ).to.deep.equal([]);
    expect(
      readdirSync(join(cli.rig.folder, 'prefix', 'dosdevices')).filter((name) => name.startsWith('volume')),
    ).to.deep.equal([]);
  });
});

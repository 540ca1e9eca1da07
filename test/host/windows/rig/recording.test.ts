/** A recording that is made on (stand-in) Windows replays on Linux, without a data root, and tells no secret. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWindowsCli, whyNoWindowsCli, type WindowsCli } from '../../../support/windows-cli.ts';

const why = whyNoWindowsCli();
const bin = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'run.js');

describe(`recordings of windows under Wine${why === undefined ? '' : ` (skipped: ${why})`}`, function () {
  this.timeout(120_000);
  let cli: WindowsCli;
  let folder: string;
  before(async function () {
    if (why !== undefined) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'porthole-recording-'));
    cli = await openWindowsCli();
  });
  after(async () => {
    await cli?.dispose();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  function replay(
    file: string,
    args: readonly string[],
  ): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [bin, '--replay', file, ...args], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: join(folder, 'data') },
      timeout: 60_000,
    });
  }

  it('replays a run with its output and exit code, and hides what is secret', async () => {
    const spec = '{"CmsPlugins":["ActiveDirectory"],"DomainJoinConfig":{"Sid":"S-1-5-21-42"}}';
    const args = [
      ...['run', '--rm', '-e', 'DB_PASSWORD=opensesame', '-e', 'PLAIN=visible'],
      ...['--security-opt', `credentialspec=raw://${spec}`],
      ...[cli.image, 'cmd', '/c', 'echo %DB_PASSWORD% %PLAIN%& echo --token=abcdefgh& exit 9'],
    ];
    const file = join(cli.rig.folder, 'run.jsonl');
    const run = await cli.porthole('--record', cli.rig.windowsPath(file), ...args);
    expect([run.stdout, run.code]).to.deep.equal(['opensesame visible\r\n--token=abcdefgh\r\n', 9]);

    const text = readFileSync(file, 'utf8');
    for (const secret of ['opensesame', 'abcdefgh', 'S-1-5-21-42']) expect(text).not.to.include(secret);
    expect(text).to.include('visible').and.to.include('"call":"compute.create"');

    const again = replay(file, args);
    expect([again.stdout, again.stderr, again.status]).to.deep.equal([
      '<redacted> visible\r\n--token=<redacted>\r\n',
      '',
      9,
    ]);
  });

  it('says where a recording was cut', async () => {
    const args = ['run', '--rm', cli.image, 'cmd', '/c', 'echo hi'];
    const file = join(cli.rig.folder, 'cut.jsonl');
    expect((await cli.porthole('--record', cli.rig.windowsPath(file), ...args)).code).to.equal(0);
    const lines = readFileSync(file, 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes('"call":"layers.createScratch"'));
    writeFileSync(join(folder, 'cut.jsonl'), lines.slice(0, at + 1).join('\n') + '\n');

    const cut = replay(join(folder, 'cut.jsonl'), args);
    expect(cut.status).to.equal(125);
    expect(cut.stderr).to.match(/the recording ends before layers\.createScratch did \(line \d+\)/);
  });
});

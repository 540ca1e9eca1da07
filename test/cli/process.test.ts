/** The built program as a process: closed pipes, signals, older Node.js, colours. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipWithoutCli, packageRoot } from '../support/cli.ts';

const entry = join(packageRoot, 'bin/run.js');

describe('cli process', function () {
  this.timeout(20_000);
  let dataRoot: string;
  before(function () {
    skipWithoutCli(this);
    dataRoot = mkdtempSync(join(tmpdir(), 'porthole-process-'));
  });
  after(() => {
    if (dataRoot) rmSync(dataRoot, { recursive: true, force: true });
  });
  const environment = (more: Record<string, string> = {}) => ({
    ...process.env,
    PORTHOLE_DATA_ROOT: join(dataRoot, 'root'),
    ...more,
  });
  const run = (words: string[], more: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...words], {
      encoding: 'utf8',
      env: environment(more),
    });
    return { status, stdout, stderr };
  };

  it('lists nothing in an empty data root', () => {
    expect(run(['ps'])).to.deep.equal({
      status: 0,
      stdout: 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n',
      stderr: '',
    });
    expect(run(['ps', '--json'])).to.deep.equal({ status: 0, stdout: '[]\n', stderr: '' });
  });

  it('takes the data root as a global flag', () => {
    const other = join(dataRoot, 'other');
    expect(run(['--data-root', other, 'ps', '-q'], { PORTHOLE_DATA_ROOT: '/nonexistent' }).status).to.equal(
      0,
    );
  });

  it('ends as if by SIGPIPE when its reader goes away', async () => {
    if (process.platform === 'win32') return;
    const child = spawn(process.execPath, [entry, 'run', '--help'], { env: environment(), stdio: 'pipe' });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, stderr]).to.deep.equal([141, '']);
  });

  it('ends with 130 on Ctrl-C while lint waits for standard input, and judges nothing', async function () {
    if (process.platform === 'win32') {
      console.log('      skipped: Windows cannot signal a process');
      this.skip();
    }
    const child = spawn(process.execPath, [entry, 'lint', '-'], { env: environment(), stdio: 'pipe' });
    child.stdin.on('error', () => {});
    child.stdin.write('FROM a\n');
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const again = setInterval(() => child.kill('SIGINT'), 1_500);
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    // Its input stays open. A machine so slow that no handler is there yet ends the process by the signal itself.
    const [code, signal] = await closed.finally(() => clearInterval(again));
    expect([code ?? signal, output]).to.be.deep.oneOf([
      [130, ''],
      ['SIGINT', ''],
    ]);
  });

  it('ends with 130 on Ctrl-C', async function () {
    if (process.platform === 'win32' || !existsSync(join(packageRoot, 'commands/events.ts'))) this.skip();
    const child = spawn(process.execPath, [entry, 'events'], { env: environment(), stdio: 'pipe' });
    let output = '';
    child.stdout.on('data', (text) => (output += String(text)));
    child.stderr.on('data', (text) => (output += String(text)));
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    // Until its handler is there the signal ends the process by itself, which shells call 130 too.
    const again = setInterval(() => child.kill('SIGINT'), 300);
    const [code, signal] = await ended;
    clearInterval(again);
    expect([code ?? signal, output]).to.be.deep.oneOf([
      [130, ''],
      ['SIGINT', ''],
    ]);
  });

  describe('under an older Node.js', () => {
    const older = (more: Record<string, string> = {}) => {
      const script = `Object.defineProperty(process.versions, 'node', { value: '20.11.0' });
process.argv.splice(1, 0, ${JSON.stringify(entry)});
require(${JSON.stringify(entry)});`;
      return spawnSync(process.execPath, ['-e', script, '--', '--version'], {
        encoding: 'utf8',
        env: environment(more),
      });
    };
    it('starts again with the packaged one', () => {
      const { status, stdout, stderr } = older();
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.match(/^Porthole version \d+\.\d+\.\d+, build \w+\n$/);
    });
    it('says in one line which version it needs', () => {
      const { status, stdout, stderr } = older({ PORTHOLE_REEXECUTED: '1' });
      expect({ status, stdout, stderr }).to.deep.equal({
        status: 1,
        stdout: '',
        stderr: 'porthole needs Node.js 22.15.0 or newer, and this is 20.11.0: https://nodejs.org/\n',
      });
    });
  });
});

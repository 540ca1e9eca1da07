/** Terminals, signals and pipes through the built CLI: a real pseudo-terminal on our side, real Wine on the other. */
import { spawn as spawnPty } from '@lydell/node-pty';
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoopbackRegistry, type LoopbackRegistry } from '../../scripts/loopback-registry.ts';
import { pushBaseImage } from '../support/base-image-registry.ts';
import { Cli, cliMissing, packageRoot } from '../support/cli.ts';
import { whyNoBackend } from '../support/embedded-backend.ts';

const reason = whyNoBackend() ?? cliMissing();
const deadline = 60_000;

/** A command on a terminal of its own. */
class Session {
  readonly #terminal: ReturnType<typeof spawnPty>;
  readonly exitCode: Promise<number>;
  #output = '';
  #waiting: (() => void) | undefined;

  constructor(dataRoot: string, args: readonly string[]) {
    this.#terminal = spawnPty(process.execPath, [join(packageRoot, 'bin/run.js'), ...args], {
      cols: 100,
      rows: 30,
      cwd: packageRoot,
      env: { ...process.env, TERM: 'xterm', PORTHOLE_DATA_ROOT: dataRoot },
    });
    this.#terminal.onData((text) => {
      this.#output += text;
      this.#waiting?.();
    });
    this.exitCode = new Promise((resolve) => this.#terminal.onExit(({ exitCode }) => resolve(exitCode)));
  }

  type(text: string): void {
    this.#terminal.write(text);
  }

  /** Resolves once the output holds the text; what came before is forgotten. */
  async shows(text: string): Promise<void> {
    const timer = setTimeout(() => this.#terminal.kill(), deadline);
    try {
      while (!this.#output.includes(text)) {
        const more = new Promise<'more'>((resolve) => (this.#waiting = () => resolve('more')));
        if ((await Promise.race([more, this.exitCode])) !== 'more') {
          throw new Error(`ended without ${JSON.stringify(text)}: ${JSON.stringify(this.#output)}`);
        }
      }
      this.#output = this.#output.slice(this.#output.indexOf(text) + text.length);
    } finally {
      clearTimeout(timer);
    }
  }
}

describe(`terminals${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
  this.timeout(2 * deadline);
  let work: string;
  let registry: LoopbackRegistry;
  let cli: Cli;
  let image: string;
  const open = (...args: string[]) => new Session(cli.dataRoot, args);

  before(async function () {
    if (reason !== undefined) return this.skip();
    work = mkdtempSync(join(tmpdir(), 'porthole-terminal-'));
    registry = await startLoopbackRegistry(join(work, 'registry'));
    image = `${registry.address}/windows/nanoserver:ltsc2022`;
    cli = new Cli(join(work, 'data'));
    await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
    await cli.ok(['pull', '-q', image]);
  });

  after(async () => {
    if (reason !== undefined) return;
    await cli.run(['rm', '-f', 'shell', 'loop']);
    await registry.stop();
    rmSync(work, { recursive: true, force: true });
  });

  it('runs a shell, leaves it with the detach keys, and comes back to its end', async () => {
    const run = open('run', '-it', '--name', 'shell', image, 'cmd');
    await run.shows('>');
    run.type('echo one-%OS%\r');
    await run.shows('one-Windows_NT');
    run.type('\x10\x11');
    expect(await run.exitCode).to.equal(0);
    expect(await cli.ok(['inspect', '-f', '{{.State.Running}}', 'shell'])).to.equal('true\n');

    const attach = open('attach', 'shell');
    // Without echo of ours: the terminal is raw only once it is attached.
    const poke = setInterval(() => attach.type('echo two-%OS%\r'), 1000);
    await attach.shows('two-Windows_NT');
    clearInterval(poke);
    attach.type('exit 7\r');
    expect(await attach.exitCode).to.equal(7);
  });

  it('gives exec a terminal of its own', async () => {
    await cli.ok(['start', 'shell']);

    const exec = open('exec', '-it', 'shell', 'cmd');
    await exec.shows('>');
    exec.type('exit 5\r');

    expect(await exec.exitCode).to.equal(5);
    await cli.ok(['rm', '-f', 'shell']);
  });

  it('hands the end of a pipe to the process and waits for its output', async () => {
    const result = await cli.run(['run', '--rm', '-i', image, 'cmd', '/c', 'findstr', 'x'], {
      input: 'x1\ny\nx2\n',
    });

    expect([result.exitCode, result.stdout.replaceAll('\r', '')]).to.deep.equal([0, 'x1\nx2\n']);
  });

  it('passes signals on', async () => {
    const child = cli.start([
      'run',
      '--rm',
      '--name',
      'loop',
      image,
      'cmd',
      '/c',
      'for /L %i in (1,0,2) do @rem',
    ]);
    const ended = new Promise((resolve) => child.once('close', resolve));
    while ((await cli.ok(['ps', '-q', '--filter', 'name=loop'])) === '') continue;

    child.kill('SIGTERM');

    await ended;
    expect(await cli.ok(['ps', '-aq', '--filter', 'name=loop'])).to.equal('');
  });

  it('tells a code that the shell cannot hold', async () => {
    const result = await cli.run(['run', '--rm', image, 'cmd', '/c', 'exit', '512']);

    expect([result.exitCode, result.stderr]).to.deep.equal([1, 'porthole: exit code 512 (0x00000200)\n']);
  });
});

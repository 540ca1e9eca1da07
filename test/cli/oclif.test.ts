/** oclif over the same classes: manifest, plugins, hooks (design.md 10). */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { scanCommands } from '../../src/cli/command-scan.ts';
import { skipWithoutCli, packageRoot } from '../support/cli.ts';

interface Manifest {
  readonly version: string;
  readonly commands: Readonly<
    Record<
      string,
      {
        readonly summary: string;
        readonly aliases: string[];
        readonly hidden: boolean;
        readonly strict: boolean;
        readonly flags: Readonly<Record<string, { char?: string; type: string; multiple?: boolean }>>;
      }
    >
  >;
}

/** A plugin as `oclif` finds it in the user's data folder. */
function installPlugin(dataDir: string): void {
  const write = (path: string, content: unknown): void => {
    const file = join(dataDir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  };
  write('package.json', {
    private: true,
    oclif: { plugins: [{ name: 'porthole-hello', type: 'user', tag: '1.0.0' }] },
  });
  write('node_modules/porthole-hello/package.json', {
    name: 'porthole-hello',
    version: '1.0.0',
    files: [],
    oclif: {
      commands: { strategy: 'explicit', target: './commands.js', identifier: 'COMMANDS' },
      hooks: { command_not_found: './not-found.js' },
    },
  });
  write(
    'node_modules/porthole-hello/commands.js',
    `const { Command } = require(${JSON.stringify(join(packageRoot, 'node_modules/@oclif/core/lib/index.js'))});
class Hello extends Command {
  static strict = false;
  static summary = 'Says hello';
  async run() {
    this.log('hello ' + this.argv.join(' '));
    if (this.argv[0] === 'seven') this.exit(7);
    if (this.argv[0] === 'fail') this.error('it failed', { exit: 9 });
  }
}
exports.COMMANDS = { 'greet:hello': Hello, ps: Hello };
`,
  );
  write(
    'node_modules/porthole-hello/not-found.js',
    `module.exports = async ({ id }) => {
  if (!id.startsWith('caught')) throw new Error('not mine');
  console.log('hook ' + id);
};
`,
  );
}

describe('cli/oclif', function () {
  this.timeout(20_000);
  let dataDir: string;
  before(function () {
    skipWithoutCli(this);
    dataDir = mkdtempSync(join(tmpdir(), 'porthole-oclif-'));
    installPlugin(dataDir);
  });
  after(() => {
    if (dataDir) rmSync(dataDir, { recursive: true, force: true });
  });
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(packageRoot, 'bin/run.js'), ...words],
      {
        encoding: 'utf8',
        env: { ...process.env, PORTHOLE_DATA_DIR: dataDir, PORTHOLE_DATA_ROOT: join(dataDir, 'root') },
      },
    );
    return { status, stdout, stderr };
  };

  it('writes a manifest of every command with its flags', async () => {
    const manifest = JSON.parse(readFileSync(join(packageRoot, 'oclif.manifest.json'), 'utf8')) as Manifest;
    const entries = await scanCommands(join(packageRoot, 'commands'));
    const ids = entries.map(({ file }) => file.replaceAll('/', ':')).sort();
    expect(Object.keys(manifest.commands).sort()).to.deep.equal(ids);
    for (const entry of entries) {
      const command = manifest.commands[entry.file.replaceAll('/', ':')]!;
      expect(command.summary).to.equal(entry.summary);
      expect(command.strict).to.equal(false);
      expect(command.hidden).to.equal(entry.hidden);
      expect(command.aliases).to.deep.equal(entry.aliases.map((alias) => alias.replaceAll(' ', ':')));
      expect(Object.keys(command.flags).sort()).to.deep.equal(entry.flags.map(({ name }) => name).sort());
    }
    expect(manifest.commands['ps']!.flags['all']).to.include({ char: 'a', type: 'boolean' });
    expect(manifest.commands['ps']!.flags['filter']).to.include({
      char: 'f',
      type: 'option',
      multiple: true,
    });
  });

  it("runs a plugin's command with all its words", () => {
    expect(run('greet', 'hello', 'a', '--flag', '-x', 'b')).to.deep.equal({
      status: 0,
      stdout: 'hello a --flag -x b\n',
      stderr: '',
    });
  });
  it('takes its exit code', () => {
    expect(run('greet', 'hello', 'seven')).to.deep.equal({ status: 7, stdout: 'hello seven\n', stderr: '' });
    expect(run('greet', 'hello', 'fail')).to.deep.equal({
      status: 9,
      stdout: 'hello fail\n',
      stderr: 'it failed\n',
    });
  });
  it('shows its help', () => {
    const { status, stdout } = run('greet', 'hello', '--help');
    expect(status).to.equal(0);
    expect(stdout).to.contain('Says hello');
  });
  it('never lets a plugin replace a command of ours', () => {
    expect(run('ps').stdout).to.match(/^CONTAINER ID /);
  });
  it('asks the command_not_found hook before giving up', () => {
    expect(run('caught', 'me')).to.deep.equal({ status: 0, stdout: 'hook caught:me\n', stderr: '' });
    expect(run('frobnicate')).to.deep.equal({
      status: 1,
      stdout: '',
      stderr:
        "porthole: unknown command: porthole frobnicate\n\nRun 'porthole --help' for more information\n",
    });
  });
});

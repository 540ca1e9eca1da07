/** `bin/code-cache.js`: what a command leaves for the next one's start, and that nothing depends on it. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { skipWithoutCli, packageRoot } from '../support/cli.ts';

describe('code cache', function () {
  this.timeout(60_000);
  let work: string;
  let cache: string;

  before(function () {
    skipWithoutCli(this);
  });
  beforeEach(() => {
    work = realpathSync(mkdtempSync(join(tmpdir(), 'porthole-code-cache-')));
    cache = join(work, 'cache');
  });
  afterEach(() => {
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  });

  function run(words: readonly string[], more: NodeJS.ProcessEnv = {}, root = packageRoot) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/run.js'), ...words], {
      encoding: 'utf8',
      cwd: work,
      env: {
        ...process.env,
        NODE_V8_COVERAGE: undefined,
        NODE_COMPILE_CACHE: cache,
        PORTHOLE_DATA_ROOT: join(work, 'root'),
        ...more,
      },
    });
    return { status, stdout, stderr };
  }

  /** Path by command. */
  function kept(): Record<string, string> {
    const names = existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
    return Object.fromEntries<string>(
      names
        .filter((name) => basename(name).startsWith('porthole-'))
        .map((name) => [name.split('-').at(-1)!, join(cache, name)]),
    );
  }
  const inode = (path: string): number => statSync(path).ino;

  it('keeps what a command ran, of hot commands and others, and takes it the next time', () => {
    for (const words of [['ps'], ['network', 'ls'], ['--version']]) {
      const first = run(words);
      expect(first.status, first.stderr).to.equal(0);
      const before = kept();
      expect(run(words)).to.deep.equal(first);
      expect(kept()).to.deep.equal(before);
    }
    const made = kept();
    expect(Object.keys(made).sort()).to.deep.equal(['network', 'other', 'ps']);
    const inodes = Object.values(made).map(inode);
    for (const words of [['ps'], ['network', 'ls'], ['--version']]) run(words);
    // One that V8 refused would have been made again.
    expect(Object.values(kept()).map(inode)).to.deep.equal(inodes);
  });

  it('keeps lint whole, whatever it finds', () => {
    writeFileSync(join(work, 'Dockerfile'), 'FROM\n');
    expect(run(['lint', 'Dockerfile']).status).to.equal(2);
    const { lint } = kept();
    const before = inode(lint!);
    expect(statSync(lint!).size).to.be.greaterThan(400_000);
    writeFileSync(
      join(work, 'Dockerfile'),
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN a && b\n',
    );
    expect(run(['lint', 'Dockerfile']).stderr).to.equal('');
    expect(inode(lint!)).to.equal(before);
  });

  it('keeps what a command ran that failed for those that have nothing yet', () => {
    const failed = run(['tag', 'nothing', 'x']);
    expect(failed.status).to.equal(1);
    const { other } = kept();
    const before = inode(other!);
    expect(run(['tag', 'nothing', 'x'])).to.deep.equal(failed);
    expect(run(['frobnicate']).status).to.equal(1);
    expect(Object.keys(kept())).to.deep.equal(['other']);
    expect(inode(other!)).to.equal(before);
    expect(run(['network', 'ls']).status).to.equal(0);
    expect(Object.keys(kept()).sort()).to.deep.equal(['network', 'other']);
  });

  it('makes damaged ones again', () => {
    const expected = run(['ps']);
    const { ps } = kept();
    const whole = readFileSync(ps!);
    const damages: Record<string, () => void> = {
      empty: () => truncateSync(ps!, 0),
      'cut off': () => truncateSync(ps!, whole.length >> 1),
      'another text': () => writeFileSync(ps!, 'module.exports = 1\n'.repeat(1000)),
      'another V8': () => writeFileSync(ps!, Buffer.from(whole).fill(0xff, 4, 12)),
    };
    for (const [what, damage] of Object.entries(damages)) {
      damage();
      expect(run(['ps']), what).to.deep.equal(expected);
      expect(readFileSync(ps!).length, what).to.be.greaterThan(whole.length / 2 + 1);
    }
  });

  it('makes a damaged one of lint again whole', () => {
    writeFileSync(join(work, 'Dockerfile'), 'FROM\n');
    run(['lint', 'Dockerfile']);
    const { lint } = kept();
    const { size } = statSync(lint!);
    truncateSync(lint!, size >> 1);
    run(['lint', 'Dockerfile']);
    expect(statSync(lint!).size).to.be.greaterThan(size * 0.9);
  });

  it('keeps those of other V8 options apart: by turns, each would throw the other away', () => {
    const limited = { NODE_OPTIONS: '--max-old-space-size=300' };
    const roomy = { NODE_OPTIONS: '--max-semi-space-size=8' };
    for (const env of [{}, limited, roomy]) run(['ps'], env);
    const names = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) =>
      basename(name).startsWith('porthole-'),
    );
    expect(names).to.have.length(3);
    const inodes = names.map((name) => inode(join(cache, name)));
    for (const env of [{}, limited, roomy]) expect(run(['ps'], env).status).to.equal(0);
    expect(names.map((name) => inode(join(cache, name)))).to.deep.equal(inodes);
  });

  it('takes nothing that somebody else wrote', function () {
    if (process.getuid?.() !== 0) {
      console.log('      skipped: needs root, to give a file away');
      this.skip();
    }
    const expected = run(['ps']);
    const { ps } = kept();
    spawnSync('chown', ['65534', ps!]);
    const before = inode(ps!);
    expect(run(['ps'])).to.deep.equal(expected);
    expect(statSync(ps!).uid).to.equal(0);
    expect(inode(ps!)).to.not.equal(before);
  });

  it('drops what has not been used for a month when it makes a new one', () => {
    run(['ps']);
    run(['version']);
    const { ps, version } = kept();
    const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    utimesSync(ps!, old, old);
    run(['version']);
    expect(Object.keys(kept()).sort()).to.deep.equal(['ps', 'version']);
    run(['network', 'ls']);
    expect(Object.keys(kept()).sort()).to.deep.equal(['network', 'version']);
    expect(existsSync(version!)).to.equal(true);
  });

  it('tells bundles apart that are as long', () => {
    const copy = join(work, 'package');
    for (const name of ['bin', 'dist'])
      cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
    cpSync(join(packageRoot, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
    const bundle = join(copy, 'dist/hot/ps.js');
    expect(run(['ps'], {}, copy).stdout).to.contain('CONTAINER ID');
    // As a new version would be: another text, another first line.
    const text = readFileSync(bundle, 'latin1').replaceAll('CONTAINER ID', 'CONTAINER XY');
    writeFileSync(bundle, text.replace(/^\/\/[0-9a-f]{32}/, `//${'0'.repeat(32)}`));
    expect(run(['ps'], {}, copy).stdout).to.contain('CONTAINER XY');
  });

  it('is not needed', () => {
    const expected = run(['ps']);
    expect(run(['ps'], { NODE_DISABLE_COMPILE_CACHE: '1' })).to.deep.equal(expected);
    writeFileSync(join(work, 'file'), '');
    expect(run(['ps'], { NODE_COMPILE_CACHE: join(work, 'file') })).to.deep.equal(expected);
    expect(run(['ps'], { NODE_OPTIONS: '--max-old-space-size=200' })).to.deep.equal(expected);
  });

  it('loads packages and other bundles all the same', () => {
    writeFileSync(join(work, '.porthole-lint.yaml'), 'ignored: [DL3006]\nfailure-threshold: nonsense\n');
    writeFileSync(join(work, 'Dockerfile'), 'FROM debian\n');
    for (let round = 0; round < 2; round++) {
      expect(run(['lint', 'Dockerfile']).stderr).to.contain('.porthole-lint.yaml');
      expect(run(['lint', '--explain', 'DL3006']).stdout).to.contain('DL3006');
    }
  });
});

import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readDirectoryContext } from '../../src/build/directory-context.ts';
import { tarEndSize, tarEntrySize } from '../../src/build/tar-size.ts';
import { ownedSecurityDescriptor, sidOfAccount } from '../../src/build/chown.ts';
import { wineWarnings } from '../../src/build/wine-notes.ts';
import { exposedPorts } from '../../src/dockerfile/expose.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-context-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

describe('build.directory-context', () => {
  it('walks in order and knows every kind of object', () => {
    write({ 'b/x': '1', 'a.txt': '22' });
    symlinkSync('a.txt', join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);

    const { tree } = readDirectoryContext(folder, undefined, { style: 'slash' });

    expect([...tree.entries()].map(({ path, type, size }) => [path, type, size])).to.deep.equal([
      ['a.txt', 'file', 2],
      ['b', 'directory', 0],
      ['b/x', 'file', 1],
      ['link', 'symlink', 0],
      ['pipe', 'other', 0],
    ]);
  });

  it('skips excluded folders, and descends where something may be taken back in', () => {
    write({ 'm/a/x': '1', 'm/b/keep.txt': '2', 'm/b/drop.txt': '3', 's/y.md': '4', 's/README.md': '5' });

    const { tree } = readDirectoryContext(folder, 'm\n!m/b/keep.txt\n**/*.md\n!s/README.md\n', {
      style: 'slash',
    });

    expect([...tree.entries()].filter(({ type }) => type === 'file').map(({ path }) => path)).to.deep.equal([
      'm/b/keep.txt',
      's/README.md',
    ]);
  });

  it('counts the bytes that tar would take', () => {
    const long = 'n'.repeat(120);
    write({ 'dir/a': 'x'.repeat(513), b: '', [`deep/${long}/${long}`]: 'y', ü: 'z' });
    linkSync(join(folder, 'dir/a'), join(folder, 'dir/same'));
    symlinkSync('dir/a', join(folder, 'link'));

    const { size } = readDirectoryContext(folder, undefined, { style: 'slash' });

    // Of a whole tar only the end is rounded up further: compare what stands before it.
    const names = ['b', 'deep', 'dir', 'link', 'ü'];
    const tar = execFileSync('tar', [
      '-C',
      folder,
      '--format=pax',
      '--pax-option=delete=*time',
      '-b1',
      '-cf',
      '-',
      ...names,
    ]);
    expect(size).to.equal(tar.length);
  });

  it('counts the Dockerfile and .dockerignore even where they are left out', () => {
    write({ '.dockerignore': '*\n', 'sub/Dockerfile': 'FROM a\n', other: '1' });

    const { size, tree } = readDirectoryContext(folder, '*\n', {
      style: 'slash',
      dockerfile: 'sub/Dockerfile',
    });

    expect([...tree.entries()]).to.deep.equal([]);
    expect(size).to.equal(2 * 1024 + tarEndSize);
  });

  it('finds names without regard to case, the exact one first', async () => {
    write({ 'Src/A.txt': 'upper', 'Src/a.txt': 'lower' });
    const { tree } = readDirectoryContext(folder, undefined, { style: 'slash' });

    expect((await tree.find('src\\a.TXT'))?.path).to.equal('Src/A.txt');
    expect((await tree.find('Src/a.txt'))?.path).to.equal('Src/a.txt');
    expect(await tree.find('src/b.txt')).to.equal(undefined);
  });

  it('follows links inside the context, never out of it', async () => {
    write({ 'real/f': '1' });
    symlinkSync('real', join(folder, 'alias'));
    symlinkSync('../../../../real', join(folder, 'up'));
    symlinkSync('loop', join(folder, 'loop'));
    const { tree } = readDirectoryContext(folder, undefined, { style: 'slash' });

    expect((await tree.find('alias/f'))?.path).to.equal('real/f');
    expect((await tree.find('up/f'))?.path).to.equal('real/f');
    expect(await tree.find('loop')).to.equal(undefined);
  });

  it('says what it may not read', function () {
    if (process.getuid?.() === 0) return this.skip();
    write({ 'locked/f': '1' });
    chmodSync(join(folder, 'locked'), 0);

    expect(() => readDirectoryContext(folder, undefined, { style: 'slash' })).to.throw(
      `checking context: no permission to read from '${join(folder, 'locked')}'`,
    );
    chmodSync(join(folder, 'locked'), 0o700);
  });

  it('refuses patterns that are none', () => {
    expect(() => readDirectoryContext(folder, 'a[\n', { style: 'slash' })).to.throw(
      'checking context: syntax error in pattern',
    );
  });
});

describe('build.tar-size', () => {
  it('adds extended headers for long names', () => {
    expect(tarEntrySize('a', 0)).to.equal(512);
    expect(tarEntrySize('a', 1)).to.equal(1024);
    expect(tarEntrySize('n'.repeat(100), 0)).to.equal(512);
    expect(tarEntrySize('n'.repeat(101), 0)).to.equal(1536);
  });
});

describe('build.chown', () => {
  it('knows accounts and SIDs', () => {
    expect(sidOfAccount('containeruser')).to.equal('S-1-5-93-2-2');
    expect(sidOfAccount('s-1-5-32-544')).to.equal('S-1-5-32-544');
    expect(sidOfAccount('someone')).to.equal(undefined);
  });

  it('writes a self-relative descriptor: owner, protected list of three entries', () => {
    const bytes = Buffer.from(ownedSecurityDescriptor('S-1-5-93-2-2'), 'base64');

    expect(bytes.toString('hex')).to.equal(
      '01000490' + // revision, control: self-relative, DACL present and protected
        '14000000140000000000000028000000' +
        '0103000000000005' +
        '5d0000000200000002000000' + // S-1-5-93-2-2
        '0200500003000000' +
        '00031800ff011f00' +
        '01020000000000052000000020020000' +
        '00031400ff011f00' +
        '010100000000000512000000' +
        '00031c00bf011700' +
        '0103000000000005' +
        '5d0000000200000002000000',
    );
  });
});

describe('build.wine-notes', () => {
  it('names programs of little effect once, wherever they stand in the line', () => {
    const warnings = wineWarnings(
      'cmd /S /C mkdir x && C:\\Windows\\System32\\ICACLS.exe x /grant y & (icacls z) | sc query a',
    );

    expect(warnings.map((text) => /\] (.*) has/.exec(text)?.[1])).to.deep.equal(['icacls', 'sc']);
    expect(wineWarnings('cmd /S /C echo icacls')).to.deep.equal([]);
  });
});

describe('build.expose', () => {
  it('expands ranges', () => {
    expect(exposedPorts(['80-82/udp', '443'])).to.deep.equal(['80/udp', '81/udp', '82/udp', '443/tcp']);
  });
});

describeConformance('EXPOSE, conformance', (data) => {
  interface Row {
    specs: string[];
    ports?: string[];
    error?: string;
  }
  for (const row of data.json<{ cases: Row[] }>('build/expose.json').cases) {
    it(row.specs.join(' '), () => {
      if (row.error !== undefined) expect(() => exposedPorts(row.specs)).to.throw(row.error);
      else expect(exposedPorts(row.specs)).to.deep.equal(row.ports);
    });
  }
});

import { expect } from 'chai';
import { cleanPath, isAbsolutePath } from '../../src/build/clean-path.ts';
import {
  normalizeDestination,
  normalizeSource,
  normalizeWorkdir,
  refuseSystemDrive,
  sourceNames,
} from '../../src/build/windows-paths.ts';
import { describeConformance } from '../support/dockerfile-conformance.ts';

describe('build.windows-paths', () => {
  const workdirs: [current: string, requested: string, result: string][] = [
    ['', 'app', 'C:\\app'],
    ['', '/app/', 'C:\\app'],
    ['C:\\a', 'b/c', 'C:\\a\\b\\c'],
    ['C:\\a', '..', 'C:\\'],
    ['C:\\a', '\\b', 'C:\\b'],
    ['C:\\a', 'd:/x', 'D:\\x'],
    ['', '\\\\server\\share\\x', 'C:\\server\\share\\x'],
  ];
  for (const [current, requested, result] of workdirs) {
    it(`WORKDIR ${requested} in ${JSON.stringify(current)} is ${result}`, () => {
      expect(normalizeWorkdir(current, requested)).to.equal(result);
    });
  }

  it('keeps the trailing separator of a destination', () => {
    expect(normalizeDestination('C:\\app', './')).to.equal('\\app\\');
    expect(normalizeDestination('C:\\app', '.')).to.equal('\\app');
    expect(normalizeDestination('C:\\', 'x/')).to.equal('\\x\\');
    expect(normalizeDestination('', 'c:/x/')).to.equal('\\x\\');
  });

  it('reads sources below their root', () => {
    expect(normalizeSource('/a/b')).to.equal('a\\b');
    expect(normalizeSource('./a')).to.equal('a');
    expect(sourceNames('C:\\a\\.\\b\\..\\c')).to.deep.equal(['a', 'c']);
    expect(sourceNames('..\\x')).to.equal(undefined);
    expect(sourceNames('.')).to.deep.equal([]);
  });

  for (const path of ['/', 'C:\\', '.', 'c:/windows/', 'Windows', '\\WINDOWS\\.']) {
    it(`refuses to copy ${path} from an image`, () => {
      expect(() => refuseSystemDrive(path)).to.throw(
        'copy from c:\\ or c:\\windows is not allowed on windows',
      );
    });
  }

  it('allows folders below', () => {
    refuseSystemDrive('C:\\Windows\\System32\\netapi32.dll');
    refuseSystemDrive('/app');
  });

  const cleaned: [string, string][] = [
    ['a/../b', 'b'],
    ['C:/x/../..', 'C:\\'],
    ['C:', 'C:.'],
    ['..\\a', '..\\a'],
    ['\\..\\a', '\\a'],
    ['\\\\host\\share', '\\\\host\\share'],
    ['\\\\host\\share\\..\\a', '\\\\host\\share\\a'],
    ['', '.'],
  ];
  for (const [path, result] of cleaned) {
    it(`cleans ${JSON.stringify(path)} to ${result}`, () => {
      expect(cleanPath(path, 'windows')).to.equal(result);
    });
  }
});

describeConformance('Build paths, conformance', (data) => {
  interface Row {
    id: number;
    os?: string;
    current: string;
    requested: string;
    workdir: string;
    path: string;
    absolute?: boolean;
    result?: string;
    error?: string;
  }
  const check = (row: Row, run: () => string) => {
    if (row.error !== undefined) expect(run).to.throw(row.error);
    else expect(run()).to.equal(row.result);
  };
  for (const row of data.json<{ cases: Row[] }>('build/workdir-classic.json').cases) {
    if (row.os !== 'windows') continue;
    it(`WORKDIR ${row.requested} in ${JSON.stringify(row.current)}`, () => {
      check(row, () => normalizeWorkdir(row.current, row.requested));
    });
  }
  for (const row of data.json<{ cases: Row[] }>('build/copy-dest-classic.json').cases) {
    it(`COPY to ${row.requested} in ${JSON.stringify(row.workdir)}`, () => {
      check(row, () => normalizeDestination(row.workdir, row.requested));
    });
  }
  for (const row of data.json<{ cases: Row[] }>('build/drive-letter-buildkit.json').cases) {
    if (row.absolute === undefined) continue;
    it(`${row.path} is ${row.absolute ? '' : 'not '}absolute`, () => {
      // BuildKit also takes a rooted path without a drive for absolute.
      expect(isAbsolutePath(row.path, 'windows') || /^[\\/]/.test(row.path)).to.equal(row.absolute);
    });
  }
});

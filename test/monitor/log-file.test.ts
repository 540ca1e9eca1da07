import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LogFile } from '../../src/monitor/log-file.ts';

describe('log files', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-log-'));
    path = join(folder, 'x.log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(options: ConstructorParameters<typeof LogFile>[1], lines: readonly string[]): void {
    const file = new LogFile(path, options);
    for (const line of lines) file.write(Buffer.from(line));
    file.close();
  }

  it('are appended to across runs', () => {
    write({ maxFiles: 1, compress: false }, ['a\n']);
    write({ maxFiles: 1, compress: false }, ['b\n']);

    expect(readFileSync(path, 'utf8')).to.equal('a\nb\n');
  });

  it('rotate when full and keep as many as asked for', () => {
    write({ maxSize: 4, maxFiles: 3, compress: false }, ['one\n', 'two\n', 'three\n', 'four\n']);

    expect(readdirSync(folder).sort()).to.deep.equal(['x.log', 'x.log.1', 'x.log.2']);
    expect(readFileSync(path, 'utf8')).to.equal('four\n');
    expect(readFileSync(`${path}.1`, 'utf8')).to.equal('three\n');
    expect(readFileSync(`${path}.2`, 'utf8')).to.equal('two\n');
  });

  it('begin anew when only one is kept', () => {
    write({ maxSize: 4, maxFiles: 1, compress: false }, ['one\n', 'two\n', 'x\n']);

    expect(readdirSync(folder)).to.deep.equal(['x.log']);
    expect(readFileSync(path, 'utf8')).to.equal('x\n');
  });

  it('compress what is rotated', () => {
    write({ maxSize: 4, maxFiles: 3, compress: true }, ['one\n', 'two\n', 'three\n']);

    expect(readdirSync(folder).sort()).to.deep.equal(['x.log', 'x.log.1.gz', 'x.log.2.gz']);
    expect(gunzipSync(readFileSync(`${path}.2.gz`)).toString()).to.equal('one\n');
  });

  it('drop records, not the container, on a full disk', function () {
    if (!existsSync('/dev/full')) this.skip();
    symlinkSync('/dev/full', path);
    const file = new LogFile(path, { maxFiles: 1, compress: false });

    expect(file.write(Buffer.from('lost\n'))).to.equal(false);
    expect(file.takeLostBytes()).to.equal(5);
    expect(file.takeLostBytes()).to.equal(0);
    file.close();
  });
});

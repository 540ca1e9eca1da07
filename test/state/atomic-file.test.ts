import { expect } from 'chai';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createFileExclusive,
  explainWriteError,
  readJsonIfExists,
  sweepTemporaries,
  temporaryPath,
  writeFileAtomic,
  writeJsonAtomic,
} from '../../src/state/atomic-file.ts';
import { emptyTrash, moveToTrash } from '../../src/state/trash.ts';

describe('atomic files', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-atomic-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('make their folder, replace whole and leave no temporary', () => {
    const path = join(folder, 'a', 'b.json');

    writeJsonAtomic(path, { x: 1 });
    writeJsonAtomic(path, { x: 2 }, { durable: true });

    expect(readFileSync(path, 'utf8')).to.equal('{"x":2}\n');
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readdirSync(join(folder, 'a'))).to.deep.equal(['b.json']);
  });

  it('are absent, parsed or damaged', () => {
    expect(readJsonIfExists(join(folder, 'none'))).to.equal(undefined);
    writeFileSync(join(folder, 'torn'), '{');

    expect(() => readJsonIfExists(join(folder, 'torn')))
      .to.throw(`damaged state file ${join(folder, 'torn')}`)
      .with.property('code', 'STATE_DAMAGED');
  });

  it('can be created by one only', () => {
    const path = join(folder, 'names', 'web');

    expect(createFileExclusive(path, 'one')).to.equal(true);
    expect(createFileExclusive(path, 'two')).to.equal(false);
    expect(readFileSync(path, 'utf8')).to.equal('one');
    expect(readdirSync(join(folder, 'names'))).to.deep.equal(['web']);
  });

  it('name the folder that may not be written', function () {
    if (process.getuid?.() === 0) this.skip();
    mkdirSync(join(folder, 'locked'));
    chmodSync(join(folder, 'locked'), 0o500);

    expect(() => writeFileAtomic(join(folder, 'locked', 'x'), 'x'))
      .to.throw('permission denied')
      .with.property('code', 'DATA_ROOT_DENIED');
  });

  for (const [code, kind, name] of [
    ['ENOSPC', 'unavailable', 'NO_SPACE'],
    ['EDQUOT', 'unavailable', 'NO_SPACE'],
    ['EROFS', 'forbidden', 'DATA_ROOT_DENIED'],
  ] as const) {
    it(`explain ${code}`, () => {
      const error = explainWriteError(Object.assign(new Error(code), { code }), '/data/x');

      expect(error).to.include({ kind, code: name });
    });
  }

  it('leave temporaries of killed writers to be swept', () => {
    const now = Date.now();
    writeFileSync(join(folder, `.x.json.${2 ** 22 + 1}.1.tmp`), '');
    writeFileSync(join(folder, `.y.json.${process.pid}.1.tmp`), '');
    writeFileSync(join(folder, `.z.json.${process.pid}.2.tmp`), '');
    utimesSync(join(folder, `.z.json.${process.pid}.2.tmp`), now / 1000 - 120, now / 1000 - 120);
    writeFileSync(join(folder, `web.${2 ** 22 + 1}.1.tmp`), 'a name that somebody chose');

    expect(sweepTemporaries(folder, now)).to.equal(2);
    expect(readdirSync(folder).sort()).to.deep.equal([
      `.y.json.${process.pid}.1.tmp`,
      `web.${2 ** 22 + 1}.1.tmp`,
    ]);
  });

  it('are written although a killed process of our ID left temporaries', () => {
    const next = Number(/\.(\d+)\.tmp$/.exec(temporaryPath(join(folder, 'x')))![1]) + 1;
    writeFileSync(join(folder, `.x.${process.pid}.${next}.tmp`), 'half');
    writeFileSync(join(folder, `.y.${process.pid}.${next + 1}.tmp`), 'half');

    writeFileAtomic(join(folder, 'x'), 'whole');
    expect(createFileExclusive(join(folder, 'y'), 'whole')).to.equal(true);

    expect(readFileSync(join(folder, 'x'), 'utf8')).to.equal('whole');
    expect(readFileSync(join(folder, 'y'), 'utf8')).to.equal('whole');
    expect(readdirSync(folder).sort()).to.deep.equal(['x', 'y']);
  });
});

describe('trash', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'porthole-trash-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('takes trees in one step and empties later', () => {
    const trash = join(folder, 'trash');
    for (const name of ['a', 'b']) mkdirSync(join(folder, name, 'deep'), { recursive: true });

    expect(moveToTrash(trash, join(folder, 'a'))).to.equal(true);
    expect(moveToTrash(trash, join(folder, 'b'))).to.equal(true);
    expect(moveToTrash(trash, join(folder, 'a'))).to.equal(false);
    expect(existsSync(join(folder, 'a'))).to.equal(false);
    expect(emptyTrash(trash, -1)).to.equal(2);
    expect(emptyTrash(trash)).to.equal(0);
    expect(readdirSync(trash)).to.deep.equal([]);
    expect(emptyTrash(join(folder, 'none'))).to.equal(0);
  });
});

import { expect } from 'chai';
import { LayerError } from '../../src/layer/layer-error.ts';
import { hostLinkTarget } from '../../src/layer/link-target.ts';
import {
  isDeviceName,
  nameProblem,
  parseLayerName,
  parseWhiteout,
  parseWindowsPath,
  storedName,
} from '../../src/layer/names.ts';
import { wellKnownSpelling } from '../../src/layer/spellings.ts';
import { foldName } from '../../src/layer/upcase.ts';
import type { LayerPath } from '../../src/layer/names.ts';

describe('parseLayerName', () => {
  const accepted: [string, LayerPath['root'], string[], string?][] = [
    ['Files', 'Files', []],
    ['Files/', 'Files', []],
    ['./Files/a', 'Files', ['a']],
    ['files/a/./b/', 'Files', ['a', 'b']],
    ['HIVES/System_Delta', 'Hives', ['System_Delta']],
    ['UtilityVM/Files/EFI', 'UtilityVM', ['Files', 'EFI']],
    ['Files\\a\\b', 'Files', ['a', 'b']],
    ['Files/a b/c.', 'Files', ['a b', 'c.']],
    ['Files/CON', 'Files', ['CON']],
    ['Files/...', 'Files', ['...']],
    ['Files/..a', 'Files', ['..a']],
    ['Files/a<b>"|?*', 'Files', ['a<b>"|?*']],
    ['etc/passwd', undefined, ['etc', 'passwd']],
    ['./', undefined, []],
    ['Files/a:s', 'Files', ['a'], 's'],
    ['Files/a:s:$DATA', 'Files', ['a'], 's'],
    ['Files/d/a:$BITMAP', 'Files', ['d', 'a'], '$BITMAP'],
  ];
  for (const [name, root, components, stream] of accepted) {
    it(`accepts ${name}`, () => {
      expect(parseLayerName(name)).to.deep.equal({ root, components, stream });
    });
  }

  const refused: [string, string, string][] = [
    ['', 'LAYER_PATH_INVALID', 'it is empty'],
    ['/Files/a', 'LAYER_PATH_INVALID', 'it is absolute'],
    ['\\Files\\a', 'LAYER_PATH_INVALID', 'it is absolute'],
    ['//server/share', 'LAYER_PATH_INVALID', 'it is absolute'],
    ['\\\\?\\C:\\x', 'LAYER_PATH_INVALID', 'it is absolute'],
    ['C:/x', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['C:x', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['../x', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files/../x', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files/a/../../../x', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files\\..\\x', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files/a\\../b', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files/..', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files/..:s', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    ['Files//a', 'LAYER_PATH_INVALID', 'it has an empty component'],
    ['Files/a//', 'LAYER_PATH_INVALID', 'it has an empty component'],
    ['Files/a\0b', 'LAYER_PATH_INVALID', 'it contains NUL'],
    ['Files/a:b/c', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['Files/a:b:c', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['Files/a:', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['Files/:s', 'LAYER_PATH_INVALID', 'invalid character `:`'],
    ['Files/a:s\\..\\x', 'LAYER_PATH_INVALID', 'it leaves the layer'],
    [`Files/${'x'.repeat(256)}`, 'LAYER_PATH_TOO_LONG', 'file name too long'],
    [`Files/${'x/'.repeat(300)}`, 'LAYER_PATH_TOO_LONG', 'file name too long'],
    ['x'.repeat(40_000), 'LAYER_PATH_TOO_LONG', 'file name too long'],
  ];
  for (const [name, code, why] of refused) {
    it(`refuses ${JSON.stringify(name.slice(0, 30))}`, () => {
      expect(() => parseLayerName(name))
        .to.throw(LayerError, why)
        .with.property('code', code);
    });
  }
});

describe('parseWhiteout', () => {
  it('tells deletions from names', () => {
    expect(parseWhiteout('.wh.a.txt')).to.deep.equal({ kind: 'name', name: 'a.txt' });
    expect(parseWhiteout('.wh..hidden')).to.deep.equal({ kind: 'name', name: '.hidden' });
    expect(parseWhiteout('.wh..wh..opq')).to.deep.equal({ kind: 'opaque' });
    expect(parseWhiteout('.wh..wh.plnk')).to.deep.equal({ kind: 'metadata' });
    expect(parseWhiteout('a.wh.b')).to.equal(undefined);
    expect(parseWhiteout('.WH.a')).to.equal(undefined);
  });

  for (const name of ['.wh.', '.wh..', '.wh...']) {
    it(`refuses ${name}`, () => {
      expect(() => parseWhiteout(name)).to.throw(LayerError, `invalid tombstone ${name}`);
    });
  }
});

describe('parseWindowsPath', () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['C:\\', []],
    ['c:/app/x', ['app', 'x']],
    ['\\app\\x\\', ['app', 'x']],
    ['app//x', ['app', 'x']],
    ['\\\\?\\C:\\app', ['app']],
    ['\\??\\C:\\app', ['app']],
    ['.\\a\\..\\b', ['b']],
    ['..\\..\\x', ['x']],
  ];
  for (const [path, components] of cases) {
    it(`takes ${JSON.stringify(path)} apart`, () => {
      expect(parseWindowsPath(path)).to.deep.equal(components);
    });
  }

  for (const path of ['D:\\x', '\\\\server\\share', '\\\\.\\pipe\\x', 'a:b', 'C:\\a\0b']) {
    it(`refuses ${JSON.stringify(path)}`, () => {
      expect(() => parseWindowsPath(path))
        .to.throw(LayerError)
        .with.property('code', 'LAYER_PATH_INVALID');
    });
  }
});

describe('names for Windows programs', () => {
  const problems: [string, string | undefined][] = [
    ['a.txt', undefined],
    ['.gitignore', undefined],
    ['日本語', undefined],
    ['', 'it is not a name'],
    ['..', 'it is not a name'],
    ['a:b', 'it contains the invalid character :'],
    ['a\\b', 'it contains the invalid character \\'],
    ['a\u0001', 'it contains the invalid character U+0001'],
    ['what?', 'it contains the invalid character ?'],
    ['dot.', 'it ends in a dot or a space'],
    ['space ', 'it ends in a dot or a space'],
    ['.wh.x', 'names that begin with .wh. mean deletions in a layer'],
    ['x'.repeat(256), 'it is longer than 255 characters'],
  ];
  for (const [name, problem] of problems) {
    it(`finds ${problem === undefined ? 'nothing wrong' : 'a problem'} in ${JSON.stringify(name.slice(0, 20))}`, () => {
      expect(nameProblem(name)).to.equal(problem);
    });
  }

  it('knows device names', () => {
    for (const name of ['CON', 'nul', 'Aux.txt', 'com1', 'LPT9.log', 'CONIN$', 'com²', 'PRN '])
      expect(isDeviceName(name), name).to.equal(true);
    for (const name of ['console', 'nu', 'com0', 'com10', 'lpt', 'xnul', 'con_'])
      expect(isDeviceName(name), name).to.equal(false);
  });

  it('stores long names so that Linux can hold them and none meets another', () => {
    const fits = '語'.repeat(85);
    const tooLong = '語'.repeat(86);

    expect(storedName(fits)).to.equal(fits);
    expect(storedName(tooLong)).to.match(/^語{79}~[0-9a-f]{16}$/);
    expect(storedName(`${tooLong}x`)).to.not.equal(storedName(tooLong));
    expect(Buffer.byteLength(storedName('😀'.repeat(127)))).to.be.at.most(255);
  });
});

describe('foldName', () => {
  const same: [string, string][] = [
    ['Windows', 'WINDOWS'],
    ['ÄÖü', 'äöÜ'],
    ['ÿ', 'Ÿ'],
    ['σ', 'Σ'],
    ['я', 'Я'],
  ];
  for (const [a, b] of same) {
    it(`takes ${a} and ${b} for one name`, () => {
      expect(foldName(a)).to.equal(foldName(b));
    });
  }

  const different: [string, string][] = [
    ['ß', 'SS'],
    ['ı', 'I'],
    ['ſ', 'S'],
    ['ς', 'Σ'],
    ['ﬁ', 'FI'],
    ['İ', 'i'],
    ['𐐨', '𐐀'],
    ['ა', 'Ა'],
  ];
  for (const [a, b] of different) {
    it(`takes ${a} and ${b} for two names`, () => {
      expect(foldName(a)).to.not.equal(foldName(b));
    });
  }
});

describe('wellKnownSpelling', () => {
  it('knows the directories that every Windows has, where they are', () => {
    expect(wellKnownSpelling('', 'WINDOWS')).to.equal('Windows');
    expect(wellKnownSpelling('Windows', 'system32')).to.equal('System32');
    expect(wellKnownSpelling('windows/SYSTEM32', 'DRIVERS')).to.equal('drivers');
    expect(wellKnownSpelling('', 'program files (X86)')).to.equal('Program Files (x86)');
    expect(wellKnownSpelling('app', 'windows')).to.equal(undefined);
    expect(wellKnownSpelling('', 'app')).to.equal(undefined);
  });
});

describe('hostLinkTarget', () => {
  const spell = (components: readonly string[]): string[] =>
    components.map((name) => (name === 'windows' ? 'Windows' : name));
  const cases: [string, string[], string, string][] = [
    ['an absolute path', [], 'C:\\app\\x', 'app/x'],
    ['an absolute path from below', ['a', 'b'], 'c:\\app', '../../app'],
    ['its own folder', ['a', 'b'], 'C:\\a\\b', '.'],
    ['a neighbour', ['a'], 'C:\\a\\c', 'c'],
    ['an NT path', [], '\\??\\C:\\app', 'app'],
    ['a long path', ['a'], '\\\\?\\C:\\app', '../app'],
    ['a path from the root', ['a'], '\\app', '../app'],
    ['a Linux path from the root', ['a'], '/usr/bin', '../usr/bin'],
    ['a relative path', ['a', 'b'], '..\\x', '../x'],
    ['a relative path that goes too far up', ['a'], '..\\..\\..\\etc\\passwd', '../etc/passwd'],
    ['an absolute path that goes up', ['a'], 'C:\\..\\..\\etc', '../etc'],
    ['the stored spelling', [], 'C:\\windows', 'Windows'],
    ['the root', ['a'], 'C:\\', '..'],
    ['another drive, as text', [], 'D:\\x', 'D:\\x'],
    ['a volume, as text', [], '\\\\?\\Volume{1}\\', '\\\\?\\Volume{1}\\'],
    ['a server, as text', [], '//server/share', '\\\\server\\share'],
    ['nothing, as text', [], '', '\\??\\'],
  ];
  for (const [what, folder, target, expected] of cases) {
    it(`leads to ${what}`, () => {
      expect(hostLinkTarget(folder, target, spell)).to.equal(expected);
    });
  }

  it('refuses what symlink(2) would', () => {
    expect(() => hostLinkTarget([], 'x'.repeat(5000), spell))
      .to.throw(LayerError)
      .with.property('code', 'LAYER_LINK_INVALID');
    expect(() => hostLinkTarget([], 'a\0b', spell))
      .to.throw(LayerError)
      .with.property('code', 'LAYER_LINK_INVALID');
  });
});

import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existingSpelling, parseContainerPath } from '../../../src/host/linux/container-path.ts';

describe('paths of a container', () => {
  for (const [path, expected] of [
    ['C:\\work', { drive: 'c', names: ['work'] }],
    ['c:/a/b\\c/', { drive: 'c', names: ['a', 'b', 'c'] }],
    ['D:\\', { drive: 'd', names: [] }],
    ['E:', { drive: 'e', names: [] }],
    ['C:\\a\\..\\..\\b\\.', { drive: 'c', names: ['b'] }],
    ['\\\\?\\C:\\x', { drive: 'c', names: ['x'] }],
    ['\\\\server\\share', undefined],
    ['relative', undefined],
    ['C:relative', undefined],
    ['/unix', undefined],
    ['\\\\.\\pipe\\x', undefined],
  ] as const)
    it(`${path} is ${expected === undefined ? 'none' : [expected.drive, ...expected.names].join('/')}`, () => {
      expect(parseContainerPath(path)).to.deep.equal(expected);
    });

  describe('spelled as they exist', () => {
    let root: string;
    before(() => {
      root = mkdtempSync(join(tmpdir(), 'porthole-spelling-'));
      mkdirSync(join(root, 'upper', 'Data'), { recursive: true });
      mkdirSync(join(root, 'lower', 'Program Files', 'App'), { recursive: true });
      mkdirSync(join(root, 'lower', 'Ünïcode'), { recursive: true });
    });
    after(() => rmSync(root, { recursive: true, force: true }));

    for (const [names, expected] of [
      [
        ['program files', 'APP', 'New'],
        ['Program Files', 'App', 'New'],
      ],
      [['data'], ['Data']],
      [
        ['DATA', 'x', 'Y'],
        ['Data', 'x', 'Y'],
      ],
      [['ÜNÏCODE'], ['Ünïcode']],
      [
        ['nothing', 'here'],
        ['nothing', 'here'],
      ],
    ] as const)
      it(`${names.join('\\')} is ${expected.join('/')}`, () => {
        expect(existingSpelling([join(root, 'upper'), join(root, 'lower')], names)).to.deep.equal(expected);
      });
  });
});

import { expect } from 'chai';
import { DetachScanner, parseDetachKeys } from '../../src/cli/detach-keys.ts';

describe('cli/detach-keys', () => {
  const cases: [string, number[]][] = [
    ['ctrl-p,ctrl-q', [16, 17]],
    ['a', [97]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]],
    ['DEL', [127]],
  ];
  for (const [text, bytes] of cases)
    it(`reads ${text}`, () => expect(parseDetachKeys(text)).to.deep.equal(bytes));

  for (const text of ['', 'ctrl-', 'ctrl-A', 'ab', 'ctrl-p,', 'é']) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => parseDetachKeys(text)).to.throw(`Unknown character: '${text.split(',').at(-1)}'`));
  }

  it('finds the sequence across inputs and holds its beginning back until it is something else', () => {
    const scanner = new DetachScanner([16, 17]);
    const scan = (text: string) => {
      const { forward, detached } = scanner.scan(Buffer.from(text, 'latin1'));
      return [forward.toString('latin1'), detached];
    };

    expect(scan('ab\x10')).to.deep.equal(['ab', false]);
    expect(scan('c')).to.deep.equal(['\x10c', false]);
    expect(scan('\x10\x10')).to.deep.equal(['\x10', false]);
    expect(scan('\x11rest')).to.deep.equal(['', true]);
  });
});

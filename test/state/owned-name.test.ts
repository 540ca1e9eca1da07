import { expect } from 'chai';
import { isAbandonedName, ownedName } from '../../src/state/owned-name.ts';

describe('state/owned-name', () => {
  const gone = 'layer.999999999.123@4567.1.partial';

  it('gives every name once, and takes none of a living process for abandoned', () => {
    const [first, second] = [ownedName('layer', '.partial'), ownedName('layer', '.partial')];

    expect(first).not.to.equal(second);
    expect(first).to.match(new RegExp(`^layer\\.${process.pid}\\..*\\.partial$`));
    expect(isAbandonedName(first, /^layer$/, '.partial')).to.equal(false);
  });

  const cases: [string, RegExp, string, boolean][] = [
    [gone, /^layer$/, '.partial', true],
    [gone, /^other$/, '.partial', false],
    [gone, /^layer$/, '', false],
    ['spool.999999999..7', /^spool$/, '', true],
    ['spool.7', /^spool$/, '', false],
    ['a.b.999999999.1.2.7', /^a\.b$/, '', true],
    ['layer', /^layer$/, '', false],
  ];
  for (const [name, subject, suffix, expected] of cases) {
    it(`${name} of ${String(subject)}${suffix} is ${expected ? '' : 'not '}abandoned`, () => {
      expect(isAbandonedName(name, subject, suffix)).to.equal(expected);
    });
  }
});

import { expect } from 'chai';
import {
  applyDeltas,
  diffHives,
  emptyDelta,
  formatDelta,
  isEmptyDelta,
  parseDelta,
} from '../../../src/host/linux/registry-delta.ts';
import { formatHive, parseHive } from '../../../src/host/linux/registry-text.ts';

const nothingVolatile = (): boolean => false;

function hive(...blocks: string[]): ReturnType<typeof parseHive> {
  return parseHive(`WINE REGISTRY Version 2\n\n${blocks.map((block) => `${block}\n\n`).join('')}`);
}

function delta(before: ReturnType<typeof hive>, after: ReturnType<typeof hive>): string {
  return formatDelta(diffHives(before, after, nothingVolatile)).replace('PORTHOLE REGISTRY DELTA 1\n\n', '');
}

describe('registry deltas', () => {
  const base = hive('[A] 1\n"x"="1"\n"y"="2"', '[A\\\\B] 1\n@="deep"', '[C] 1');

  for (const [name, after, expected] of [
    ['nothing', base, ''],
    [
      'a changed, a new and a removed value',
      hive('[A] 2\n"x"="3"\n"z"=dword:00000001', '[A\\\\B] 1\n@="deep"', '[C] 1'),
      '[A]\n"x"="3"\n"y"=-\n"z"=dword:00000001\n\n',
    ],
    [
      'a new key, also an empty one',
      hive('[A] 1\n"x"="1"\n"y"="2"', '[A\\\\B] 1\n@="deep"', '[C] 1', '[D] 5', '[E\\\\F] 5\n"v"="w"'),
      '[D]\n\n[E\\\\F]\n"v"="w"\n\n',
    ],
    ['a removed key', hive('[A] 1\n"x"="1"\n"y"="2"', '[C] 1'), '-[A\\\\B]\n\n'],
    ['a removed tree, by its top only', hive('[C] 1'), '-[A]\n\n'],
    ['other times of keys', hive('[A] 9\n"x"="1"\n"y"="2"', '[A\\\\B] 9\n@="deep"', '[C] 9'), ''],
    [
      'a key whose block goes because it has only subkeys now',
      hive('[A] 1\n"x"="1"\n"y"="2"', '[A\\\\B] 1\n@="deep"', '[C\\\\sub] 1\n"v"="1"'),
      '[C\\\\sub]\n"v"="1"\n\n',
    ],
    [
      'a parent that lost its values but has subkeys',
      hive('[A\\\\B] 1\n@="deep"', '[C] 1'),
      '[A]\n"x"=-\n"y"=-\n\n',
    ],
  ] as const)
    it(`tells ${name}, and applying it gives the new hive`, () => {
      expect(delta(base, after)).to.equal(expected);
      const applied = applyDeltas(base, [diffHives(base, after, nothingVolatile)]);
      expect(delta(applied, after)).to.equal('');
    });

  it('leaves a parent alone whose last subkey went', () => {
    const before = hive('[P\\\\child] 1\n"v"="1"');
    const after = hive('[P] 2');
    expect(delta(before, after)).to.equal('-[P\\\\child]\n\n');
  });

  it('ignores what is volatile, as key and as value', () => {
    const after = hive('[A] 1\n"x"="3"\n"y"="3"', '[A\\\\B] 1\n@="other"', '[C] 1');
    const found = diffHives(base, after, (key, name) => key === 'a\\\\b' || name === '"x"');
    expect(formatDelta(found)).to.equal('PORTHOLE REGISTRY DELTA 1\n\n[A]\n"y"="3"\n\n');
  });

  it('compares values without the line breaks of long ones', () => {
    const before = hive('[A] 1\n"h"=hex:00,01,\\\n  02');
    const after = hive('[A] 2\n"h"=hex:00,01,02');
    expect(isEmptyDelta(diffHives(before, after, nothingVolatile))).to.equal(true);
  });

  it('applies several in order, deletions first within one', () => {
    const first = parseDelta('PORTHOLE REGISTRY DELTA 1\n\n-[A]\n\n[A\\\\New]\n"n"="1"\n');
    const second = parseDelta('PORTHOLE REGISTRY DELTA 1\n\n[a\\\\new]\n"N"="2"\n[C]\n"c"="3"\n');
    expect(formatHive(applyDeltas(base, [first, second]))).to.equal(
      'WINE REGISTRY Version 2\n\n[C] 1\n"c"="3"\n\n[A\\\\New] 0\n"n"="2"\n\n',
    );
  });

  it('is read back as it was written', () => {
    const text = 'PORTHOLE REGISTRY DELTA 1\n\n-[A\\\\Gone]\n\n[B]\n"gone"=-\n"v"="a=b"\n@=hex:00\n\n';
    expect(formatDelta(parseDelta(text))).to.equal(text);
    expect(formatDelta(emptyDelta)).to.equal('PORTHOLE REGISTRY DELTA 1\n\n');
  });

  for (const text of [
    '',
    'something else',
    'PORTHOLE REGISTRY DELTA 1\n"v"="without key"\n',
    'PORTHOLE REGISTRY DELTA 1\n[A]\nnonsense\n',
  ])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseDelta(text)).to.throw(/not a/);
    });
});

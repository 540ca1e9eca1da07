import { expect } from 'chai';
import { EntryRules } from '../../src/layer/entry-rules.ts';
import type { EntryMeaning } from '../../src/layer/entry-rules.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';

const entry = (name: string): TarEntry =>
  ({ name, type: /[/\\]$/.test(name) ? '5' : '0', size: 0, pax: new Map() }) as unknown as TarEntry;

/** `parent/leaf` of the last of the entries. */
function placeOfLast(...names: string[]): string {
  const rules = new EntryRules(true);
  let meaning: EntryMeaning | undefined;
  for (const name of names) meaning = rules.read(entry(name));
  if (meaning === undefined || !('leaf' in meaning)) throw new Error('no place');
  return [...meaning.parent, meaning.leaf].join('/');
}

describe('entries after one another', () => {
  const cases: readonly [string[], string][] = [
    [['Files/a/', 'Files/a/x.txt'], 'a/x.txt'],
    [['Files/a/b/', 'Files/a/b/x.txt'], 'a/b/x.txt'],
    [['Files/a/b/', 'Files/a/x.txt'], 'a/x.txt'],
    [['Files/a/x.txt', 'Files/a/y.txt'], 'a/y.txt'],
    [['Files/a\\x.txt', 'Files/y.txt'], 'y.txt'],
    [['Files/a\\x.txt', 'Files/a\\y.txt'], 'a/y.txt'],
    [['Files/x.txt', 'Files/a/y.txt'], 'a/y.txt'],
  ];
  for (const [names, place] of cases) {
    it(`${names.join(' then ')} is ${place}`, () => {
      expect(placeOfLast(...names)).to.equal(place);
    });
  }
});

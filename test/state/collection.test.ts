import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Collection } from '../../src/state/collection.ts';
import { fileCollection } from '../../src/state/file-collection.ts';
import { memoryCollection } from '../../src/state/memory-collection.ts';

interface Thing {
  readonly n: number;
}

const folders: string[] = [];
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-collection-'));
  folders.push(folder);
  return folder;
};

const adapters: [name: string, make: () => Collection<Thing>][] = [
  ['files', () => fileCollection<Thing>(temporaryFolder(), { noun: 'thing', format: 1 })],
  ['memory', () => memoryCollection<Thing>({ noun: 'thing' })],
];

describe('collections', () => {
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  for (const [name, make] of adapters) {
    describe(name, () => {
      it('keep values and count writes', () => {
        const things = make();

        expect(things.get('a')).to.equal(undefined);
        expect(things.put('a', { n: 1 })).to.deep.equal({ key: 'a', revision: 1, value: { n: 1 } });
        expect(things.put('a', { n: 2 }).revision).to.equal(2);
        expect(things.get('a')).to.deep.equal({ key: 'a', revision: 2, value: { n: 2 } });
      });

      it('refuse a write that read something older', () => {
        const things = make();
        things.put('a', { n: 1 }, 0);

        expect(() => things.put('a', { n: 2 }, 0))
          .to.throw('thing a was changed by another process')
          .with.property('code', 'STATE_CONFLICT');
        expect(things.put('a', { n: 3 }, 1).revision).to.equal(2);
      });

      it('change in place', () => {
        const things = make();

        things.update('a', (current) => ({ n: (current?.n ?? 0) + 1 }));
        things.update('a', (current) => ({ n: (current?.n ?? 0) + 1 }));

        expect(things.update('a', () => undefined)?.value).to.deep.equal({ n: 2 });
        expect(things.get('a')).to.deep.equal({ key: 'a', revision: 2, value: { n: 2 } });
      });

      it('list in the order of keys, and forget', () => {
        const things = make();
        for (const key of ['c', 'a', 'b']) things.put(key, { n: 0 });

        expect(things.remove('b')).to.equal(true);
        expect(things.remove('b')).to.equal(false);
        expect(things.keys()).to.deep.equal(['a', 'c']);
        expect(things.list().map(({ key }) => key)).to.deep.equal(['a', 'c']);
      });

      it('do not give out what is stored', () => {
        const things = make();
        const value = { n: 1 };
        things.put('a', value);

        (things.get('a')!.value as { n: number }).n = 5;
        value.n = 6;

        expect(things.get('a')?.value).to.deep.equal({ n: 1 });
      });

      for (const key of ['', '..', '.hidden', 'a/b', 'a\\b', 'x'.repeat(201)]) {
        it(`refuse the key ${JSON.stringify(key.slice(0, 20))}`, () => {
          expect(() => make().get(key))
            .to.throw('invalid thing key')
            .with.property('kind', 'invalid');
        });
      }
    });
  }

  it('in files, refuse a newer format and damaged records without failing the list', () => {
    const folder = temporaryFolder();
    const things = fileCollection<Thing>(folder, { noun: 'thing', format: 1 });
    things.put('good', { n: 1 });
    writeFileSync(join(folder, 'newer.json'), '{"format":2,"revision":1,"value":{"n":1}}');
    writeFileSync(join(folder, 'torn.json'), '{"format":1,"rev');
    writeFileSync(join(folder, 'odd.json'), 'null');

    expect(() => things.get('newer'))
      .to.throw('thing newer has format 2, but this version of porthole knows only formats up to 1')
      .with.property('code', 'STATE_FORMAT_NEWER');
    expect(() => things.get('torn'))
      .to.throw('damaged state file')
      .with.property('code', 'STATE_DAMAGED');
    const damaged: string[] = [];
    expect(things.list((key) => damaged.push(key)).map(({ key }) => key)).to.deep.equal(['good']);
    expect(damaged).to.deep.equal(['newer', 'odd', 'torn']);
    expect(() => things.list()).to.throw();
  });

  it('in files, leave nothing but records behind', () => {
    const folder = temporaryFolder();
    const things = fileCollection<Thing>(folder, { noun: 'thing', format: 1, durable: true });

    for (let n = 0; n < 5; n += 1) things.update('a', () => ({ n }));

    expect(readdirSync(folder)).to.deep.equal(['a.json']);
  });
});

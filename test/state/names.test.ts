import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  listReservations,
  nameFile,
  nameHolder,
  nameOfFile,
  releaseName,
  reserveName,
} from '../../src/state/names.ts';

const one = '1'.repeat(64);
const two = '2'.repeat(64);

describe('name reservations', () => {
  let folder: string;
  let alive: Set<string>;
  const exists = (id: string): boolean => alive.has(id);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-names-'));
    alive = new Set([one, two]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are exclusive', () => {
    expect(reserveName(folder, 'web', one, exists)).to.deep.equal({});
    expect(reserveName(folder, 'web', one, exists)).to.deep.equal({});
    expect(reserveName(folder, 'web', two, exists)).to.deep.equal({ takenBy: one });
    expect(nameHolder(folder, 'web')).to.equal(one);
  });

  it('are taken over from a container that is gone', () => {
    reserveName(folder, 'web', one, exists);
    alive.delete(one);

    expect(reserveName(folder, 'web', two, exists)).to.deep.equal({});
    expect(nameHolder(folder, 'web')).to.equal(two);
    expect(readdirSync(folder)).to.deep.equal(['web']);
  });

  it('are given back by their holder only', () => {
    reserveName(folder, 'web', one, exists);

    releaseName(folder, 'web', two);
    expect(nameHolder(folder, 'web')).to.equal(one);
    releaseName(folder, 'web', one);
    expect(nameHolder(folder, 'web')).to.equal(undefined);
  });

  it('are listed with their names as given', () => {
    for (const name of ['web', 'Web', 'con', 'web.7.1.tmp']) reserveName(folder, name, one, exists);

    expect(listReservations(folder).sort((a, b) => (a.name < b.name ? -1 : 1))).to.deep.equal([
      { name: 'Web', id: one },
      { name: 'con', id: one },
      { name: 'web', id: one },
      { name: 'web.7.1.tmp', id: one },
    ]);
  });

  for (const [name, file] of [
    ['web', 'web'],
    ['Web', '~1~web'],
    ['aBC', '~6~abc'],
    ['nul', '~0~nul'],
    ['com1.x', '~0~com1.x'],
    ['COM1', '~7~com1'],
    ['console', 'console'],
  ] as const) {
    it(`keeps ${name} in the file ${file}`, () => {
      expect(nameFile(name)).to.equal(file);
      expect(nameOfFile(file)).to.equal(name);
    });
  }
});

/**
 * Generated cases: the rules that must hold for any input, tried on inputs of fixed seeds. A seed that once failed stays in
 * its list.
 */
import { expect } from 'chai';
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { posix, resolve, win32 } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { applyTar } from '../contract/layers-subject.ts';
import { baseImageLayers } from '../support/base-image.ts';
import { LayerTar } from '../support/layer-tar.ts';
import { TemporaryStore, listing } from '../support/linux-layers.ts';
import { Seeded } from '../support/seeded.ts';
import { EntryRules } from '../../src/layer/entry-rules.ts';
import { LayerError } from '../../src/layer/layer-error.ts';
import { parseLayerName } from '../../src/layer/names.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import { foldName } from '../../src/layer/upcase.ts';
import type { ComposeEntry } from '../../src/layer/compose-entry.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';

const seeds = (count: number, ...kept: readonly number[]): number[] => [
  ...kept,
  ...Array.from({ length: count }, (_, index) => index + 1),
];

/** What a parser makes of bytes in pieces: entries, or the error's code and message. */
function outcome(tar: Buffer, pieces: () => number): string {
  const said: string[] = [];
  const parser = new TarParser({
    entry: (entry) =>
      said.push(
        JSON.stringify([entry.name, entry.type, entry.linkName, entry.size, entry.mtime, [...entry.records]]),
      ),
    data: (_chunk, start, end) => {
      // Pieces of a body may be split differently: only their sum counts.
      const last = said.at(-1)!;
      const before = last.startsWith('+') ? Number(last.slice(1)) : 0;
      if (before > 0) said.pop();
      said.push(`+${before + end - start}`);
    },
    end: () => said.push('.'),
  });
  try {
    for (let at = 0; at < tar.length;) {
      const size = pieces();
      parser.push(tar.subarray(at, at + size));
      at += size;
    }
    parser.finish();
  } catch (error) {
    if (!(error instanceof LayerError)) throw error;
    said.push(`${error.code} ${error.message}`);
  }
  return said.join('\n');
}

describe('generated layer tars', () => {
  const original = baseImageLayers('nanoserver')[0]!.subarray(0, 12 * 1024);

  function damaged(random: Seeded): Buffer {
    let tar = Buffer.from(original);
    for (let change = 0; change <= random.below(4); change += 1) {
      const at = random.below(tar.length);
      switch (random.below(5)) {
        case 0:
          tar[at] = random.below(256);
          break;
        case 1:
          tar = tar.subarray(0, at);
          break;
        case 2:
          tar = Buffer.concat([tar.subarray(0, at), tar.subarray(random.below(tar.length))]);
          break;
        case 3:
          tar.fill(random.below(2) * 255, at, Math.min(tar.length, at + random.below(600)));
          break;
        default:
          tar.write(
            random.pick(['99999999999', '-1', '12 path=..\n', '\0\0\0', 'ustar', '1 a=b\n']),
            at,
            'latin1',
          );
      }
      if (tar.length === 0) break;
    }
    return tar;
  }

  it('are read or refused, the same however they are split', () => {
    for (const seed of seeds(400)) {
      const random = new Seeded(seed);
      const tar = damaged(random);
      const whole = outcome(tar, () => tar.length + 1);

      expect(
        outcome(tar, () => 1 + random.below(1500)),
        `seed ${seed}`,
      ).to.equal(whole);
      expect(
        outcome(tar, () => 512),
        `seed ${seed}`,
      ).to.equal(whole);
    }
  });

  const parts = [
    'Files',
    'files',
    'Hives',
    'UtilityVM',
    'a',
    'B',
    'b',
    '..',
    '.',
    '',
    'C:',
    'x:y',
    'a:s',
    '.wh.a',
    '.wh..wh..opq',
    '.wh.',
    'CON',
    'é',
    'x'.repeat(256),
    'a\0b',
    '...',
    '.. ',
  ];
  const nastyName = (random: Seeded): string => {
    const separators = ['/', '/', '/', '\\'];
    const tail = random.list(5, () => random.pick(parts));
    const names = random.below(4) > 0 ? ['Files', ...tail] : tail;
    return names.reduce(
      (path, name, index) => (index === 0 ? name : path + random.pick(separators) + name),
      '',
    );
  };

  it('never name anything outside', () => {
    for (const seed of seeds(3000)) {
      const name = nastyName(new Seeded(seed));
      let path: ReturnType<typeof parseLayerName>;
      try {
        path = parseLayerName(name);
      } catch (error) {
        expect(error, name).to.be.instanceOf(LayerError);
        continue;
      }
      for (const component of path.components) {
        expect(component, name).to.match(/^[^/\\:\0]+$/);
        expect(['.', '..'], name).to.not.include(component);
        expect(component.length, name).to.be.at.most(255);
      }
      for (const system of [posix, win32]) {
        const root = system.resolve(`${system.sep}store`);
        const at = system.resolve(root, ...path.components);
        expect(at === root || at.startsWith(root + system.sep), name).to.equal(true);
      }
    }
  });

  it('mean the same by the short way and the long way', () => {
    const names = ['a', 'b', 'd/', 'd/x', 'd/./y', 'd\\z', '.hidden', 'A', 'd/e/', 'd/e/f', './g', 'a.wh.b'];
    for (const seed of seeds(500)) {
      const random = new Seeded(seed);
      const rules = new EntryRules(true);
      for (const name of random.list(12, () => `Files/${random.pick(names)}`)) {
        const type = name.endsWith('/') ? '5' : '0';
        const entry: TarEntry = {
          name,
          rawName: undefined,
          linkName: '',
          type,
          mode: 0,
          size: 0,
          mtime: '0',
          records: new Map(),
        };
        const short = rules.read(entry);
        const long = new EntryRules(true).read(entry);

        expect(short, `seed ${seed}: ${name}`).to.deep.equal(long);
      }
    }
  });

  it('change nothing outside their folder, whatever they hold, and leave whole layers or none', async function () {
    this.timeout(20_000);
    if (process.platform !== 'linux') return this.skip();
    using store = new TemporaryStore();
    const outside = resolve(store.root, 'outside');
    mkdirSync(outside);
    writeFileSync(resolve(outside, 'sentinel'), 'untouched');
    const below = await applyTar(
      store.layers,
      new LayerTar()
        .directories('Files/a/b')
        .symlink('Files/up', '..\\..\\..\\outside')
        .file('Files/a/b/c')
        .bytes(),
      [],
    );
    const targets = [
      '..\\..\\..\\outside',
      'C:\\..\\..\\outside\\sentinel',
      '../../../../outside',
      '/outside',
      'C:\\a',
      'a',
      '\\\\?\\C:\\up',
    ];
    let applied = 0;
    for (const seed of seeds(250)) {
      const random = new Seeded(seed);
      const tar = new LayerTar().directory('Files');
      const name = (): string =>
        random.below(3) === 0
          ? nastyName(random).replaceAll('\0', '')
          : `Files/${random.pick(['a', 'A/b', 'up', 'up/x', 'n', 'n/m', 'a/b/c', 'a/.wh.b', '.wh.up'])}`;
      for (let count = random.below(6); count >= 0; count -= 1) {
        switch (random.below(5)) {
          case 0:
            tar.symlink(name(), random.pick(targets));
            break;
          case 1:
            tar.hardLink(name(), random.below(2) === 0 ? name() : 'Files/a/b/c');
            break;
          case 2:
            tar.directory(name());
            break;
          default:
            tar.file(name(), 'overwritten');
        }
      }
      const parents = random.below(2) === 0 ? [] : [below.id];
      try {
        const layer = await applyTar(store.layers, tar.bytes(), parents);
        applied += 1;
        for (const line of listing(resolve(layer.path, 'Files'))) {
          const link = / -> /.exec(line);
          if (link === null) continue;
          const path = resolve(layer.path, 'Files', line.slice(0, link.index));
          const target = resolve(path, '..', readlinkSync(path));
          expect(target.startsWith(resolve(layer.path, 'Files')), `seed ${seed}: ${line}`).to.equal(true);
        }
      } catch (error) {
        expect(error, `seed ${seed}`).to.be.instanceOf(LayerError);
      }
      expect(
        readdirSync(store.paths.windowsfilter).filter((folder) => folder.endsWith('.partial')),
        `seed ${seed}`,
      ).to.deep.equal([]);
    }

    expect(listing(outside)).to.deep.equal(['sentinel 9']);
    expect(readdirSync(store.root).sort()).to.deep.equal(['outside', 'trash', 'windowsfilter']);
    expect(applied).to.be.above(20);
  });

  it('give back what was composed', async function () {
    this.timeout(20_000);
    if (process.platform !== 'linux') return this.skip();
    using store = new TemporaryStore();
    const below = await applyTar(store.layers, baseImageLayers('nanoserver')[0]!, []);
    for (const seed of seeds(40)) {
      const random = new Seeded(seed);
      const contents = new Map<string, string>();
      const entries = random.list(12, (): ComposeEntry => {
        const folder = random.pick(['app', 'APP/Sub', 'Windows/system32', 'users/containeruser', 'ß/é']);
        const path = `${folder}/${random.pick(['one', 'Two', 'THREE', 'x'.repeat(200), '語'.repeat(90)])}`;
        const text = 'z'.repeat(random.below(3000));
        contents.set(foldName(path), text);
        return { type: 'file', path, size: text.length, content: { bytes: Buffer.from(text) } };
      });
      const tar = await buffer(await store.layers.compose([below.id], entries, { now: seed }));
      const again = await buffer(await store.layers.compose([below.id], entries, { now: seed }));
      const layer = await applyTar(store.layers, tar, [below.id]);

      expect(tar.equals(again), `seed ${seed}`).to.equal(true);
      for (const [path, text] of contents) {
        expect((await store.layers.stat(layer.id, path))?.size, `seed ${seed}: ${path}`).to.equal(
          text.length,
        );
      }
    }
  });
});

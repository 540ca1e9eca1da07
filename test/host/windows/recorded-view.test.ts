/** Views of layers from their sidecars alone. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readRecordedTree } from '../../../src/host/windows/recorded-tree.ts';
import { RecordedViews } from '../../../src/host/windows/recorded-view.ts';
import type { RecordedLayer } from '../../../src/host/windows/recorded-view.ts';
import { SidecarWriter, sidecarName } from '../../../src/layer/sidecar.ts';
import type { SidecarEntry } from '../../../src/layer/sidecar.ts';

describe('views of recorded layers', () => {
  let store: string;
  before(() => (store = mkdtempSync(join(tmpdir(), 'porthole-views-'))));
  after(() => rmSync(store, { recursive: true }));

  const metadata = { attributes: 32, modified: '5' };
  function aLayer(id: string, entries: readonly Omit<SidecarEntry, 'metadata'>[]): RecordedLayer {
    const folder = join(store, id);
    mkdirSync(folder);
    const writer = new SidecarWriter(join(folder, sidecarName));
    for (const entry of entries) writer.add({ ...entry, metadata });
    writer.close();
    return { folder, sidecar: join(folder, sidecarName) };
  }

  it('are made once while the same chain is asked for', () => {
    const base = aLayer('base', [{ path: 'Files/a.txt', type: '0', size: 1 }]);
    const top = aLayer('top', [{ path: 'Files/b.txt', type: '0', size: 2 }]);
    const views = new RecordedViews();

    const first = views.of([top, base]);
    expect(views.of([top, base])).to.equal(first);
    expect(views.of([base])).not.to.equal(first);
    expect(
      views
        .of([base])
        .list('')
        .map(({ path }) => path),
    ).to.deep.equal(['a.txt']);
    expect(
      views
        .of([top, base])
        .list('')
        .map(({ path }) => path),
    ).to.deep.equal(['a.txt', 'b.txt']);
  });

  it('are read as trees, with folders that no tar described', () => {
    const layer = aLayer('tree', [{ path: 'Files/app/x/y.txt', type: '0', size: 3 }]);
    const opened: string[][] = [];
    const open = (...file: string[]): Readable => {
      opened.push(file);
      return Readable.from([]);
    };
    const view = new RecordedViews().of([layer]);

    const entries = [...readRecordedTree(view, 'C:\\APP', open)];
    expect(entries.map(({ path, type, metadata: { attributes } }) => [path, type, attributes])).to.deep.equal(
      [
        ['', 'directory', 16],
        ['x', 'directory', 16],
        ['x/y.txt', 'file', 32],
      ],
    );
    entries.at(-1)!.open();
    expect(opened).to.deep.equal([[layer.folder, 'Files\\app\\x\\y.txt']]);
    expect(() => [...readRecordedTree(view, 'C:\\none', open)]).to.throw(
      'C:\\none: no such file or directory',
    );
  });
});

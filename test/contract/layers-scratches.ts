import { expect } from 'chai';
import { buffer } from 'node:stream/consumers';
import { applyTar, describeTar, expectLayerError, idOf } from './layers-subject.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { LayerContract } from './layers-subject.ts';

/** Writable layers and their export. */
export function scratchContract(subject: LayerContract): void {
  describe('scratches', () => {
    let layers: LayerStore;

    beforeEach(() => {
      ({ layers } = subject);
    });

    const key = idOf('c');

    it('are made on layers, mounted, listed and removed', async () => {
      const below = await subject.base();
      await layers.createScratch(key, { parents: [below.id] });
      const mounted = await layers.mount(key);

      expect(mounted.layers.map((layer) => layer.Path)).to.deep.equal([below.path]);
      expect(mounted.layers[0]?.Id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(mounted.folder).to.match(new RegExp(`${key}$`));
      expect(await layers.listScratches()).to.deep.equal([key]);
      expect(await layers.list()).to.deep.equal([below]);
      expect(await layers.get(key)).to.equal(undefined);
      await layers.unmount(key);
      await layers.removeScratch(key);
      await layers.removeScratch(key);
      expect(await layers.listScratches()).to.deep.equal([]);
    });

    it('are refused on missing layers, under a taken name, and smaller than the image', async () => {
      const below = await subject.base();
      const create = (size?: number): Promise<void> =>
        layers.createScratch(key, {
          parents: [below.id],
          ...(size === undefined ? {} : { sizeBytes: size }),
        });

      await expectLayerError(
        layers.createScratch(key, { parents: [idOf('9')] }),
        'notFound',
        'LAYER_NOT_FOUND',
      );
      await expectLayerError(create(10 * 2 ** 30), 'invalid', 'LAYER_SIZE_INVALID');
      await create(50 * 2 ** 30);
      const error = await expectLayerError(create(), 'conflict', 'LAYER_EXISTS');
      expect(error.message).to.equal(`mount already exists with name ${key}`);
      await expectLayerError(layers.mount(idOf('9')), 'notFound', 'LAYER_NOT_FOUND');
      await expectLayerError(layers.diff(idOf('9')), 'notFound', 'LAYER_NOT_FOUND');
      await expectLayerError(layers.remove(key), 'conflict', 'LAYER_EXISTS');
      await expectLayerError(layers.removeScratch(below.id), 'conflict', 'LAYER_EXISTS');
    });

    it('give an empty layer while nothing has changed', async () => {
      const below = await subject.base();
      await layers.createScratch(key, { parents: [below.id] });

      expect(await layers.changes(key)).to.deep.equal([]);
      expect(await layers.usage(key)).to.deep.equal({ size: 0 });
      expect(describeTar(await buffer(await layers.diff(key)))).to.deep.equal([
        'Files 5 0 16',
        'Hives 5 0 16',
      ]);
    });

    describe('with changes', () => {
      beforeEach(async function () {
        if (subject.host.change === undefined) return this.skip();
        const below = await subject.base();
        await layers.createScratch(key, { parents: [below.id] });
        await subject.host.change(key, [
          { kind: 'write', path: 'app/new.txt', content: 'new' },
          { kind: 'directory', path: 'app/empty' },
          { kind: 'write', path: 'Windows/System32/drivers/etc/hosts', content: 'changed' },
          { kind: 'remove', path: 'License.txt' },
          { kind: 'remove', path: 'Windows/WinSxS' },
          { kind: 'remove', path: 'Users/Public' },
          { kind: 'directory', path: 'Users/Public' },
          { kind: 'write', path: 'Users/Public/mine.txt', content: '' },
          { kind: 'write', path: 'gone.txt', content: 'gone' },
          { kind: 'remove', path: 'gone.txt' },
          { kind: 'hive', name: 'porthole-system.delta', content: '[Software\\\\X]\n' },
        ]);
      });

      it('list them', async () => {
        expect((await layers.changes(key)).map(({ path, kind }) => `${kind[0]} ${path}`)).to.deep.equal([
          'd Files/License.txt',
          'm Files/Users',
          'm Files/Users/Public',
          'd Files/Users/Public/AppData',
          'a Files/Users/Public/mine.txt',
          'm Files/Windows',
          'd Files/Windows/WinSxS',
          'm Files/Windows/System32',
          'm Files/Windows/System32/drivers',
          'm Files/Windows/System32/drivers/etc',
          'm Files/Windows/System32/drivers/etc/hosts',
          'a Files/app',
          'a Files/app/empty',
          'a Files/app/new.txt',
          'm Hives/porthole-system.delta',
        ]);
        expect(await layers.usage(key)).to.deep.equal({ size: 10 });
      });

      it('export them as a layer that stands on the same parents', async () => {
        const [below] = await layers.list();
        const tar = await buffer(await layers.diff(key));
        const committed = await applyTar(layers, tar, [below!.id]);

        expect(describeTar(tar)).to.deep.equal([
          'Files 5 0 16',
          'Files/.wh.License.txt',
          'Files/Users 5 0 17',
          'Files/Users/Public 5 0 16',
          'Files/Users/Public/.wh.AppData',
          'Files/Users/Public/mine.txt 0 0 32',
          'Files/Windows 5 0 16',
          'Files/Windows/.wh.WinSxS',
          'Files/Windows/System32 5 0 16',
          'Files/Windows/System32/drivers 5 0 16',
          'Files/Windows/System32/drivers/etc 5 0 16',
          'Files/Windows/System32/drivers/etc/hosts 0 7 32',
          'Files/app 5 0 16',
          'Files/app/empty 5 0 16',
          'Files/app/new.txt 0 3 32',
          'Hives 5 0 16',
          'Hives/porthole-system.delta 0 14 32',
        ]);
        expect(await subject.paths(committed.id)).to.deep.equal(await subject.paths(key));
        expect((await buffer(await layers.diff(key))).equals(tar)).to.equal(true);
      });

      it('show them to whoever looks', async () => {
        expect(await layers.stat(key, 'APP/NEW.TXT')).to.deep.equal({
          path: 'app/new.txt',
          type: 'file',
          size: 3,
        });
        expect(await layers.stat(key, 'License.txt')).to.equal(undefined);
        expect(await subject.paths(key, 'Users/Public')).to.deep.equal(['', 'mine.txt']);
      });
    });
  });
}

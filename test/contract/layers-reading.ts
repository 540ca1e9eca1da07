import { expect } from 'chai';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { LayerTar } from '../support/layer-tar.ts';
import { applyTar, describeTar, expectLayerError, idOf } from './layers-subject.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { LayerContract } from './layers-subject.ts';

/** Looking into chains of layers. */
export function readingContract(subject: LayerContract): void {
  describe('reading', () => {
    let layers: LayerStore;

    beforeEach(() => {
      ({ layers } = subject);
    });

    it('gives a subtree with its metadata, links and content', async () => {
      const { id } = await subject.base();
      const entries = await subject.tree(id, 'c:\\WINDOWS\\system32\\Drivers');

      expect(entries.map(({ path, type, size }) => `${path} ${type} ${size}`)).to.deep.equal([
        ' directory 0',
        'etc directory 0',
        'etc/hosts file 27',
        'etc/services file 28',
      ]);
      expect((await buffer(entries[2]!.open())).toString()).to.equal('# hosts of the test image\r\n');
      expect(entries[2]!.metadata).to.include({ attributes: 0x20, modified: '1646092800' });
      const [link] = await subject.tree(id, '/Users/all users');
      expect(link).to.include({ path: '', type: 'symlink', target: 'C:\\ProgramData' });
    });

    it('sees every layer, newest first, whatever the spelling', async () => {
      const top = await subject.onBase(
        new LayerTar()
          .directories('Files/WINDOWS/SYSTEM32')
          .file('Files/WINDOWS/SYSTEM32/new.dll', 'new')
          .file('Files/LICENSE.TXT', 'changed'),
      );

      expect(await layers.stat(top.id, 'windows\\system32\\NEW.dll')).to.deep.equal({
        path: 'Windows/System32/new.dll',
        type: 'file',
        size: 3,
      });
      expect(await layers.stat(top.id, 'License.txt')).to.deep.equal({
        path: 'License.txt',
        type: 'file',
        size: 7,
      });
      expect(await layers.stat(top.id, '')).to.deep.equal({ path: '', type: 'directory', size: 0 });
      expect(await layers.stat(top.id, 'nothing')).to.equal(undefined);
      expect(await subject.paths(top.id, 'Windows/System32/drivers')).to.have.length(4);
    });

    it('does not see what a layer deleted', async () => {
      const top = await subject.onBase(
        new LayerTar()
          .directories('Files/Windows')
          .whiteout('Files/license.TXT')
          .whiteout('Files/Windows/system32'),
      );

      expect(await layers.stat(top.id, 'License.txt')).to.equal(undefined);
      expect(await layers.stat(top.id, 'Windows/System32/drivers')).to.equal(undefined);
      expect(await layers.stat(top.id, 'Windows/Temp')).to.not.equal(undefined);
    });

    it('sees only the new content of a directory that was deleted and made again, or marked opaque', async () => {
      const again = await subject.onBase(
        new LayerTar()
          .directory('Files')
          .whiteout('Files/Users')
          .directory('Files/Users')
          .file('Files/Users/me', ''),
      );
      const opaque = await subject.onBase(
        new LayerTar().directories('Files/Users').whiteout('Files/Users/.wh..opq').file('Files/Users/me', ''),
      );

      expect(await subject.paths(again.id, 'Users')).to.deep.equal(['', 'me']);
      expect(await subject.paths(opaque.id, 'Users')).to.deep.equal(['', 'me']);
    });

    it('finds hard link targets in the layer, before or after the link, and in its parents', async () => {
      const top = await subject.onBase(
        new LayerTar()
          .directory('Files')
          .hardLink('Files/early', 'Files/late')
          .file('Files/late', 'content')
          .hardLink('Files/inherited', 'Files/license.TXT'),
      );

      expect(await layers.stat(top.id, 'early')).to.include({ type: 'file', size: 7 });
      expect((await layers.stat(top.id, 'inherited'))?.size).to.equal(
        (await layers.stat(top.id, 'License.txt'))?.size,
      );
    });

    it('says what is not there', async () => {
      const { id } = await subject.base();

      await expectLayerError(subject.tree(idOf('9')), 'notFound', 'LAYER_NOT_FOUND');
      const error = await expectLayerError(
        subject.tree(id, 'C:\\nothing'),
        'notFound',
        'LAYER_PATH_NOT_FOUND',
      );
      expect(error.message).to.equal('C:\\nothing: no such file or directory');
      await expectLayerError(layers.stat(id, 'D:\\x'), 'invalid', 'LAYER_PATH_INVALID');
    });
  });
}

/** Layers made of files. */
export function composingContract(subject: LayerContract): void {
  describe('composing', () => {
    let layers: LayerStore;

    beforeEach(() => {
      ({ layers } = subject);
    });

    it('makes a layer of files, with the parents spelling and their directories metadata', async () => {
      const below = await subject.base();
      const tar = await buffer(
        await layers.compose(
          [below.id],
          [
            { type: 'directory', path: 'C:\\app' },
            { type: 'file', path: 'c:/APP/a.txt', size: 5, content: { bytes: Buffer.from('hello') } },
            {
              type: 'file',
              path: '\\windows\\system32\\x.txt',
              size: 3,
              content: { open: () => Readable.from([Buffer.from('abc')]) },
            },
            { type: 'file', path: 'users/new/b', size: 0, content: { bytes: Buffer.alloc(0) } },
            { type: 'symlink', path: 'app/link', target: 'C:/Windows', directory: true },
            { type: 'whiteout', path: 'license.txt' },
          ],
          { now: 1_700_000_000_000 },
        ),
      );
      const top = await applyTar(layers, tar, [below.id]);

      expect(describeTar(tar)).to.deep.equal([
        'Files 5 0 16',
        'Files/app 5 0 16',
        'Files/app/a.txt 0 5 32',
        'Files/Windows 5 0 16',
        'Files/Windows/System32 5 0 16',
        'Files/Windows/System32/x.txt 0 3 32',
        'Files/Users 5 0 17',
        'Files/Users/new 5 0 16',
        'Files/Users/new/b 0 0 32',
        'Files/app/link 2 0 1040 -> C:\\Windows',
        'Files/.wh.License.txt',
        'Hives 5 0 16',
      ]);
      expect(await layers.stat(top.id, 'APP/A.TXT')).to.deep.equal({
        path: 'app/a.txt',
        type: 'file',
        size: 5,
      });
      expect(await layers.stat(top.id, 'License.txt')).to.equal(undefined);
    });

    it('follows links of the parents to directories, and stands on nothing', async () => {
      const below = await subject.base();
      const file = {
        type: 'file',
        path: 'Users/All Users/app/x',
        size: 0,
        content: { bytes: Buffer.alloc(0) },
      } as const;
      const inData = describeTar(await buffer(await layers.compose([below.id], [file], { now: 0 })));
      const alone = describeTar(await buffer(await layers.compose([], [file], { now: 0 })));

      expect(inData).to.include('Files/ProgramData/app/x 0 0 32');
      expect(alone).to.include('Files/Users/All Users/app/x 0 0 32');
    });

    it('refuses names that Windows could not use, and content of another length', async () => {
      const compose = async (path: string, size = 0): Promise<Buffer> =>
        buffer(
          await layers.compose([], [{ type: 'file', path, size, content: { bytes: Buffer.alloc(0) } }], {
            now: 0,
          }),
        );

      for (const path of ['a:b', 'x/a?', 'dot.', 'space /y', '.wh.x', 'D:\\x', '\\\\server\\share'])
        await expectLayerError(compose(path), 'invalid', 'LAYER_PATH_INVALID');
      await expectLayerError(compose('x', 1), 'invalid', 'LAYER_SOURCE_CHANGED');
    });
  });
}

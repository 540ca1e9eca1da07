import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { chainIdOf } from '../../src/layer/chain-id.ts';
import { LayerError } from '../../src/layer/layer-error.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import { baseImageLayers } from '../support/base-image.ts';
import { LayerTar } from '../support/layer-tar.ts';
import { rejection } from '../support/rejection.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';
import type { ScratchChange } from '../../src/host/memory/layers.ts';
import type { LayerInfo, LayerStore, TreeEntry } from '../../src/host/ports/layers.ts';

/** One store under test, empty. */
export interface LayerContractHost {
  readonly layers: LayerStore;
  /** Does what a program in a container on the scratch would do. Absent where this host cannot run any. */
  readonly change?: (key: string, changes: readonly ScratchChange[]) => Promise<void>;
  /** Why `change` is absent. */
  readonly whyNot?: string;
  /** Folders of the store that should not be there: partial layers. Empty on a store without folders. */
  readonly leftovers: () => string[];
  dispose(): Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const idOf = (letter: string): string => letter.repeat(64);
const kindsAndCodes: Record<string, [kind: string, code: string]> = {
  missing: ['notFound', 'LAYER_NOT_FOUND'],
  mismatch: ['invalid', 'LAYER_DIFF_ID_MISMATCH'],
};

/** Unpacks a tar in pieces of an awkward size. */
export async function applyTar(
  layers: LayerStore,
  tar: Buffer,
  parents: readonly string[],
  expected?: string,
): Promise<LayerInfo> {
  const apply = await layers.openApply(undefined, { parents });
  try {
    for (let at = 0; at < tar.length; at += 700) await apply.write(tar.subarray(at, at + 700));
    return await apply.commit(expected);
  } catch (error) {
    await apply.abort();
    throw error;
  }
}

/** `name type size attributes` of every entry, for whiteouts only the name. */
export function describeTar(tar: Buffer): string[] {
  const lines: string[] = [];
  const parser = new TarParser({
    entry: (entry: TarEntry) => {
      const attributes = entry.records.get('MSWINDOWS.fileattr');
      const link = entry.linkName === '' ? '' : ` -> ${entry.linkName}`;
      lines.push(
        attributes === undefined
          ? entry.name
          : `${entry.name} ${entry.type} ${entry.size} ${attributes}${link}`,
      );
    },
    data: () => undefined,
    end: () => undefined,
  });
  parser.push(tar);
  parser.finish();
  return lines;
}

/** The contract of the layer port (the comment of src/host/ports/layers.ts). Every adapter passes it whole. */
export function layersContract(name: string, open: () => Promise<LayerContractHost>): void {
  describe(`layers contract: ${name}`, () => {
    let host: LayerContractHost;
    let layers: LayerStore;

    beforeEach(async () => {
      host = await open();
      ({ layers } = host);
    });

    afterEach(() => host.dispose());

    const expectError = async (
      promise: Promise<unknown>,
      kind: string,
      code: string,
    ): Promise<LayerError> => {
      const error = await rejection(promise);
      expect(error).to.be.instanceOf(LayerError);
      expect(error).to.include({ kind, code });
      return error as LayerError;
    };

    const base = async (): Promise<LayerInfo> => applyTar(layers, baseImageLayers('nanoserver')[0]!, []);

    const onBase = async (tar: LayerTar, under?: LayerInfo): Promise<LayerInfo> => {
      const below = under ?? (await base());
      return applyTar(layers, tar.bytes(), [below.id, ...below.parents]);
    };

    const tree = async (key: string, path = ''): Promise<TreeEntry[]> => {
      const entries: TreeEntry[] = [];
      for await (const entry of layers.readTree(key, path)) entries.push(entry);
      return entries;
    };

    const paths = async (key: string, path = ''): Promise<string[]> =>
      (await tree(key, path)).map((entry) => entry.path);

    describe('applying', () => {
      it('names a layer by its chainID and tells its facts', async () => {
        const tar = baseImageLayers('servercore');
        const lower = await applyTar(layers, tar[0]!, []);
        const upper = await applyTar(layers, tar[1]!, [lower.id], sha256(tar[1]!));

        expect(lower).to.deep.include({ id: sha256(tar[0]!).slice(7), diffId: sha256(tar[0]!), parents: [] });
        expect(upper).to.deep.include({
          id: chainIdOf(lower.id, upper.diffId),
          parents: [lower.id],
          size: 40_984,
          entries: 11,
        });
        expect(await layers.get(upper.id)).to.deep.equal(upper);
        expect((await layers.list()).map((layer) => layer.id)).to.deep.equal([lower.id, upper.id].sort());
      });

      it('takes the name it is given', async () => {
        const apply = await layers.openApply(idOf('a'), { parents: [] });
        await apply.write(new LayerTar().directory('Files').bytes());

        expect((await apply.commit()).id).to.equal(idOf('a'));
      });

      it('shows nothing before the commit, and nothing after an abort', async () => {
        const apply = await layers.openApply(idOf('a'), { parents: [] });
        await apply.write(baseImageLayers('nanoserver')[0]!);
        expect(await layers.get(idOf('a'))).to.equal(undefined);
        expect(await layers.list()).to.deep.equal([]);
        await apply.abort();

        expect(await layers.list()).to.deep.equal([]);
        expect(host.leftovers()).to.deep.equal([]);
        await expectError(apply.commit(), 'notFound', 'LAYER_NOT_FOUND');
      });

      it('refuses a tar that is not the expected one, and keeps nothing of it', async () => {
        const tar = baseImageLayers('nanoserver')[0]!;
        const wrong = `sha256:${'0'.repeat(64)}`;
        const error = await expectError(applyTar(layers, tar, [], wrong), ...kindsAndCodes['mismatch']!);

        expect(error.message).to.equal(`wrong diff id "${wrong}" calculated on extraction "${sha256(tar)}"`);
        expect(await layers.list()).to.deep.equal([]);
        expect(host.leftovers()).to.deep.equal([]);
      });

      it('counts what follows the end marker in the diffID', async () => {
        const tar = Buffer.concat([new LayerTar().directory('Files').bytes(), Buffer.alloc(9000)]);

        expect((await applyTar(layers, tar, [])).diffId).to.equal(sha256(tar));
      });

      it('gives the first of two who commit the same layer to both', async () => {
        const tar = new LayerTar().directory('Files').file('Files/a', 'x').bytes();
        const [first, second] = [
          await layers.openApply(idOf('a'), { parents: [] }),
          await layers.openApply(idOf('a'), { parents: [] }),
        ];
        await first.write(tar);
        await second.write(tar);

        expect(await first.commit()).to.deep.equal(await second.commit());
        expect(host.leftovers()).to.deep.equal([]);
      });

      it('stays failed after its first error', async () => {
        const apply = await layers.openApply(idOf('a'), { parents: [] });
        const bad = new LayerTar().directory('Files').file('Files/../x').bytes();
        const write = async (): Promise<void> => apply.write(bad);
        await expectError(write(), 'invalid', 'LAYER_PATH_INVALID');

        await expectError(apply.commit(), 'invalid', 'LAYER_PATH_INVALID');
        await apply.abort();
        expect(await layers.list()).to.deep.equal([]);
        expect(host.leftovers()).to.deep.equal([]);
      });

      it('needs parents that exist, names that are ids, and at most 125 layers', async () => {
        await expectError(
          layers.openApply(undefined, { parents: [idOf('9')] }),
          ...kindsAndCodes['missing']!,
        );
        await expectError(layers.openApply('../x', { parents: [] }), 'invalid', 'LAYER_PATH_INVALID');
        const error = await expectError(
          layers.openApply(undefined, { parents: Array.from({ length: 125 }, () => idOf('9')) }),
          'invalid',
          'LAYER_DEPTH',
        );
        expect(error.message).to.equal('max depth exceeded');
      });

      it('ends when it is aborted from outside', async () => {
        const controller = new AbortController();
        const signal = controller.signal;
        controller.abort(new Error('stopped by the user'));

        expect((await rejection(layers.openApply(undefined, { parents: [], signal }))).message).to.equal(
          'stopped by the user',
        );
      });

      const refused: [string, (tar: LayerTar) => LayerTar, string, string | RegExp][] = [
        [
          'a whiteout in a base layer',
          (tar) => tar.whiteout('Files/x'),
          'LAYER_WHITEOUT_INVALID',
          'base layer cannot have tombstones',
        ],
        [
          'a hard link out of Files',
          (tar) => tar.hardLink('Files/x', 'Hives/y'),
          'LAYER_LINK_INVALID',
          'invalid hard link in layer',
        ],
        [
          'a hard link to nothing',
          (tar) => tar.hardLink('Files/x', 'Files/y'),
          'LAYER_LINK_INVALID',
          "failed to find link target for 'Files/x' -> 'Files/y'",
        ],
        [
          'a stream without its file',
          (tar) => tar.file('Files/a').file('Files/b').stream('Files/a', 's', ''),
          'LAYER_PATH_INVALID',
          'Files/a:s: path contains invalid character `:`',
        ],
        [
          'another root',
          (tar) => tar.file('etc/passwd'),
          'LAYER_PATH_INVALID',
          /not in Files, Hives or UtilityVM/,
        ],
        [
          'two spellings of a file',
          (tar) => tar.file('Files/a').file('Files/A'),
          'LAYER_PATH_CONFLICT',
          /two entries for the name "Files\/A"/,
        ],
        [
          'a file where a directory is',
          (tar) => tar.directory('Files/a').file('Files/a'),
          'LAYER_PATH_CONFLICT',
          /two entries/,
        ],
        [
          'a directory where a file is',
          (tar) => tar.file('Files/a').file('Files/a/b'),
          'LAYER_PATH_CONFLICT',
          /two entries/,
        ],
        [
          'a device',
          (tar) => tar.entry({ name: 'Files/x', type: '3', mode: 0, mtime: '0' }),
          'LAYER_ENTRY_TYPE',
          /character device/,
        ],
        [
          'a bad attribute record',
          (tar) =>
            tar.entry({
              name: 'Files/x',
              type: '5',
              mode: 0,
              mtime: '0',
              records: new Map([['MSWINDOWS.fileattr', 'x']]),
            }),
          'LAYER_METADATA_INVALID',
          /fileattr is not a number/,
        ],
        [
          'a bad security descriptor',
          (tar) => tar.file('Files/x', '', { securityDescriptor: 'AQAE' }),
          'LAYER_METADATA_INVALID',
          /is not a security descriptor/,
        ],
      ];
      for (const [what, make, code, message] of refused) {
        it(`refuses ${what}`, async () => {
          const error = await expectError(
            applyTar(layers, make(new LayerTar().directory('Files')).bytes(), []),
            'invalid',
            code,
          );

          if (typeof message === 'string') expect(error.message).to.equal(message);
          else expect(error.message).to.match(message);
          expect(await layers.list()).to.deep.equal([]);
          expect(host.leftovers()).to.deep.equal([]);
        });
      }

      it('refuses a tar that is cut off, anywhere', async () => {
        const tar = new LayerTar().directory('Files').file('Files/a', 'content').open();
        for (const length of [100, 512, 1000, 1536 + 600, tar.length - 300]) {
          const error = await expectError(
            applyTar(layers, tar.subarray(0, length), []),
            'invalid',
            'LAYER_TAR_INVALID',
          );
          expect(error.message).to.equal('unexpected EOF');
        }
      });
    });

    describe('reading', () => {
      it('gives a subtree with its metadata, links and content', async () => {
        const { id } = await base();
        const entries = await tree(id, 'c:\\WINDOWS\\system32\\Drivers');

        expect(entries.map(({ path, type, size }) => `${path} ${type} ${size}`)).to.deep.equal([
          ' directory 0',
          'etc directory 0',
          'etc/hosts file 27',
          'etc/services file 28',
        ]);
        expect((await buffer(entries[2]!.open())).toString()).to.equal('# hosts of the test image\r\n');
        expect(entries[2]!.metadata).to.include({ attributes: 0x20, modified: '1646092800' });
        const [link] = await tree(id, '/Users/all users');
        expect(link).to.include({ path: '', type: 'symlink', target: 'C:\\ProgramData' });
      });

      it('sees every layer, newest first, whatever the spelling', async () => {
        const top = await onBase(
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
        expect(await paths(top.id, 'Windows/System32/drivers')).to.have.length(4);
      });

      it('does not see what a layer deleted', async () => {
        const top = await onBase(
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
        const again = await onBase(
          new LayerTar()
            .directory('Files')
            .whiteout('Files/Users')
            .directory('Files/Users')
            .file('Files/Users/me', ''),
        );
        const opaque = await onBase(
          new LayerTar()
            .directories('Files/Users')
            .whiteout('Files/Users/.wh..opq')
            .file('Files/Users/me', ''),
        );

        expect(await paths(again.id, 'Users')).to.deep.equal(['', 'me']);
        expect(await paths(opaque.id, 'Users')).to.deep.equal(['', 'me']);
      });

      it('finds hard link targets in the layer, before or after the link, and in its parents', async () => {
        const top = await onBase(
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
        const { id } = await base();

        await expectError(tree(idOf('9')), ...kindsAndCodes['missing']!);
        const error = await expectError(tree(id, 'C:\\nothing'), 'notFound', 'LAYER_PATH_NOT_FOUND');
        expect(error.message).to.equal('C:\\nothing: no such file or directory');
        await expectError(layers.stat(id, 'D:\\x'), 'invalid', 'LAYER_PATH_INVALID');
      });
    });

    describe('composing', () => {
      it('makes a layer of files, with the parents spelling and their directories metadata', async () => {
        const below = await base();
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
        const below = await base();
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
          await expectError(compose(path), 'invalid', 'LAYER_PATH_INVALID');
        await expectError(compose('x', 1), 'invalid', 'LAYER_SOURCE_CHANGED');
      });
    });

    describe('scratches', () => {
      const key = idOf('c');

      it('are made on layers, mounted, listed and removed', async () => {
        const below = await base();
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
        const below = await base();
        const create = (size?: number): Promise<void> =>
          layers.createScratch(key, {
            parents: [below.id],
            ...(size === undefined ? {} : { sizeBytes: size }),
          });

        await expectError(layers.createScratch(key, { parents: [idOf('9')] }), ...kindsAndCodes['missing']!);
        await expectError(create(10 * 2 ** 30), 'invalid', 'LAYER_SIZE_INVALID');
        await create(50 * 2 ** 30);
        const error = await expectError(create(), 'conflict', 'LAYER_EXISTS');
        expect(error.message).to.equal(`mount already exists with name ${key}`);
        await expectError(layers.mount(idOf('9')), ...kindsAndCodes['missing']!);
        await expectError(layers.diff(idOf('9')), ...kindsAndCodes['missing']!);
        await expectError(layers.remove(key), 'conflict', 'LAYER_EXISTS');
        await expectError(layers.removeScratch(below.id), 'conflict', 'LAYER_EXISTS');
      });

      it('give an empty layer while nothing has changed', async () => {
        const below = await base();
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
          if (host.change === undefined) return this.skip();
          const below = await base();
          await layers.createScratch(key, { parents: [below.id] });
          await host.change(key, [
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
          expect(await paths(committed.id)).to.deep.equal(await paths(key));
          expect((await buffer(await layers.diff(key))).equals(tar)).to.equal(true);
        });

        it('show them to whoever looks', async () => {
          expect(await layers.stat(key, 'APP/NEW.TXT')).to.deep.equal({
            path: 'app/new.txt',
            type: 'file',
            size: 3,
          });
          expect(await layers.stat(key, 'License.txt')).to.equal(undefined);
          expect(await paths(key, 'Users/Public')).to.deep.equal(['', 'mine.txt']);
        });
      });
    });

    it('removes layers, also unknown ones', async () => {
      const { id } = await base();
      await layers.remove(id);
      await layers.remove(id);
      await layers.sweep();

      expect(await layers.get(id)).to.equal(undefined);
      await expectError(layers.mount(id), ...kindsAndCodes['missing']!);
    });
  });
}

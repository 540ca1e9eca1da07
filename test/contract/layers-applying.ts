import { expect } from 'chai';
import { chainIdOf } from '../../src/layer/chain-id.ts';
import { baseImageLayers } from '../support/base-image.ts';
import { LayerTar } from '../support/layer-tar.ts';
import { rejection } from '../support/rejection.ts';
import { applyTar, digestOf, expectLayerError, idOf } from './layers-subject.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { LayerContract } from './layers-subject.ts';

/** Unpacking: names, atomicity, what is refused. */
export function applyingContract(subject: LayerContract): void {
  describe('applying', () => {
    let layers: LayerStore;

    beforeEach(() => {
      ({ layers } = subject);
    });

    it('names a layer by its chainID and tells its facts', async () => {
      const tar = baseImageLayers('servercore');
      const lower = await applyTar(layers, tar[0]!, []);
      const upper = await applyTar(layers, tar[1]!, [lower.id], digestOf(tar[1]!));

      expect(lower).to.deep.include({
        id: digestOf(tar[0]!).slice(7),
        diffId: digestOf(tar[0]!),
        parents: [],
      });
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
      expect(subject.host.leftovers()).to.deep.equal([]);
      await expectLayerError(apply.commit(), 'notFound', 'LAYER_NOT_FOUND');
    });

    it('refuses a tar that is not the expected one, and keeps nothing of it', async () => {
      const tar = baseImageLayers('nanoserver')[0]!;
      const wrong = `sha256:${'0'.repeat(64)}`;
      const error = await expectLayerError(
        applyTar(layers, tar, [], wrong),
        'invalid',
        'LAYER_DIFF_ID_MISMATCH',
      );

      expect(error.message).to.equal(`wrong diff id "${wrong}" calculated on extraction "${digestOf(tar)}"`);
      expect(await layers.list()).to.deep.equal([]);
      expect(subject.host.leftovers()).to.deep.equal([]);
    });

    it('counts what follows the end marker in the diffID', async () => {
      const tar = Buffer.concat([new LayerTar().directory('Files').bytes(), Buffer.alloc(9000)]);

      expect((await applyTar(layers, tar, [])).diffId).to.equal(digestOf(tar));
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
      expect(subject.host.leftovers()).to.deep.equal([]);
    });

    it('stays failed after its first error', async () => {
      const apply = await layers.openApply(idOf('a'), { parents: [] });
      const bad = new LayerTar().directory('Files').file('Files/../x').bytes();
      const write = async (): Promise<void> => apply.write(bad);
      await expectLayerError(write(), 'invalid', 'LAYER_PATH_INVALID');

      await expectLayerError(apply.commit(), 'invalid', 'LAYER_PATH_INVALID');
      await apply.abort();
      expect(await layers.list()).to.deep.equal([]);
      expect(subject.host.leftovers()).to.deep.equal([]);
    });

    it('needs parents that exist, names that are ids, and at most 125 layers', async () => {
      await expectLayerError(
        layers.openApply(undefined, { parents: [idOf('9')] }),
        'notFound',
        'LAYER_NOT_FOUND',
      );
      await expectLayerError(layers.openApply('../x', { parents: [] }), 'invalid', 'LAYER_PATH_INVALID');
      const error = await expectLayerError(
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
        const error = await expectLayerError(
          applyTar(layers, make(new LayerTar().directory('Files')).bytes(), []),
          'invalid',
          code,
        );

        if (typeof message === 'string') expect(error.message).to.equal(message);
        else expect(error.message).to.match(message);
        expect(await layers.list()).to.deep.equal([]);
        expect(subject.host.leftovers()).to.deep.equal([]);
      });
    }

    it('refuses a tar that is cut off, anywhere', async () => {
      const tar = new LayerTar().directory('Files').file('Files/a', 'content').open();
      for (const length of [100, 512, 1000, 1536 + 600, tar.length - 300]) {
        const error = await expectLayerError(
          applyTar(layers, tar.subarray(0, length), []),
          'invalid',
          'LAYER_TAR_INVALID',
        );
        expect(error.message).to.equal('unexpected EOF');
      }
    });
  });
}

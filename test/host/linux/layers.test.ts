import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { defaultLayerLimits } from '../../../src/layer/limits.ts';
import { Sidecar } from '../../../src/layer/sidecar.ts';
import { baseImageLayers } from '../../support/base-image.ts';
import { LayerTar, fixtureTime } from '../../support/layer-tar.ts';
import { TemporaryStore, listing } from '../../support/linux-layers.ts';
import { rejection } from '../../support/rejection.ts';
import { applyTar, describeTar } from '../../contract/layers-subject.ts';
import type { LayerInfo } from '../../../src/host/ports/layers.ts';

const key = 'c'.repeat(64);

async function base(store: TemporaryStore, tar = baseImageLayers('nanoserver')[0]!): Promise<LayerInfo> {
  return applyTar(store.layers, tar, []);
}

async function onTop(store: TemporaryStore, below: LayerInfo, tar: LayerTar): Promise<LayerInfo> {
  return applyTar(store.layers, tar.bytes(), [below.id, ...below.parents]);
}

describe('linux layer store', function () {
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  describe('a layer on disk', () => {
    it('has what Windows has, and the disks of a base layer', async () => {
      using store = new TemporaryStore();
      const { path } = await base(store);

      expect(readdirSync(path).sort()).to.deep.equal([
        'Files',
        'Hives',
        'UtilityVM',
        'ads',
        'blank-base.vhdx',
        'blank.vhdx',
        'layer.json',
        'layerchain.json',
        'meta.jsonl',
      ]);
      expect(readFileSync(join(path, 'layerchain.json'), 'utf8')).to.equal('null');
      expect(readFileSync(join(path, 'ads/0'), 'utf8')).to.equal('[ZoneTransfer]\r\nZoneId=0\r\n');
      expect(existsSync(join(path, 'UtilityVM/Files/EFI/Microsoft/Boot/BCD'))).to.equal(true);
      const file = statSync(join(path, 'Files/Windows/System32/porthole-base.txt'));
      expect((file.mode & 0o777).toString(8)).to.equal('444');
      expect(file.mtimeMs).to.equal(Number(fixtureTime) * 1000);
      expect(statSync(join(path, 'Files/Windows/System32')).mtimeMs).to.equal(Number(fixtureTime) * 1000);
    });

    it('names its parents topmost first, and has no disks above the base', async () => {
      using store = new TemporaryStore();
      const lower = await base(store);
      const middle = await onTop(store, lower, new LayerTar().directory('Files'));
      const top = await onTop(store, middle, new LayerTar().directory('Files').file('Files/x'));

      const chain = JSON.parse(readFileSync(join(top.path, 'layerchain.json'), 'utf8')) as string[];
      expect(chain).to.deep.equal([middle.path, lower.path]);
      expect(readdirSync(top.path).sort()).to.deep.equal([
        'Files',
        'layer.json',
        'layerchain.json',
        'meta.jsonl',
      ]);
    });

    it('keeps what Linux cannot hold in the sidecar', async () => {
      using store = new TemporaryStore();
      const { path } = await base(store);
      const sidecar = new Sidecar(join(path, 'meta.jsonl'));

      expect(sidecar.get('Files/Users/All Users')).to.deep.include({ type: '2', target: 'C:\\ProgramData' });
      expect(sidecar.get('Files/Users/All Users')?.metadata).to.deep.include({
        attributes: 0x416,
        mountPoint: true,
      });
      expect(sidecar.get('Files/Windows/System32/porthole-base.txt:Zone.Identifier')).to.deep.include({
        type: 's',
        streamFile: '0',
        size: 26,
      });
      expect(sidecar.get('Files/Windows/System32/component.manifest')?.target).to.match(
        /^Files\/Windows\/WinSxS\//,
      );
      expect([...sidecar.paths()]).to.have.length(51);
    });

    it('spells names as its parents do, and as Windows does', async () => {
      using store = new TemporaryStore();
      const lower = await base(
        store,
        new LayerTar()
          .directories('Files/windows/SYSTEM32')
          .directory('Files/app')
          .directory('Files/app/Sub')
          .file('Files/app/Sub/A.txt')
          .bytes(),
      );
      const top = await onTop(
        store,
        lower,
        new LayerTar()
          .directories('Files/APP/sub')
          .file('Files/APP/sub/a.TXT', 'x')
          .file('Files/APP/new.txt'),
      );

      expect(listing(join(lower.path, 'Files'))).to.deep.equal([
        'Windows/',
        'Windows/System32/',
        'app/',
        'app/Sub/',
        'app/Sub/A.txt 0',
      ]);
      expect(listing(join(top.path, 'Files'))).to.deep.equal([
        'app/',
        'app/Sub/',
        'app/Sub/A.txt 1',
        'app/new.txt 0',
      ]);
      expect(new Sidecar(join(top.path, 'meta.jsonl')).get('Files/app/Sub/A.txt')?.tarName).to.equal(
        'Files/APP/sub/a.TXT',
      );
    });

    it('hides deleted names by whiteouts, those too that only the system below may have', async () => {
      using store = new TemporaryStore();
      const lower = await base(store);
      const top = await onTop(
        store,
        lower,
        new LayerTar()
          .directories('Files/Windows')
          .whiteout('Files/LICENSE.txt')
          .whiteout('Files/not-of-the-parents')
          .whiteout('Files/Windows/new')
          .file('Files/Windows/new'),
      );

      expect(listing(join(top.path, 'Files'))).to.deep.equal([
        'License.txt = 0',
        'Windows/',
        'Windows/new 0',
        'not-of-the-parents = 0',
      ]);
    });

    it('spells opaque directories out, however deep', async () => {
      using store = new TemporaryStore();
      const lower = await base(
        store,
        new LayerTar()
          .directories('Files/a/b/c')
          .file('Files/a/1')
          .file('Files/a/b/2')
          .file('Files/a/b/c/3')
          .bytes(),
      );
      const marked = await onTop(
        store,
        lower,
        new LayerTar()
          .directories('Files/a')
          .whiteout('Files/a/.wh..opq')
          .directory('Files/a/B')
          .file('Files/a/B/new'),
      );
      const again = await onTop(
        store,
        lower,
        new LayerTar().directory('Files').whiteout('Files/a').directories('Files/a/b'),
      );

      expect(listing(join(marked.path, 'Files'))).to.deep.equal([
        'a/',
        'a/1 = 0',
        'a/b/',
        'a/b/2 = 0',
        'a/b/c = 0',
        'a/b/new 0',
      ]);
      expect(listing(join(again.path, 'Files'))).to.deep.equal([
        'a/',
        'a/1 = 0',
        'a/b/',
        'a/b/2 = 0',
        'a/b/c = 0',
      ]);
    });

    it('makes links that stay inside and find their targets in any spelling', async () => {
      using store = new TemporaryStore();
      const lower = await base(store);
      const top = await onTop(
        store,
        lower,
        new LayerTar()
          .directories('Files/app/Deep')
          .symlink('Files/app/win', 'c:\\WINDOWS\\system32')
          .symlink('Files/app/own', 'C:\\APP\\deep')
          .symlink('Files/app/Deep/escape', '..\\..\\..\\..\\etc\\passwd')
          .symlink('Files/app/Deep/linux', '/etc/passwd')
          .symlink('Files/app/drive', 'D:\\data'),
      );

      expect(listing(join(top.path, 'Files')).filter((line) => line.includes('->'))).to.deep.equal([
        'app/Deep/escape -> ../../etc/passwd',
        'app/Deep/linux -> ../../etc/passwd',
        'app/drive -> D:\\data',
        'app/own -> Deep',
        'app/win -> ../Windows/System32',
      ]);
    });

    it('writes nothing through a link', async () => {
      using store = new TemporaryStore();
      const outside = join(store.root, 'outside');
      mkdirSync(outside);
      const through = new LayerTar()
        .directory('Files')
        .symlink('Files/link', '..\\..\\..\\outside')
        .file('Files/link/evil', 'x');
      const error = await rejection(applyTar(store.layers, through.bytes(), []));
      const lower = await base(
        store,
        new LayerTar().directory('Files').symlink('Files/link', 'C:\\..\\..\\outside').bytes(),
      );
      const top = await onTop(
        store,
        lower,
        new LayerTar().directories('Files/link').file('Files/link/evil', 'x'),
      );

      expect(error).to.include({ code: 'LAYER_PATH_CONFLICT' });
      expect(readdirSync(outside)).to.deep.equal([]);
      expect(listing(join(top.path, 'Files'))).to.deep.equal(['link/', 'link/evil 1']);
    });

    it('links names of one layer, and copies files of its parents', async () => {
      using store = new TemporaryStore();
      const lower = await base(store);
      const top = await onTop(
        store,
        lower,
        new LayerTar()
          .directory('Files')
          .file('Files/a', 'x')
          .hardLink('Files/b', 'Files/a')
          .hardLink('Files/c', 'Files/License.txt')
          .hardLink('Files/d', 'Files/c'),
      );
      const inode = (path: string): number => lstatSync(path).ino;

      expect(inode(join(top.path, 'Files/a'))).to.equal(inode(join(top.path, 'Files/b')));
      expect(inode(join(top.path, 'Files/c'))).to.equal(inode(join(top.path, 'Files/d')));
      expect(inode(join(top.path, 'Files/c'))).to.not.equal(inode(join(lower.path, 'Files/License.txt')));
    });

    it('does not change a linked file when the tar brings one of its names again', async () => {
      using store = new TemporaryStore();
      const { path } = await base(
        store,
        new LayerTar()
          .directory('Files')
          .file('Files/a', 'first')
          .file('Files/a', 'second')
          .hardLink('Files/b', 'Files/a')
          .bytes(),
      );
      const twice = await base(
        store,
        new LayerTar()
          .directory('Files')
          .file('Files/a', 'old')
          .hardLink('Files/b', 'Files/a')
          .file('Files/b', 'new')
          .bytes(),
      );

      expect(readFileSync(join(path, 'Files/b'), 'utf8')).to.equal('second');
      expect(readFileSync(join(twice.path, 'Files/a'), 'utf8')).to.equal('old');
      expect(readFileSync(join(twice.path, 'Files/b'), 'utf8')).to.equal('new');
    });

    it('stores long runs of zeros as holes', async () => {
      using store = new TemporaryStore();
      const content = Buffer.alloc(4 << 20);
      content.write('start');
      content.write('end', content.length - 3);
      content.write('middle', 2 << 20);
      const tar = new LayerTar()
        .directory('Files')
        .file('Files/sparse', content)
        .file('Files/zeros', Buffer.alloc(2 << 20));
      const apply = await store.layers.openApply(undefined, { parents: [] });
      await apply.write(tar.bytes());
      const { path } = await apply.commit();
      const stats = statSync(join(path, 'Files/sparse'));

      expect(readFileSync(join(path, 'Files/sparse')).equals(content)).to.equal(true);
      expect(stats.blocks * 512).to.be.below(content.length / 4);
      expect(statSync(join(path, 'Files/zeros'))).to.include({ size: 2 << 20, blocks: 0 });
    });

    it('holds names that are too long for Linux, and exports them whole', async () => {
      using store = new TemporaryStore();
      const long = '長'.repeat(100);
      const lower = await base(
        store,
        new LayerTar().directory('Files').directory(`Files/${long}`).file(`Files/${long}/a`, 'x').bytes(),
      );
      await store.layers.createScratch(key, { parents: [lower.id] });
      const [stored] = readdirSync(join(lower.path, 'Files'));
      mkdirSync(join(store.folder(key), 'diff', stored!));
      writeFileSync(join(store.folder(key), 'diff', stored!, 'b'), '');

      expect(stored).to.match(/^長{79}~[0-9a-f]{16}$/);
      expect(describeTar(await buffer(await store.layers.diff(key)))).to.include(`Files/${long}/b 0 0 32`);
    });

    it('keeps names that are no Unicode apart', async () => {
      using store = new TemporaryStore();
      const header = (hex: string): Buffer => {
        const tar = new LayerTar().entry({ name: 'Files/????', type: '0', mode: 0, mtime: '0' }).open();
        Buffer.from(hex, 'hex').copy(tar, 'Files/'.length);
        tar.fill(' ', 148, 156);
        tar.write(
          `${tar
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, '0')}\0`,
          148,
        );
        return tar;
      };
      const { path } = await base(
        store,
        new LayerTar().directory('Files').raw(header('eda08061'), header('eda08161')).bytes(),
      );

      expect(readdirSync(join(path, 'Files'))).to.have.length(2);
      const sidecar = new Sidecar(join(path, 'meta.jsonl'));
      const names = [...sidecar.paths()]
        .map((name) => sidecar.get(name)?.rawName?.toString('hex'))
        .filter((name) => name !== undefined);
      expect(names).to.deep.equal(['46696c65732feda08061', '46696c65732feda08161']);
    });
  });

  describe('limits', () => {
    const limited = (limits: Partial<typeof defaultLayerLimits>): TemporaryStore =>
      new TemporaryStore({ limits: { ...defaultLayerLimits, ...limits } });
    const cases: [string, () => TemporaryStore, number | undefined, RegExp][] = [
      ['bytes', () => limited({ totalBytes: 10_000 }), undefined, /inflates to more than 10000 bytes/],
      ['entries', () => limited({ entries: 10 }), undefined, /more than 10 entries/],
      ['ratio', () => limited({ ratio: 2, ratioFreeBytes: 1000 }), 500, /inflates to more than 2000 bytes/],
    ];
    for (const [what, open, declaredSize, message] of cases) {
      it(`of ${what} are held`, async () => {
        using store = open();
        const apply = await store.layers.openApply(undefined, {
          parents: [],
          ...(declaredSize === undefined ? {} : { declaredSize }),
        });
        const write = async (): Promise<void> => apply.write(baseImageLayers('nanoserver')[0]!);
        const error = await rejection(write());
        await apply.abort();

        expect(error).to.include({ kind: 'invalid', code: 'LAYER_LIMIT' });
        expect(error.message).to.match(message);
        expect(readdirSync(store.paths.windowsfilter)).to.deep.equal([]);
      });
    }

    it('refuse a file whose header claims more than any layer may have', async () => {
      using store = new TemporaryStore();
      const tar = new LayerTar()
        .directory('Files')
        .entry({ name: 'Files/huge', type: '0', mode: 0, mtime: '0', size: 2 ** 40 });
      const error = await rejection(applyTar(store.layers, tar.open(), []));

      expect(error.message).to.equal('layer refused: Files/huge claims to have 1099511627776 bytes');
      expect(readdirSync(store.paths.windowsfilter)).to.deep.equal([]);
    });

    it('refuse a file that the disk cannot take, before it is written', async () => {
      using store = limited({ totalBytes: Number.MAX_SAFE_INTEGER });
      const tar = new LayerTar()
        .directory('Files')
        .entry({ name: 'Files/huge', type: '0', mode: 0, mtime: '0', size: 2 ** 52 });
      const error = await rejection(applyTar(store.layers, tar.open(), []));

      expect(error).to.include({ kind: 'unavailable', code: 'LAYER_NO_SPACE' });
    });

    it('refuse paths that Linux could not open', async () => {
      using store = new TemporaryStore();
      const tar = new LayerTar().directory('Files');
      const deep = Array.from({ length: 20 }, () => 'x'.repeat(250)).join('/');
      tar.file(`Files/${deep}/file`);
      const error = await rejection(applyTar(store.layers, tar.bytes(), []));

      expect(error).to.include({ kind: 'invalid', code: 'LAYER_PATH_TOO_LONG' });
      expect(readdirSync(store.paths.windowsfilter)).to.deep.equal([]);
    });
  });

  describe('after a crash', () => {
    const program = `
      import { createLinuxLayers } from ${JSON.stringify(new URL('../../../src/host/linux/layers.ts', import.meta.url).href)};
      import { LayerTar } from ${JSON.stringify(new URL('../../support/layer-tar.ts', import.meta.url).href)};
      const [store, trash] = process.argv.slice(1);
      const apply = await createLinuxLayers({ paths: { windowsfilter: store, trash } }).openApply(undefined, { parents: [] });
      apply.write(new LayerTar().directory('Files').file('Files/half', 'x').open());
      process.stdout.write('half');
      setInterval(() => undefined, 1000);
    `;

    it('sweeps what a killed writer left, and not what a live one writes', async function () {
      this.timeout(20_000);
      using store = new TemporaryStore();
      const { windowsfilter, trash } = store.paths;
      const child = spawn(
        process.execPath,
        ['--input-type=module-typescript', '-e', program, '--', windowsfilter, trash],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      try {
        await once(child.stdout, 'data');
        await store.layers.sweep();
        expect(readdirSync(windowsfilter)).to.have.length(1);
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await store.layers.sweep();

      expect(readdirSync(windowsfilter)).to.deep.equal([]);
      expect(readdirSync(trash)).to.deep.equal([]);
    });

    it('replaces a layer whose record is damaged', async () => {
      using store = new TemporaryStore();
      const first = await base(store);
      writeFileSync(join(first.path, 'layer.json'), '{"version":1,');

      expect(await store.layers.get(first.id)).to.equal(undefined);
      expect(await store.layers.list()).to.deep.equal([]);
      expect(await base(store)).to.deep.equal(first);
      expect(await store.layers.get(first.id)).to.deep.equal(first);
    });

    it('says that the disk is full, and leaves nothing', async function () {
      this.timeout(20_000);
      if (process.getuid?.() !== 0) return this.skip();
      using store = new TemporaryStore();
      const script = `
        import { createLinuxLayers } from ${JSON.stringify(new URL('../../../src/host/linux/layers.ts', import.meta.url).href)};
        import { LayerTar } from ${JSON.stringify(new URL('../../support/layer-tar.ts', import.meta.url).href)};
        import { readdirSync } from 'node:fs';
        const store = process.argv[1] + '/store';
        const apply = await createLinuxLayers({ paths: { windowsfilter: store, trash: process.argv[1] + '/trash' } }).openApply(undefined, { parents: [] });
        try {
          apply.write(new LayerTar().directory('Files').file('Files/big', Buffer.alloc(4 << 20, 1)).bytes());
        } catch (error) {
          await apply.abort();
          console.log(error.kind, error.code, error.message, readdirSync(store).length);
        }`;
      const small =
        'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" --input-type=module-typescript -e "$3" -- "$1"';
      const { stdout, stderr } = spawnSync(
        'unshare',
        ['--mount', 'sh', '-c', small, 'sh', store.root, process.execPath, script],
        { encoding: 'utf8' },
      );

      expect(stdout, stderr).to.equal(
        'unavailable LAYER_NO_SPACE failed to unpack layer: no space left on device 0\n',
      );
    });
  });

  describe('a scratch', () => {
    it('has the folders that the compute adapter mounts, and its disk', async () => {
      using store = new TemporaryStore();
      const lower = await base(store);
      await store.layers.createScratch(key, { parents: [lower.id], sizeBytes: 30e9 });

      expect(readdirSync(store.folder(key)).sort()).to.deep.equal([
        'Hives',
        'diff',
        'layerchain.json',
        'sandbox.vhdx',
        'scratch.json',
        'work',
      ]);
      expect(JSON.parse(readFileSync(join(store.folder(key), 'layerchain.json'), 'utf8'))).to.deep.equal([
        lower.path,
      ]);
    });

    it('moves to the trash as a whole', async () => {
      using store = new TemporaryStore();
      await store.layers.createScratch(key, { parents: [(await base(store)).id] });
      await store.layers.removeScratch(key);

      expect(existsSync(store.folder(key))).to.equal(false);
      expect(readdirSync(store.paths.trash)).to.have.length(1);
      await store.layers.sweep({ budgetMs: 1000 });
      expect(readdirSync(store.paths.trash)).to.deep.equal([]);
    });
  });
});

import { expect } from 'chai';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { PortholeError } from '../../../../src/errors/porthole-error.ts';
import type { Environment } from '../../../../src/environment.ts';
import type { WindowsHostFacts } from '../../../../src/host/ports/host-facts.ts';
import type { LayerInfo } from '../../../../src/host/ports/layers.ts';
import { ComputestorageLayerDriver } from '../../../../src/host/windows/computestorage-layer-driver.ts';
import { openFacts } from '../../../../src/host/windows/facts.ts';
import * as storage from '../../../../src/host/windows/ffi/computestorage.ts';
import { access } from '../../../../src/host/windows/ffi/ntdll.ts';
import { LayerCallError } from '../../../../src/host/windows/host-file-error.ts';
import { chooseLayerDriver, layerDriversHere } from '../../../../src/host/windows/layer-drivers.ts';
import { readSecurity } from '../../../../src/host/windows/layer-objects.ts';
import { NtFile } from '../../../../src/host/windows/nt-file.ts';
import { VirtualDisk } from '../../../../src/host/windows/virtual-disk.ts';
import { layersContract } from '../../../contract/layers.ts';
import { applyTar, describeTar, expectLayerError, idOf } from '../../../contract/layers-subject.ts';
import { baseImageLayers } from '../../../support/base-image.ts';
import { LayerTar } from '../../../support/layer-tar.ts';
import { rejection } from '../../../support/rejection.ts';
import { Seeded } from '../../../support/seeded.ts';
import { openWindowsStore } from './layer-store.ts';
import type { WindowsStore } from './layer-store.ts';
import { calls, clearFaults, expectNothingOpen, failNext, setMode } from './standins.ts';

const win32 = (code: number): number => (0x8007_0000 | code) >>> 0;
const doNotDetach = 0x801f_0010;
const key = idOf('c');
const hives = ['DefaultUser', 'Sam', 'Security', 'Software', 'System'].map((name) => `${name}_Delta`);

layersContract('windows, computestorage', async () => openWindowsStore({ driver: 'computestorage' }));

describe('windows layer store by computestorage', () => {
  let store: WindowsStore;

  beforeEach(() => {
    store = openWindowsStore({ driver: 'computestorage' });
  });

  afterEach(async () => {
    clearFaults();
    setMode('');
    await expectNothingOpen();
    await store.dispose();
  });

  const base = () => applyTar(store.layers, baseImageLayers('nanoserver')[0]!, []);
  const small = () =>
    applyTar(store.layers, new LayerTar().directory('Files').file('Files/a', 'a').bytes(), []);
  const onTop = (below: string, tar: LayerTar) => applyTar(store.layers, tar.bytes(), [below]);
  const text = (...path: string[]): string => readFileSync(join(store.windowsfilter, ...path), 'utf8');
  const recordOf = (id: string, name = 'layer.json'): Record<string, unknown> =>
    JSON.parse(text(id, name)) as Record<string, unknown>;
  const dataOf = (call: Readonly<Record<string, string>>): unknown => JSON.parse(call['data']!);

  it('sets a base layer up with disks of its own', async () => {
    const { path, id } = await base();

    expect(readdirSync(path).sort()).to.include.members([
      ...['Files', 'Hives', 'UtilityVM', 'bcd.bak', 'blank-base.vhdx', 'blank.vhdx', 'layer.json'],
      ...['layerchain.json', 'layout', 'meta.jsonl'],
    ]);
    expect(recordOf(id)['driver']).to.equal('computestorage');
    expect(text(id, 'blank-base.vhdx')).to.equal('vhdxfile made\nformatted\n');
    expect(text(id, 'blank.vhdx')).to.equal(`vhdxfile child of ${join(path, 'blank-base.vhdx')}\n`);
    expect(text(id, 'UtilityVM', 'SystemTemplate.vhdx')).to.equal(
      `vhdxfile child of ${join(path, 'UtilityVM', 'SystemTemplateBase.vhdx')}\n`,
    );
    const store1 = 'UtilityVM/Files/EFI/Microsoft/Boot/BCD';
    expect(readFileSync(join(path, store1)).subarray(0, -1)).to.deep.equal(
      readFileSync(join(path, 'bcd.bak')),
    );
    expect(calls('HcsSetupBaseOSLayer').slice(-2)).to.deep.equal([
      { layer: path, options: '{"Type":"Container"}' },
      { layer: join(path, 'UtilityVM'), options: '{"Type":"Vm"}' },
    ]);
    expect(
      readdirSync(join(path, 'UtilityVM')).filter((name) => name.includes('standin-attached')),
    ).to.deep.equal([]);
  });

  it('formats a disk by its device where the build wants that', async () => {
    const layer = await small();
    setMode('disk-handles');
    const driver = new ComputestorageLayerDriver({
      prepareLock: join(store.root, 'lock'),
      version: () => ({ major: 10, minor: 0, build: 17_763 }),
    });
    for (const name of ['blank-base.vhdx', 'blank.vhdx'])
      writeFileSync(join(layer.path, name), 'removed below');
    await store.layers.remove(layer.id);
    const folder = (await base().catch((error: unknown) => error)) as LayerCallError;
    // The disk's own handle is no good there.
    expect(folder).to.include({ call: 'HcsFormatWritableLayerVhd', win32: 1 });

    setMode('');
    const again = await base();
    for (const name of ['blank-base.vhdx', 'blank.vhdx']) await removeFile(again, name);
    setMode('disk-handles');
    await driver.processBaseImage(again.path);
    expect(text(again.id, 'blank-base.vhdx')).to.equal('vhdxfile made\nformatted\n');
    expect(readdirSync(again.path)).to.not.include('blank-base.vhdx.standin-attached');
  });

  async function removeFile(layer: LayerInfo, name: string): Promise<void> {
    await using root = await NtFile.open(undefined, layer.path, { access: access.read });
    await using file = await NtFile.open(root, name, { access: access.delete });
    await file.remove();
  }

  it('imports a whole transport folder, by ids that are the same in every call', async () => {
    const below = await base();
    const top = await onTop(
      below.id,
      new LayerTar()
        .directory('Files')
        .whiteout('Files/License.txt')
        .directory('Files/Windows')
        .file('Files/new.txt', 'new')
        .hardLink('Files/again.txt', 'Files/new.txt')
        .directory('Hives')
        .file('Hives/System_Delta', 'delta'),
    );

    expect(recordOf(top.id)['driver']).to.equal('computestorage');
    expect(readdirSync(join(top.path, 'Hives')).sort()).to.deep.equal(hives);
    expect(text(top.id, 'Hives', 'System_Delta')).to.equal('delta');
    expect(text(top.id, 'Hives', 'Sam_Delta').slice(0, 4)).to.equal('regf');
    expect(readdirSync(join(top.path, 'Files'))).to.not.include('License.txt');
    expect(statSync(join(top.path, 'Files/new.txt')).nlink).to.equal(2);
    await store.layers.createScratch(key, { parents: [top.id, below.id] });
    const mounted = await store.layers.mount(key);
    await store.layers.unmount(key);

    const chain = mounted.layers.map(({ Id, Path }) => ({ Id, Path }));
    expect(chain.map(({ Path }) => Path)).to.deep.equal([top.path, below.path]);
    const version = { Major: 2, Minor: 1 };
    const last = (name: string): unknown => dataOf(calls(name).at(-1)!);
    expect(last('HcsImportLayer')).to.deep.equal({ SchemaVersion: version, Layers: [chain[1]] });
    for (const name of ['HcsInitializeWritableLayer', 'HcsAttachLayerStorageFilter'])
      expect(last(name), name).to.deep.equal({ SchemaVersion: version, Layers: chain });
  });

  it('puts a utility VM of an upper layer into its place when the import is done', async () => {
    const below = await base();
    const folder = 'UtilityVM/Files/Windows';
    const top = await onTop(
      below.id,
      new LayerTar()
        .directory('Files')
        .directory('UtilityVM')
        .directory('UtilityVM/Files')
        .directory(folder)
        .file(`${folder}/new.dat`, 'new'),
    );

    expect(readdirSync(join(top.path, folder)).sort()).to.deep.equal(['bootstat.dat', 'new.dat']);
    expect(readdirSync(join(top.path, 'UtilityVM')).sort()).to.deep.equal([
      ...['Files', 'SystemTemplate.vhdx', 'SystemTemplateBase.vhdx'],
      // The stand-in's volume of a disk that was attached.
      'standin-volume',
    ]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('lets utility VMs open the disks', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    for (const [folder, name] of [
      [below.path, 'blank-base.vhdx'],
      [below.path, 'blank.vhdx'],
      [join(store.windowsfilter, key), 'sandbox.vhdx'],
    ] as const) {
      await using file = await NtFile.open(undefined, join(folder, name), {
        access: access.read | access.systemSecurity,
      });
      // What was set lies below what the stand-in keeps: it is there, and whole.
      expect(await readSecurity(file), name).to.not.equal(undefined);
    }
  });

  it('grows disk, partition and volume', async () => {
    const below = await small();
    const bytes = 600 * 2 ** 30;
    await store.layers.createScratch(key, { parents: [below.id], sizeBytes: bytes });

    expect(text(key, 'standin-size')).to.equal(String(bytes));
    expect(text(key, 'standin-partition')).to.equal(String(bytes - 2 * 2 ** 20));
    expect(text(key, 'standin-volume-size')).to.equal(String(bytes - 2 * 2 ** 20));
    expect(recordOf(key, 'scratch.json')).to.include({ driver: 'computestorage', diskSize: bytes });
    expect(readdirSync(join(store.windowsfilter, key))).to.not.include('sandbox.vhdx.standin-attached');
  });

  it('mounts for others to unmount, and what is mounted by half again', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    const { volumePath } = await store.layers.mount(key);
    const other = openWindowsStore({ driver: 'computestorage', root: store.root });

    expect(volumePath).to.match(/^\\\\\?\\Volume\{[0-9a-f-]+\}\\$/);
    expect((await other.layers.mount(key)).volumePath).to.equal(volumePath);
    await expectLayerError(other.layers.diff(key), 'conflict', 'LAYER_MOUNTED');
    expect(await other.layers.stat(key, 'a')).to.include({ path: 'a' });
    await other.layers.unmount(key);
    const folder = join(store.windowsfilter, key);
    expect(readdirSync(folder)).to.not.include.members(['sandbox.vhdx.standin-attached']);
    expect(readdirSync(folder)).to.not.include.members(['standin-filter']);

    // A process that died between the two steps.
    await using disk = await VirtualDisk.open(join(folder, 'sandbox.vhdx'));
    await disk.attach({ permanent: true });
    await store.layers.mount(key);
    await store.layers.unmount(key);
    expect(readdirSync(folder)).to.not.include.members(['sandbox.vhdx.standin-attached']);
  });

  it('waits for disks that are not ready, and for volumes that are still in use', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    failNext('HcsAttachLayerStorageFilter', win32(21));
    failNext('HcsGetLayerVhdMountPath', win32(1167));
    failNext('HcsAttachLayerStorageFilter', win32(21));
    await store.layers.mount(key);
    failNext('HcsDetachLayerStorageFilter', doNotDetach);
    failNext('HcsDetachLayerStorageFilter', win32(32));
    await store.layers.unmount(key);
    expect(existsSync(join(store.windowsfilter, key, 'standin-filter'))).to.equal(false);

    failNext('HcsAttachLayerStorageFilter', win32(21), { countdown: 0 });
    const error = await rejection(store.layers.mount(key));
    expect(error).to.be.instanceOf(LayerCallError);
    expect(error.message).to.match(
      /^hcsshim::HcsAttachLayerStorageFilter failed in Win32: .+ \(0x15\) .*c{64}$/,
    );
    expect(existsSync(join(store.windowsfilter, key, 'sandbox.vhdx.standin-attached'))).to.equal(false);
  });

  it('leaves a disk attached that somebody uses, for the next try', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    await store.layers.mount(key);
    failNext('HcsDetachLayerStorageFilter', doNotDetach, { countdown: 0 });
    const before = calls('HcsDetachLayerStorageFilter').length;
    await store.layers.unmount(key);

    expect(calls('HcsDetachLayerStorageFilter')).to.have.length(before + 10);
    const attached = join(store.windowsfilter, key, 'sandbox.vhdx.standin-attached');
    expect(existsSync(attached)).to.equal(true);
    clearFaults();
    await store.layers.mount(key);
    await store.layers.unmount(key);
    expect(existsSync(attached)).to.equal(false);
  });

  it('attaches one filter at a time', async () => {
    const below = await small();
    const keys = ['1', '2', '3', '4'].map(idOf);
    for (const one of keys) await store.layers.createScratch(one, { parents: [below.id] });
    const mounted = await Promise.all(keys.map((one) => store.layers.mount(one)));

    expect(new Set(mounted.map(({ volumePath }) => volumePath)).size).to.equal(4);
    for (const one of keys) await store.layers.unmount(one);
  });

  it('says so when Windows mounts no volume', async () => {
    const below = await small();
    setMode('no-volume');
    const error = await rejection(store.layers.createScratch(key, { parents: [below.id] }));

    expect(error.message).to.match(/^find the volume of .*sandbox\.vhdx: .+ \(0x3ed\)$/);
    expect(await store.layers.listScratches()).to.deep.equal([]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('exports from the mounted volume, and unmounts it again', async () => {
    const below = await base();
    await store.layers.createScratch(key, { parents: [below.id] });
    await store.change!(key, [
      { kind: 'write', path: 'a.txt', content: 'x' },
      { kind: 'remove', path: 'License.txt' },
    ]);
    const names = describeTar(await buffer(await store.layers.diff(key))).map((line) => line.split(' ')[0]);

    expect(names).to.include.members(['Files/a.txt', 'Files/.wh.License.txt', 'Hives']);
    expect(calls('HcsExportLayer').at(-1)).to.include({ options: '{"IsWritableLayer":true}' });
    expect(existsSync(join(store.windowsfilter, key, 'sandbox.vhdx.standin-attached'))).to.equal(false);
    expect((await store.layers.usage(key)).size).to.be.greaterThan(0);
  });

  describe('leaves nothing half made where', () => {
    const child = (below: LayerInfo) =>
      onTop(below.id, new LayerTar().directory('Files').file('Files/b', 'b'));
    const scratch = (below: LayerInfo) =>
      store.layers.createScratch(key, { parents: [below.id], sizeBytes: 30 * 2 ** 30 });
    const cases: readonly (readonly [
      name: string,
      code: number,
      work: (below: LayerInfo) => Promise<unknown>,
    ])[] = [
      ['CreateVirtualDisk', 112, () => small2()],
      ['HcsFormatWritableLayerVhd', 1117, () => small2()],
      ['HcsSetupBaseOSLayer', 1009, () => small2()],
      ['ORCreateHive', 8, child],
      ['ORSaveHive', 112, child],
      ['HcsImportLayer', 3, child],
      ['ResizeVirtualDisk', 112, scratch],
      ['OpenVirtualDisk', 5, scratch],
      ['AttachVirtualDisk', 32, scratch],
      ['HcsGetLayerVhdMountPath', 1168, scratch],
      ['HcsInitializeWritableLayer', 3, scratch],
    ];
    const small2 = () =>
      applyTar(store.layers, new LayerTar().directory('Files').file('Files/z', 'z').bytes(), []);

    for (const [name, code, work] of cases)
      it(`${name} fails`, async () => {
        const below = await small();
        failNext(name, win32(code), { countdown: 0 });
        const error = await rejection(work(below));
        clearFaults();

        expect(error.message).to.match(new RegExp(`\\(0x${code.toString(16)}\\)`));
        expect((error as { code?: string }).code).to.be.oneOf([
          ...['LAYER_NO_SPACE', 'LAYER_CALL_FAILED', 'HOST_FILE_FAILED'],
        ]);
        expect(readdirSync(store.windowsfilter)).to.deep.equal([below.id]);
        expect(store.leftovers()).to.deep.equal([]);
        // Nothing stands in the way of the next try.
        await work(below);
      });

    it('an export fails', async () => {
      const below = await small();
      await store.layers.createScratch(key, { parents: [below.id] });
      failNext('HcsExportLayer', win32(3), { countdown: 0 });
      const error = await rejection(store.layers.diff(key));

      expect(error).to.include({ call: 'HcsExportLayer' });
      expect(store.leftovers()).to.deep.equal([]);
      expect(existsSync(join(store.windowsfilter, key, 'sandbox.vhdx.standin-attached'))).to.equal(false);
      clearFaults();
      expect(await store.layers.changes(key)).to.deep.equal([]);
    });

    it('the base layer has a utility VM that fails', async () => {
      failNext('HcsSetupBaseOSLayer', win32(31), { countdown: 2 });
      const error = await rejection(base());

      expect(error.message).to.match(/^hcsshim::HcsSetupBaseOSLayer failed in Win32: .+UtilityVM$/);
      expect(store.leftovers()).to.deep.equal([]);
      expect(readdirSync(store.windowsfilter)).to.deep.equal([]);
    });
  });

  describe('ends clean after random lives with failures', () => {
    const lives = Number(process.env['PORTHOLE_RIG_LIVES'] ?? 30);
    const firstSeed = Number(process.env['PORTHOLE_RIG_SEED'] ?? 1);
    const failing = [
      ...['CreateVirtualDisk', 'OpenVirtualDisk', 'AttachVirtualDisk', 'DetachVirtualDisk'],
      ...['ResizeVirtualDisk', 'HcsFormatWritableLayerVhd', 'HcsSetupBaseOSLayer', 'HcsImportLayer'],
      ...['HcsGetLayerVhdMountPath', 'HcsInitializeWritableLayer', 'HcsAttachLayerStorageFilter'],
      ...['HcsDetachLayerStorageFilter', 'HcsExportLayer', 'HcsDestroyLayer', 'ORCreateHive', 'ORSaveHive'],
    ];
    const codes = [2, 5, 21, 32, 112, 1117, 1167, 1168].map(win32);

    async function live(seed: number): Promise<void> {
      const random = new Seeded(seed);
      const keys = ['1', '2'].map(idOf);
      const known = await small();
      const steps: readonly ((one: string) => Promise<unknown>)[] = [
        (one) => store.layers.createScratch(one, { parents: [known.id] }),
        (one) => store.layers.createScratch(one, { parents: [known.id], sizeBytes: 30 * 2 ** 30 }),
        (one) => store.layers.mount(one),
        (one) => store.layers.mount(one),
        (one) => store.layers.unmount(one),
        async (one) => buffer(await store.layers.diff(one)),
        (one) => store.layers.stat(one, 'a'),
        (one) => store.layers.removeScratch(one),
        () => onTop(known.id, new LayerTar().directory('Files').file(`Files/${random.below(3)}`, 'x')),
        () => applyTar(store.layers, new LayerTar().directory('Files').file('Files/b', 'b').bytes(), []),
        () => store.layers.sweep(),
      ];
      for (let step = 0; step < 14; step += 1) {
        if (random.next() < 0.5)
          failNext(random.pick(failing), random.pick(codes), { countdown: random.below(4) });
        if (random.next() < 0.3) clearFaults();
        // Two at once, now and then, on different scratches: who uses one holds its container's lock.
        const [first, second] = random.next() < 0.5 ? keys : keys.toReversed();
        const work = random.pick(steps)(first!);
        const other = random.next() < 0.3 ? random.pick(steps)(second!) : undefined;
        for (const promise of [work, other])
          await promise?.catch((error: unknown) => {
            if (!(error instanceof PortholeError)) throw error;
          });
      }
      clearFaults();
      for (const one of keys) await store.layers.removeScratch(one);
      for (const { id } of await store.layers.list()) await store.layers.remove(id);
      await store.layers.sweep();
      expect([readdirSync(store.windowsfilter), store.leftovers()], `seed ${seed}`).to.deep.equal([[], []]);
    }

    for (let batch = 0; batch < lives / 10; batch += 1)
      it(`from seed ${firstSeed + batch * 10}`, async () => {
        for (let life = 0; life < 10; life += 1) {
          await live(firstSeed + batch * 10 + life);
          await expectNothingOpen(`seed ${firstSeed + batch * 10 + life}:`);
        }
      });
  });

  it('tries again what a scanner disturbed', async () => {
    const below = await small();
    failNext('HcsImportLayer', win32(5));
    failNext('HcsImportLayer', win32(32));
    await onTop(below.id, new LayerTar().directory('Files').file('Files/b'));
    failNext('HcsSetupBaseOSLayer', win32(32));
    await applyTar(store.layers, new LayerTar().directory('Files').file('Files/c').bytes(), []);
    expect(await store.layers.list()).to.have.length(3);
  });

  it('removes by itself what Windows does not', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    await store.layers.mount(key);
    failNext('HcsDestroyLayer', win32(5), { countdown: 0 });
    await store.layers.removeScratch(key);
    await store.layers.remove(below.id);

    expect(readdirSync(store.windowsfilter)).to.deep.equal([]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  describe('and layers of vmcompute', () => {
    let older: WindowsStore;
    let below: LayerInfo;

    beforeEach(async () => {
      older = openWindowsStore({ driver: 'vmcompute', root: store.root });
      below = await applyTar(older.layers, baseImageLayers('nanoserver')[0]!, []);
      await older.layers.createScratch(key, { parents: [below.id] });
    });

    it('have no mark', () => {
      for (const [id, name] of [
        [below.id, 'layer.json'],
        [key, 'scratch.json'],
      ] as const)
        expect(recordOf(id, name)).to.not.have.property('driver');
    });

    it('are listed and looked into, and refused where they would be touched', async () => {
      expect(await store.layers.list()).to.deep.equal([below]);
      expect(await store.layers.stat(below.id, 'License.txt')).to.include({ path: 'License.txt' });
      const tar = new LayerTar().directory('Files').bytes();
      const error = await expectLayerError(
        store.layers.createScratch(idOf('d'), { parents: [below.id] }),
        'conflict',
        'LAYER_DRIVER_MIXED',
      );
      expect(error.message).to.equal(
        `layer ${below.id} was made with the layer driver vmcompute, not with computestorage, which is used now`,
      );
      expect(error.hint).to.equal(
        'use the same driver (PORTHOLE_LAYER_DRIVER=vmcompute), or remove the images that have it (porthole rmi) and pull or build them again',
      );
      for (const work of [
        () => applyTar(store.layers, tar, [below.id]),
        () => store.layers.mount(key),
        () => store.layers.diff(key),
        () => store.layers.changes(key),
        () => store.layers.stat(key, ''),
      ])
        await expectLayerError(work(), 'conflict', 'LAYER_DRIVER_MIXED');
      expect((await rejection(store.layers.mount(key))).message).to.match(/^container c{64} was made with/);
      expect(readdirSync(store.windowsfilter).sort()).to.deep.equal([below.id, key].sort());
    });

    it('are unmounted and removed as they were made', async () => {
      await older.layers.mount(key);
      const before = ['UnprepareLayer', 'DestroyLayer'].map((name) => calls(name).length);
      await store.layers.unmount(key);
      await store.layers.removeScratch(key);
      await store.layers.remove(below.id);

      const after = ['UnprepareLayer', 'DestroyLayer'].map((name) => calls(name).length);
      expect(after[0]).to.be.greaterThan(before[0]!);
      expect(after[1]).to.be.at.least(before[1]! + 2);
      expect(readdirSync(store.windowsfilter)).to.deep.equal([]);
    });

    it('refuse those of computestorage likewise', async () => {
      const own = await small();
      await store.layers.createScratch(idOf('d'), { parents: [own.id] });
      await expectLayerError(
        older.layers.createScratch(idOf('e'), { parents: [own.id] }),
        'conflict',
        'LAYER_DRIVER_MIXED',
      );
      const error = await expectLayerError(older.layers.mount(idOf('d')), 'conflict', 'LAYER_DRIVER_MIXED');
      expect(error.message).to.match(/layer driver computestorage, not with vmcompute/);
      await older.layers.removeScratch(idOf('d'));
      await older.layers.remove(own.id);
    });
  });

  it('keeps a disk open that a call still uses', async () => {
    const below = await small();
    const path = join(below.path, 'blank.vhdx');
    const disk = await VirtualDisk.open(path);
    const { promise, resolve } = Promise.withResolvers<number>();
    const call = disk.use((handle) => promise.then(() => storage.formatWritableLayerVhd(handle)));
    await disk.close();
    resolve(0);

    // A closed handle would be E_HANDLE.
    expect(await call).to.equal(0x8007_0057);
  });

  it('is chosen where it is asked for, or vmcompute lacks the calls', () => {
    const choose = (asked: string | undefined, vmcompute: boolean, computestorage = true): string =>
      chooseLayerDriver(asked, { vmcompute: () => vmcompute, computestorage: () => computestorage });

    expect([layerDriversHere.vmcompute(), layerDriversHere.computestorage()]).to.deep.equal([true, true]);
    expect(choose(undefined, true)).to.equal('vmcompute');
    expect(choose('', true)).to.equal('vmcompute');
    expect(choose(undefined, false)).to.equal('computestorage');
    // Then the error is about the DLL that everybody has.
    expect(choose(undefined, false, false)).to.equal('vmcompute');
    expect(choose('ComputeStorage', true)).to.equal('computestorage');
    expect(choose('vmcompute', false)).to.equal('vmcompute');
    expect(() => choose('overlay', true))
      .to.throw('invalid PORTHOLE_LAYER_DRIVER "overlay": no such layer driver')
      .with.property('hint', 'use vmcompute or computestorage, or leave the variable out');
  });

  it('is what the host says of itself', async () => {
    const facts = async (env: Environment['env']): Promise<unknown> => {
      const environment = { env: { ...process.env, ...env }, dataRoot: store.root } as Environment;
      return ((await openFacts(environment).read()) as WindowsHostFacts).layerDriver;
    };

    expect(await facts({})).to.deep.equal({ asked: undefined, used: 'vmcompute', isComplete: true });
    expect(await facts({ PORTHOLE_LAYER_DRIVER: 'computestorage' })).to.deep.equal({
      ...{ asked: 'computestorage', used: 'computestorage', isComplete: true },
    });
    expect(await facts({ PORTHOLE_LAYER_DRIVER: 'x' })).to.deep.equal({
      ...{ asked: 'x', used: undefined, isComplete: false },
    });
  });

  it('binds what it does not use, too', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    const { volumePath, layers } = await store.layers.mount(key);
    const folder = join(store.windowsfilter, key);
    const overlay = [{ Id: layers[0]!.Id, Path: below.path }];

    expect(await storage.attachOverlayFilter(volumePath, 'UnionFS', overlay)).to.equal(0);
    expect(await storage.attachOverlayFilter(volumePath, 'WCIFS', overlay)).to.equal(win32(183));
    expect(await storage.detachOverlayFilter(volumePath, 'UnionFS')).to.equal(0);
    expect(await storage.detachOverlayFilter(volumePath, 'UnionFS')).to.equal(win32(1168));
    expect(await storage.setupBaseOsVolume(below.path, volumePath, 'Container')).to.equal(win32(183));
    expect(await storage.initializeLegacyWritableLayer(volumePath, folder, layers)).to.equal(win32(183));
    const to = join(store.root, 'exported');
    mkdirSync(to);
    expect(await storage.exportLegacyWritableLayer(volumePath, folder, to, layers)).to.equal(0);
    expect(readdirSync(to).sort()).to.include.members(['Files', 'Hives', 'tombstones.txt']);
    expect(await storage.exportLayer(below.path, to, [], false)).to.equal(win32(50));
    await store.layers.unmount(key);
  });

  it('answers wrong orders as the stand-in has them', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    const { volumePath, layers: parents } = await store.layers.mount(key);

    expect(await storage.initializeWritableLayer(volumePath, parents)).to.equal(win32(183));
    expect(await storage.attachLayerStorageFilter(volumePath, parents)).to.equal(win32(183));
    expect(await storage.destroyLayer(join(store.windowsfilter, key))).to.equal(win32(32));
    await store.layers.unmount(key);
    expect(await storage.attachLayerStorageFilter(volumePath, parents)).to.equal(win32(21));
    expect(await storage.detachLayerStorageFilter(volumePath)).to.equal(win32(21));
    await using disk = await VirtualDisk.open(join(store.windowsfilter, key, 'sandbox.vhdx'));
    expect((await disk.use(storage.layerVhdMountPath)).hresult).to.equal(win32(21));
    expect(await disk.use(storage.formatWritableLayerVhd)).to.equal(0x8007_0057);
  });
});

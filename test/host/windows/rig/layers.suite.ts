import { expect } from 'chai';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { LayerError } from '../../../../src/layer/layer-error.ts';
import { packEntries } from '../../../../src/layer/packer.ts';
import { TarParser } from '../../../../src/layer/tar-reader.ts';
import type { TarEntry } from '../../../../src/layer/tar-reader.ts';
import { BackupReader } from '../../../../src/host/windows/ffi/backup.ts';
import { access } from '../../../../src/host/windows/ffi/ntdll.ts';
import { LayerCallError } from '../../../../src/host/windows/host-file-error.ts';
import { exportItems } from '../../../../src/host/windows/layer-export.ts';
import { NtFile } from '../../../../src/host/windows/nt-file.ts';
import { removeTree } from '../../../../src/host/windows/remove-tree.ts';
import { layersContract } from '../../../contract/layers.ts';
import { applyTar, describeTar, idOf } from '../../../contract/layers-subject.ts';
import { baseImageLayers } from '../../../support/base-image.ts';
import { LayerTar } from '../../../support/layer-tar.ts';
import { rejection } from '../../../support/rejection.ts';
import { openWindowsStore } from './layer-store.ts';
import type { WindowsStore } from './layer-store.ts';
import { clearFaults, expectNothingOpen, failNext } from './standins.ts';

const win32 = (code: number): number => (0x8007_0000 | code) >>> 0;
const accessDenied = 5;
const notReady = 21;
const key = idOf('c');

layersContract('windows', async () => openWindowsStore());

/** Every stream of a file, as Windows would give them to a backup. */
async function streamsOf(folder: string, path: string): Promise<Buffer> {
  await using root = await NtFile.open(undefined, folder, { access: access.read });
  await using file = await NtFile.open(root, path, { access: access.read });
  const reader = new BackupReader(file.handle, true);
  try {
    const piece = Buffer.alloc(1 << 16);
    const { error, length } = await reader.read(piece);
    expect(error).to.equal(0);
    return Buffer.from(piece.subarray(0, length));
  } finally {
    await reader.finish();
  }
}

function entriesOf(tar: Buffer): string[] {
  const lines: string[] = [];
  let body: Buffer[] = [];
  const parser = new TarParser({
    entry: ({ name, type, size, mtime, linkName, records }: TarEntry) => {
      body = [];
      const sorted = [...records].filter(([name]) => !/^(atime|ctime|path|linkpath)$/.test(name)).sort();
      lines.push(JSON.stringify([name, type, size, mtime, linkName, ...sorted]));
    },
    data: (chunk, start, end) => void body.push(Buffer.from(chunk.subarray(start, end))),
    end: () => {
      if (body.length > 0) lines.push(Buffer.concat(body).toString('base64'));
    },
  });
  parser.push(tar);
  parser.finish();
  return lines.sort();
}

describe('windows layer store', () => {
  let store: WindowsStore;

  beforeEach(() => {
    store = openWindowsStore();
  });

  afterEach(async () => {
    clearFaults();
    await expectNothingOpen();
    await store.dispose();
  });

  const base = () => applyTar(store.layers, baseImageLayers('nanoserver')[0]!, []);
  const small = () =>
    applyTar(store.layers, new LayerTar().directory('Files').file('Files/a', 'a').bytes(), []);
  const onTop = (below: string, tar: LayerTar) => applyTar(store.layers, tar.bytes(), [below]);

  it('gives a base layer the disks, the hives and the kept boot stores', async () => {
    const { path } = await base();

    expect(readdirSync(path).sort()).to.include.members([
      'Files',
      'Hives',
      'UtilityVM',
      'bcd.bak',
      'blank-base.vhdx',
      'blank.vhdx',
      'layer.json',
      'layerchain.json',
      'layout',
      'meta.jsonl',
    ]);
    expect(readFileSync(join(path, 'layerchain.json'), 'utf8')).to.equal('null');
    expect(readdirSync(join(path, 'Hives'))).to.include.members(['Sam_Base', 'System_Base']);
    const changed = readFileSync(join(path, 'UtilityVM/Files/EFI/Microsoft/Boot/BCD'));
    const kept = readFileSync(join(path, 'bcd.bak'));
    expect(changed.subarray(0, -1).equals(kept)).to.equal(true);
    expect(existsSync(join(path, 'UtilityVM/SystemTemplate.vhdx'))).to.equal(true);
  });

  it('restores security, streams, extended attributes and links', async () => {
    const security = Buffer.from(
      'AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAgAgAAAQIAAAAAAAUgAAAAIAIAAA==',
      'base64',
    );
    const tar = new LayerTar()
      .directory('Files')
      .file('Files/a.txt', 'content', {
        securityDescriptor: security.toString('base64'),
        extendedAttributes: { 'KERNEL.TEST': 'AQI=' },
        attributes: 0x22,
      })
      .stream('Files/a.txt', 'Zone.Identifier', '[ZoneTransfer]')
      .symlink('Files/link', 'C:\\Windows', { attributes: 0x410, mountPoint: true });
    const { path } = await applyTar(store.layers, tar.bytes(), []);

    const header = (id: number, size: number, name = ''): string => {
      const bytes = Buffer.alloc(20);
      bytes.writeUInt32LE(id, 0);
      bytes.writeBigUInt64LE(BigInt(size), 8);
      bytes.writeUInt32LE(name.length * 2, 16);
      return bytes.toString('hex') + Buffer.from(name, 'utf16le').toString('hex');
    };
    expect((await streamsOf(path, 'Files\\a.txt')).toString('hex')).to.equal(
      [
        header(3, security.length) + security.toString('hex'),
        `${header(2, 24)}00000000000b02004b45524e454c2e544553540001020000`,
        header(1, 7) + Buffer.from('content').toString('hex'),
        header(4, 14, ':Zone.Identifier:$DATA') + Buffer.from('[ZoneTransfer]').toString('hex'),
      ].join(''),
    );
    expect((await streamsOf(path, 'Files\\link')).toString('hex')).to.include('030000a0');
    expect(statSync(join(path, 'Files/a.txt')).mtimeMs).to.equal(1_646_092_800_000);
    expect(statSync(join(path, 'Files')).mtimeMs).to.equal(1_646_092_800_000);
  });

  it('takes text for security where old images have nothing else', async () => {
    const tar = new LayerTar().directory('Files').entry({
      name: 'Files/old',
      type: '0',
      mode: 0o100000,
      mtime: '0',
      records: new Map([
        ['MSWINDOWS.fileattr', '32'],
        ['MSWINDOWS.sd', 'O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)'],
      ]),
    });
    const { path } = await applyTar(store.layers, tar.bytes(), []);

    expect((await streamsOf(path, 'Files\\old')).readUInt32LE(8)).to.equal(124);
    const bad = new LayerTar().directory('Files').entry({
      name: 'Files/old',
      type: '0',
      mode: 0,
      mtime: '0',
      records: new Map([['MSWINDOWS.sd', 'nonsense']]),
    });
    const error = await rejection(applyTar(store.layers, bad.bytes(), []));
    expect(error).to.include({ code: 'LAYER_METADATA_INVALID' });
  });

  it('writes a transport folder that reads back as the tar it was made of', async () => {
    const below = await small();
    const tar = new LayerTar()
      .directory('Files')
      .directory('Files/app', { attributes: 0x2010 })
      .file('Files/app/a.txt', 'content', { extendedAttributes: { X: 'AQ==' } })
      .stream('Files/app/a.txt', 'one', 'first')
      .stream('Files/app/a.txt', 'two', '')
      .file('Files/app/big.bin', Buffer.alloc(3 << 20, 7))
      .file('Files/app/empty', '')
      .symlink('Files/app/dir', '..\\x', { attributes: 0x410 })
      .symlink('Files/app/file', 'C:\\x', { attributes: 0x420 })
      .symlink('Files/app/junction', 'C:\\Users', { attributes: 0x410, mountPoint: true })
      .directory('Hives')
      .file('Hives/System_Delta', 'regf')
      .file('Hives/last', '')
      .bytes();
    const apply = await store.layers.openApply(undefined, { parents: [below.id] });
    for (let at = 0; at < tar.length; at += 70_000) await apply.write(tar.subarray(at, at + 70_000));
    const [partial] = store.leftovers();
    const folder = join(store.windowsfilter, partial!, 'transport');
    const exported = await (async () => {
      await using root = await NtFile.open(undefined, folder, { access: access.read });
      const parts: Buffer[] = [];
      for await (const part of packEntries(exportItems(root, folder))) parts.push(part);
      return Buffer.concat(parts);
    })();
    await apply.abort();

    // A link to a directory is one only when everything has come: the folder that stands for it is made last.
    const isLater = (line: string): boolean => /^\["(Hives|Files\/app\/(dir|junction)")/.test(line);
    const read = entriesOf(exported);
    for (const line of entriesOf(tar).filter((one) => !isLater(one))) expect(read).to.include(line);
  });

  it('gives a child layer its chain, its hives and the names of files that it shares', async () => {
    const below = await base();
    const top = await onTop(
      below.id,
      new LayerTar()
        .directory('Files')
        .file('Files/one', 'shared')
        .hardLink('Files/two', 'Files/one')
        .hardLink('Files/license', 'Files/License.txt')
        .directory('Hives')
        .file('Hives/System_Delta', 'delta'),
    );

    expect(JSON.parse(readFileSync(join(top.path, 'layerchain.json'), 'utf8'))).to.deep.equal([below.path]);
    expect(readFileSync(join(top.path, 'Hives/System_Delta'), 'utf8')).to.equal('delta');
    const [one, two] = ['Files/one', 'Files/two'].map((name) => statSync(join(top.path, name)));
    expect([one!.nlink, one!.ino]).to.deep.equal([2, two!.ino]);
    expect(statSync(join(top.path, 'Files/license')).ino).to.equal(
      statSync(join(below.path, 'Files/License.txt')).ino,
    );
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('copies files that have as many names as NTFS allows', async () => {
    const tooMany = 0xc000_0265;
    const tar = new LayerTar().directory('Files').file('Files/one', 'shared', { attributes: 0x21 });
    for (const name of ['two', 'three', 'four']) tar.hardLink(`Files/${name}`, 'Files/one');
    failNext('FileLinkInformation', tooMany, { countdown: 2 });
    const { path } = await applyTar(store.layers, tar.bytes(), []);

    const inodes = ['one', 'two', 'three', 'four'].map((name) => statSync(join(path, 'Files', name)).ino);
    expect([inodes[1], inodes[3]]).to.deep.equal([inodes[0], inodes[2]]);
    expect(inodes[2]).to.not.equal(inodes[0]);
    expect(readFileSync(join(path, 'Files/four'), 'utf8')).to.equal('shared');
    expect((await streamsOf(path, 'Files\\three')).equals(await streamsOf(path, 'Files\\one'))).to.equal(
      true,
    );
  });

  it('clones the utility VM for a layer that changes it', async () => {
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
    const [own, parents] = [top, below].map(({ path }) => statSync(join(path, folder, 'bootstat.dat')).ino);
    expect(own).to.equal(parents);
    const store1 = 'UtilityVM/Files/EFI/Microsoft/Boot/BCD';
    expect(statSync(join(top.path, store1)).ino).to.not.equal(statSync(join(below.path, store1)).ino);
  });

  it('has paths of any length', async () => {
    const deep = Array.from(
      { length: 12 },
      (_, index) => `${index}`.repeat(1) + 'long-directory-name-'.repeat(2),
    );
    const path = `Files/${deep.join('/')}`;
    const layer = await applyTar(
      store.layers,
      new LayerTar().directories(path).file(`${path}/file.txt`, 'far away').bytes(),
      [],
    );
    const entries = [];
    for await (const entry of store.layers.readTree(layer.id, `C:\\${deep.join('\\')}\\file.txt`))
      entries.push((await buffer(entry.open())).toString());

    expect(layer.path.length + path.length).to.be.greaterThan(260);
    expect(entries).to.deep.equal(['far away']);
    await store.layers.remove(layer.id);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('waits for disks that are not ready, and gives up with nothing mounted', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    failNext('PrepareLayer', win32(notReady));
    failNext('PrepareLayer', win32(1167));
    failNext('PrepareLayer', win32(notReady));
    await store.layers.mount(key);
    await store.layers.unmount(key);
    failNext('PrepareLayer', win32(notReady), { countdown: 0 });
    const error = await rejection(store.layers.mount(key));

    expect(error).to.be.instanceOf(LayerCallError);
    expect(error.message).to.match(/^hcsshim::PrepareLayer failed in Win32: .+ \(0x15\) .*c{64}$/);
    clearFaults();
    expect(readdirSync(join(store.windowsfilter, key))).to.not.include.members(['standin-active']);
    await store.layers.mount(key);
    await store.layers.unmount(key);
  });

  it('prepares one layer at a time', async () => {
    const below = await small();
    const keys = ['1', '2', '3', '4'].map(idOf);
    for (const one of keys) await store.layers.createScratch(one, { parents: [below.id] });
    // The stand-in refuses a second preparation while one runs.
    const mounted = await Promise.all(keys.map((one) => store.layers.mount(one)));

    expect(new Set(mounted.map(({ volumePath }) => volumePath)).size).to.equal(4);
    for (const one of keys) await store.layers.unmount(one);
  });

  it('mounts what is mounted already, as it is', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id] });
    const first = await store.layers.mount(key);
    const again = await store.layers.mount(key);
    const seen = await store.layers.stat(key, 'a');
    const error = await rejection(store.layers.diff(key));

    expect(again).to.deep.equal(first);
    expect(seen).to.deep.equal({ path: 'a', type: 'file', size: 1 });
    expect(error).to.include({ kind: 'conflict', code: 'LAYER_MOUNTED' });
    expect(existsSync(first.volumePath)).to.equal(true);
    await store.layers.removeScratch(key);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('tries imports again that a scanner disturbed, and leaves nothing of one that fails', async () => {
    const below = await small();
    failNext('ImportLayer', win32(accessDenied));
    failNext('ImportLayer', win32(32));
    const tar = new LayerTar().directory('Files').file('Files/b');
    const top = await onTop(below.id, tar);
    expect(await store.layers.get(top.id)).to.deep.equal(top);

    failNext('ImportLayer', win32(accessDenied), { countdown: 0 });
    const error = await rejection(onTop(below.id, new LayerTar().directory('Files').file('Files/c')));
    expect(error).to.include({ kind: 'unavailable', code: 'LAYER_CALL_FAILED' });
    expect((error as LayerCallError).hint).to.match(/virus scanner/);
    clearFaults();
    failNext('ProcessBaseImage', win32(112));
    const full = await rejection(
      applyTar(store.layers, new LayerTar().directory('Files').file('Files/d').bytes(), []),
    );
    expect(full).to.include({ code: 'LAYER_NO_SPACE' });
    expect((await store.layers.list()).map(({ id }) => id)).to.have.members([below.id, top.id]);
    expect(readdirSync(store.windowsfilter)).to.have.members([below.id, top.id]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('tells why a file could not be restored', async () => {
    failNext('BackupWrite', win32(112), { countdown: 0 });
    const error = await rejection(small());

    expect(error).to.include({ code: 'LAYER_NO_SPACE', kind: 'unavailable' });
    expect(error.message).to.match(/^restore .*Files.*: .+ \(0x70\)$/);
    clearFaults();
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('removes trees that Windows would not, and what is left at the next sweep', async () => {
    const layer = await base();
    failNext('DestroyLayer', win32(accessDenied), { countdown: 0 });
    await store.layers.remove(layer.id);
    expect(await store.layers.get(layer.id)).to.equal(undefined);
    expect(store.leftovers()).to.deep.equal([]);

    // A process that was killed between the rename and the import.
    mkdirSync(join(store.windowsfilter, idOf('d'), 'Files'), { recursive: true });
    mkdirSync(join(store.windowsfilter, `${idOf('e')}.99999.1.1.partial`, 'transport'), { recursive: true });
    writeFileSync(join(store.windowsfilter, idOf('d'), 'Files', 'x'), 'x');
    await store.layers.sweep();
    expect(readdirSync(store.windowsfilter)).to.deep.equal([]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('replaces a layer whose record is damaged', async () => {
    const layer = await small();
    writeFileSync(join(layer.path, 'layer.json'), '{');
    expect(await store.layers.get(layer.id)).to.equal(undefined);

    expect(await small()).to.deep.equal(layer);
  });

  it('grows the volume with the disk', async () => {
    const below = await small();
    await store.layers.createScratch(key, { parents: [below.id], sizeBytes: 600 * 2 ** 30 });
    const folder = join(store.windowsfilter, key);

    expect(readFileSync(join(folder, 'standin-size'), 'utf8')).to.equal(String(600 * 2 ** 30));
    expect(readFileSync(join(folder, 'standin-volume-size'), 'utf8')).to.equal(String(600 * 2 ** 30));
    expect(readdirSync(folder)).to.not.include('sandbox.vhdx.standin-attached');
    failNext('AttachVirtualDisk', win32(32));
    const error = await rejection(
      store.layers.createScratch(idOf('d'), { parents: [below.id], sizeBytes: 30 * 2 ** 30 }),
    );
    expect(error.message).to.match(/^attach .*sandbox\.vhdx: .+ \(0x20\)$/);
    expect(await store.layers.listScratches()).to.deep.equal([key]);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('exports a changed file with its streams and its security', async () => {
    const below = await base();
    await store.layers.createScratch(key, { parents: [below.id] });
    const path = 'Windows/System32/porthole-base.txt';
    await store.change!(key, [{ kind: 'write', path, content: 'changed' }]);
    const tar = await buffer(await store.layers.diff(key));

    const names = describeTar(tar).map((line) => line.split(' ')[0]);
    expect(names).to.include.members([`Files/${path}`, `Files/${path}:Zone.Identifier`]);
    const [entry] = entriesOf(tar).filter((line) => line.startsWith(`["Files/${path}"`));
    expect(entry).to.match(/MSWINDOWS\.rawsd/);
    expect(store.leftovers()).to.deep.equal([]);
  });

  it('gives an export back that nobody reads, or nobody reads to its end', async () => {
    const below = await base();
    await store.layers.createScratch(key, { parents: [below.id] });
    await store.change!(key, [{ kind: 'write', path: 'a.txt', content: 'x'.repeat(3 << 20) }]);
    for (const reads of [0, 1]) {
      const tar = await store.layers.diff(key);
      if (reads > 0) await once(tar, 'readable');
      tar.destroy();
      await once(tar, 'close');

      expect(store.leftovers(), `${reads}`).to.deep.equal([]);
    }
  });

  it('leaves the recycle bin out of exports and lists', async () => {
    const below = await base();
    await store.layers.createScratch(key, { parents: [below.id] });
    await store.change!(key, [
      { kind: 'write', path: '$RECYCLE.BIN/S-1-5-18/desktop.ini', content: 'x' },
      { kind: 'write', path: 'app/$Recycle.Bin/kept.txt', content: 'x' },
    ]);
    const expected = ['Files/app', 'Files/app/$Recycle.Bin', 'Files/app/$Recycle.Bin/kept.txt'];

    expect((await store.layers.changes(key)).map(({ path }) => path)).to.deep.equal(expected);
    expect(
      describeTar(await buffer(await store.layers.diff(key))).map((line) => line.split(' ')[0]),
    ).to.deep.equal(['Files', ...expected, 'Hives']);
  });

  it('removes trees whole, and what is not there without a word', async () => {
    const folder = join(store.windowsfilter, '..');
    mkdirSync(join(folder, 'outside'), { recursive: true });
    writeFileSync(join(folder, 'outside', 'kept'), 'kept');
    await using root = await NtFile.open(undefined, folder, { access: access.read });
    await removeTree(root, 'nothing');
    await removeTree(root, 'outside');

    expect(existsSync(join(folder, 'outside'))).to.equal(false);
  });

  it('refuses a layer of another store by name', async () => {
    const error = await rejection(store.layers.mount(idOf('9')));

    expect(error).to.be.instanceOf(LayerError);
    expect(error).to.include({ kind: 'notFound', code: 'LAYER_NOT_FOUND' });
  });
});

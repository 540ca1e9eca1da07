import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c, structureChecksum } from '../../src/vhdx/crc32c.ts';
import { GiB, KiB, MiB, batShape, bitmapIndex, payloadIndex, roundUp } from '../../src/vhdx/format.ts';
import { formatGpt } from '../../src/vhdx/gpt.ts';
import { guidBytes, guidText, sameGuid } from '../../src/vhdx/guid.ts';
import { createBaseDisks, createScratchDisk } from '../../src/vhdx/layer-disks.ts';
import { inspectVhdx, openVhdxChain } from '../../src/vhdx/reader.ts';
import { formatHeader, formatRegionTable, parentLocator } from '../../src/vhdx/writer.ts';

const linkage = '66666666-7777-8888-9999-aaaaaaaaaaaa';

describe('VHDX structures', () => {
  it('computes CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).to.equal(0x8a9136aa);
  });

  it('stores GUIDs as Windows does', () => {
    const bytes = guidBytes('{2DC27766-F623-4200-9D64-115E9BFD4A08}');

    expect(bytes.toString('hex')).to.equal('6677c22d23f600429d64115e9bfd4a08');
    expect(guidText(bytes)).to.equal('2dc27766-f623-4200-9d64-115e9bfd4a08');
    expect(sameGuid('{2DC27766-F623-4200-9D64-115E9BFD4A08}', guidText(bytes))).to.equal(true);
    expect(sameGuid('nonsense', guidText(bytes))).to.equal(false);
  });

  it('writes headers and region tables with the checksums of the reference', () => {
    const guids = { fileWriteGuid: '11111111-2222-3333-4444-555555555555', dataWriteGuid: linkage };

    expect(formatHeader(guids, 0).readUInt32LE(4)).to.equal(0x22e46aa0);
    expect(formatHeader(guids, 1).toString('hex', 0, 80)).to.equal(
      '68656164d7f61ca00100000000000000111111112222333344445555555555556666666677778888' +
        '9999aaaaaaaaaaaa0000000000000000000000000000000000000100000010000000100000000000',
    );
    expect(formatRegionTable(MiB).readUInt32LE(4)).to.equal(0xc66b8cae);
    expect(formatRegionTable(2 * MiB).readUInt32LE(4)).to.equal(0xc993ee7a);
  });

  it('writes parent locators as the reference does', () => {
    const locator = parentLocator({
      dataWriteGuid: linkage,
      relativePath: '.\\blank-base.vhdx',
      absolutePath: 'C:\\ProgramData\\docker\\windowsfilter\\L\\blank-base.vhdx',
    });

    expect(locator).to.have.length(364);
    expect(locator.toString('hex', 0, 56)).to.equal(
      'b7ef4ab09ed1814ab78925b8e9445913000003003800000054000000' +
        '1c004c00a0000000ba0000001a002200dc0000000201000026006a00',
    );
  });

  const shapes: [string, number, number, number, number, number, number][] = [
    ['10 GiB', 10 * GiB, MiB, 10242, 12291, 1, 1],
    ['20 GiB', 20 * GiB, MiB, 20484, 20485, 1, 1],
    ['127 GiB', 127 * GiB, MiB, 130079, 131104, 1, 2],
    ['128 GiB', 128 * GiB, MiB, 131103, 131104, 2, 2],
    ['256 GiB', 256 * GiB, MiB, 262207, 262208, 3, 3],
    ['1 TiB', 1024 * GiB, MiB, 1048831, 1048832, 9, 9],
    ['20 GiB in 2 MiB blocks', 20 * GiB, 2 * MiB, 10244, 10245, 1, 1],
  ];
  for (const [what, size, block, dynamic, differencing, dynamicMiB, differencingMiB] of shapes) {
    it(`knows the block table of ${what}`, () => {
      const plain = batShape(size, block, 512, false).entries;
      const child = batShape(size, block, 512, true).entries;

      expect([plain, child]).to.deep.equal([dynamic, differencing]);
      expect([plain, child].map((entries) => roundUp(entries * 8, MiB) / MiB)).to.deep.equal([
        dynamicMiB,
        differencingMiB,
      ]);
    });
  }

  it('finds entries between sector bitmaps', () => {
    expect([0, 4095, 4096, 8192].map((block) => payloadIndex(block, 4096))).to.deep.equal([
      0, 4095, 4097, 8194,
    ]);
    expect([0, 1].map((chunk) => bitmapIndex(chunk, 4096))).to.deep.equal([4096, 8193]);
  });

  it('writes a partition table that covers the disk', () => {
    const id = '00000000-0000-0000-0000-000000000001';
    const { first, last } = formatGpt(20 * GiB, { disk: id, reserved: id, data: id });

    expect(first.toString('latin1', 512, 520)).to.equal('EFI PART');
    expect(last.toString('latin1', MiB - 512, MiB - 504)).to.equal('EFI PART');
    expect(first.readUInt16LE(510)).to.equal(0xaa55);
    expect(first.readBigUInt64LE(512 + 32)).to.equal(BigInt((20 * GiB) / 512 - 1));
    expect(first.readBigUInt64LE(1024 + 128 + 32)).to.equal(32768n);
  });
});

describe('layer disks', () => {
  const baseId = 'a'.repeat(64);
  const scratchKey = 'b'.repeat(64);
  let store: string;
  let base: string;
  let blank: string;
  let sandbox: string;

  before(() => {
    store = mkdtempSync(join(tmpdir(), 'porthole-vhdx-'));
    for (const name of [baseId, scratchKey]) mkdirSync(join(store, name));
    createBaseDisks(join(store, baseId), baseId);
    createScratchDisk(
      join(store, scratchKey),
      { key: scratchKey, size: 50 * GiB },
      { folder: join(store, baseId), layerId: baseId },
    );
    base = join(store, baseId, 'blank-base.vhdx');
    blank = join(store, baseId, 'blank.vhdx');
    sandbox = join(store, scratchKey, 'sandbox.vhdx');
  });

  after(() => rmSync(store, { recursive: true, force: true }));

  it('are what they should be', () => {
    const disks = [base, blank, sandbox].map(inspectVhdx);

    expect(disks.map(({ type, virtualSize, blockSize }) => ({ type, virtualSize, blockSize }))).to.deep.equal(
      [
        { type: 'dynamic', virtualSize: 20 * GiB, blockSize: MiB },
        { type: 'differencing', virtualSize: 20 * GiB, blockSize: MiB },
        { type: 'differencing', virtualSize: 50 * GiB, blockSize: MiB },
      ],
    );
    expect(disks.map((disk) => disk.allocatedBytes)).to.deep.equal([2 * MiB, 0, 0]);
    expect(new Set(disks.map((disk) => disk.identifier)).size).to.equal(1);
    expect(new Set(disks.map((disk) => disk.dataWriteGuid)).size).to.equal(3);
    expect(disks[2]?.locator).to.include({
      linkage: disks[0]?.dataWriteGuid,
      relativePath: `..\\${baseId}\\blank-base.vhdx`,
    });
    expect(disks[0]).to.include({ creator: 'Porthole', isLogDirty: false, logicalSectorSize: 512 });
  });

  it('read through to their parents, and zeros beyond them', () => {
    using chain = openVhdxChain(sandbox);

    expect(chain.disks.map((disk) => disk.info.path)).to.deep.equal([sandbox, base]);
    expect(chain.read(512, 512).toString('latin1', 0, 8)).to.equal('EFI PART');
    expect(chain.read(20 * GiB - 512, 512).toString('latin1', 0, 8)).to.equal('EFI PART');
    expect(chain.read(10 * GiB, 1024).equals(Buffer.alloc(1024))).to.equal(true);
    expect(chain.read(49 * GiB, 512).equals(Buffer.alloc(512))).to.equal(true);
  });

  const has = (command: string): boolean =>
    spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;
  const run = (command: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).to.equal(0);
    return stdout;
  };

  describe(`for qemu-img${has('qemu-img') ? '' : ' (skipped: package qemu-utils is not installed)'}`, () => {
    before(function () {
      if (!has('qemu-img')) this.skip();
    });

    it('is an error-free image with its content', () => {
      expect(run('qemu-img', 'check', base)).to.include('No errors were found on the image.');
      expect(JSON.parse(run('qemu-img', 'info', '--output=json', base))).to.deep.include({
        format: 'vhdx',
        'virtual-size': 20 * GiB,
        'cluster-size': MiB,
      });
      const raw = join(store, 'base.raw');
      run('qemu-img', 'convert', '-O', 'raw', base, raw);
      using chain = openVhdxChain(base);
      expect(chain.read(0, MiB).equals(firstBytes(raw, MiB))).to.equal(true);
      rmSync(raw);
    });

    it('writes images that we read', () => {
      const theirs = join(store, 'theirs.vhdx');
      run(
        'qemu-img',
        'create',
        '-q',
        '-f',
        'vhdx',
        '-o',
        'subformat=dynamic,block_size=1048576',
        theirs,
        '20G',
      );

      expect(inspectVhdx(theirs)).to.deep.include({ type: 'dynamic', virtualSize: 20 * GiB, blockSize: MiB });
    });
  });

  describe(`for vhdiinfo${has('vhdiinfo') ? '' : ' (skipped: package libvhdi-utils is not installed)'}`, () => {
    before(function () {
      if (!has('vhdiinfo')) this.skip();
    });

    it('is a disk of its type, with the parent that it names', () => {
      expect(run('vhdiinfo', base)).to.match(/Disk type\s+: Dynamic/);
      for (const child of [blank, sandbox]) {
        const text = run('vhdiinfo', child);
        expect(text).to.match(/Disk type\s+: Differential/);
        expect(text).to.include(inspectVhdx(base).dataWriteGuid);
        expect(text).to.match(/Parent filename\s+: .*blank-base\.vhdx/);
      }
    });
  });

  describe('when damaged', () => {
    let broken: string;

    /** A copy of a disk with bytes overwritten. */
    function damage(disk: string, ...patches: readonly (readonly [offset: number, hex: string])[]): string {
      copyFileSync(disk, broken);
      const descriptor = openSync(broken, 'r+');
      for (const [offset, hex] of patches)
        writeSync(descriptor, Buffer.from(hex, 'hex'), 0, hex.length / 2, offset);
      closeSync(descriptor);
      return broken;
    }

    /** A copy whose region table (both) or header is changed and has the right checksum again. */
    function resealed(
      disk: string,
      offsets: readonly number[],
      size: number,
      change: (bytes: Buffer) => void,
    ): string {
      const patches = offsets.map((offset) => {
        const bytes = Buffer.from(readFileSync(disk).subarray(offset, offset + size));
        change(bytes);
        bytes.writeUInt32LE(structureChecksum(bytes), 4);
        return [offset, bytes.toString('hex')] as const;
      });
      return damage(disk, ...patches);
    }

    before(() => {
      broken = join(store, scratchKey, 'broken.vhdx');
    });

    const metadata = 2 * MiB;
    const bat = 3 * MiB;
    const regionTables = [192 * KiB, 256 * KiB];
    const cases: [string, () => string, RegExp][] = [
      ['a file that is something else', () => damage(base, [0, '00']), /this is no VHDX file/],
      [
        'two broken headers',
        () => damage(base, [64 * KiB + 20, 'ff'], [128 * KiB + 20, 'ff']),
        /both headers are damaged/,
      ],
      [
        'two broken region tables',
        () => damage(base, [192 * KiB + 20, 'ff'], [256 * KiB + 20, 'ff']),
        /both region tables/,
      ],
      [
        'an unknown required region',
        () => resealed(base, regionTables, 64 * KiB, (bytes) => bytes.fill(0xee, 48, 64)),
        /unknown required region eeeeeeee/,
      ],
      [
        'two block tables',
        () => resealed(base, regionTables, 64 * KiB, (bytes) => void bytes.copy(bytes, 48, 16, 32)),
        /two block allocation tables/,
      ],
      [
        'overlapping regions',
        () => resealed(base, regionTables, 64 * KiB, (bytes) => void bytes.writeUInt32LE(2 * MiB, 16 + 16)),
        /two structures overlap/,
      ],
      [
        'a region in the headers',
        () => resealed(base, regionTables, 64 * KiB, (bytes) => void bytes.writeUInt32LE(0, 16 + 16)),
        /region 2dc27766.* lies at 0/,
      ],
      [
        'a metadata table without signature',
        () => damage(base, [metadata, '00']),
        /metadata table has no signature/,
      ],
      ['a block size of three', () => damage(base, [metadata + 64 * KiB, '03000000']), /block size is 3/],
      [
        'a disk of no size',
        () => damage(base, [metadata + 64 * KiB + 8, '0000000000000000']),
        /disk size is 0/,
      ],
      [
        'a sector size of 513',
        () => damage(base, [metadata + 64 * KiB + 16, '01020000']),
        /sector size is 513/,
      ],
      [
        'a disk too large for its block table',
        () => damage(base, [metadata + 64 * KiB + 8, '0000000000400000']),
        /block allocation table is too short/,
      ],
      [
        'a metadata item outside',
        () => damage(base, [metadata + 32 + 16, '0000ffff']),
        /lies outside the metadata region/,
      ],
      [
        'a missing metadata item',
        () => damage(base, [metadata + 32, '00']),
        /unknown required metadata item/,
      ],
      [
        'a block state that does not exist',
        () => damage(base, [bat, '05']),
        /block table entry 0 has state 5/,
      ],
      [
        'a partial block in a disk without parent',
        () => damage(base, [bat, '07']),
        /block table entry 0 has state 7/,
      ],
      ['a block beyond the end', () => damage(base, [bat, '0600004000000000']), /bytes where \d+ are needed/],
      [
        'two blocks in one place',
        () => damage(base, [bat + 8, '0600400000000000']),
        /two structures overlap at 4194304/,
      ],
      ['a block on the block table', () => damage(base, [bat, '0600300000000000']), /two structures overlap/],
      [
        'a partial block without sector bitmap',
        () => damage(blank, [bat, '0700400000000000']),
        /has no sector bitmap/,
      ],
      [
        'a parent locator of another type',
        () => damage(blank, [metadata + 64 * KiB + 40, '00']),
        /unknown type/,
      ],
      [
        'a parent locator with too many entries',
        () => damage(blank, [metadata + 64 * KiB + 40 + 18, 'ffff']),
        /claims 65535 entries/,
      ],
      [
        'a parent locator entry outside',
        () => damage(blank, [metadata + 64 * KiB + 40 + 20, 'ffffff00']),
        /entry outside itself/,
      ],
    ];
    for (const [what, make, message] of cases) {
      it(`refuses ${what}`, () => {
        const path = make();

        expect(() => inspectVhdx(path))
          .to.throw(message)
          .with.property('code', 'VHDX_INVALID');
      });
    }

    it('refuses a file that is cut off', () => {
      for (const size of [0, 100, 128 * KiB, 2 * MiB + 10, 4 * MiB - 1]) {
        copyFileSync(base, broken);
        truncateSync(broken, size);
        expect(() => inspectVhdx(broken), String(size))
          .to.throw()
          .with.property('code', 'VHDX_INVALID');
      }
    });

    it('gets by with one header and one region table', () => {
      expect(inspectVhdx(damage(base, [128 * KiB + 20, 'ff'], [192 * KiB + 20, 'ff'])).type).to.equal(
        'dynamic',
      );
    });

    it('says that the log is dirty', () => {
      const dirty = resealed(base, [128 * KiB], 4 * KiB, (bytes) => bytes.fill(1, 48, 64));

      expect(inspectVhdx(dirty).isLogDirty).to.equal(true);
    });

    it('refuses a parent that is another one', () => {
      const other = join(store, 'c'.repeat(64));
      mkdirSync(other);
      createBaseDisks(other, 'c'.repeat(64));
      copyFileSync(base, join(other, 'blank-base.vhdx'));

      expect(() => openVhdxChain(join(other, 'blank.vhdx'))).to.throw(
        /is not the parent that it was made from/,
      );
    });

    it('refuses a parent that is gone', () => {
      rmSync(join(store, 'c'.repeat(64), 'blank-base.vhdx'));

      expect(() => openVhdxChain(join(store, 'c'.repeat(64), 'blank.vhdx'))).to.throw(/ENOENT/);
    });
  });
});

function firstBytes(path: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, bytes, 0, length, 0);
  closeSync(descriptor);
  return bytes;
}

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { directorySecurityDescriptor, fileSecurityDescriptor } from '../../src/layer/metadata.ts';
import { formatHeader, paddingOf } from '../../src/layer/tar-writer.ts';
import { whiteoutHeader, windowsHeader } from '../../src/layer/windows-records.ts';
import type { TarHeader } from '../../src/layer/tar-writer.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Name, payload and checksum text of the `x` block, then name and checksum text of the main block. */
function describeHeader(header: Buffer): {
  x?: [string, string, string];
  main: [string, string];
  bytes: number;
} {
  const text = (at: number, length: number): string =>
    header.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  const main = header.length - 512;
  const described = {
    main: [text(main, 100), text(main + 148, 7)] as [string, string],
    bytes: header.length,
  };
  if (main === 0) return described;
  const size = parseInt(text(124, 12), 8);
  return { x: [text(0, 100), text(148, 7), header.subarray(512, 512 + size).toString()], ...described };
}

function buildkitStyle(
  name: string,
  type: '0' | '5',
  mode: number,
  attributes: number,
  sd?: string,
): TarHeader {
  const records = new Map([
    ['LIBARCHIVE.creationtime', '1700000000.0'],
    ['MSWINDOWS.fileattr', String(attributes)],
  ]);
  if (sd !== undefined) records.set('MSWINDOWS.rawsd', sd);
  return { name, type, mode, mtime: '1700000000', records, ...(type === '0' ? { size: 6 } : {}) };
}

describe('tar writer', () => {
  it('writes a directory without descriptor as other tools do', () => {
    expect(describeHeader(formatHeader(buildkitStyle('Hives', '5', 0o40000, 16)))).to.deep.equal({
      x: [
        'PaxHeaders.0/Hives',
        '011212',
        '40 LIBARCHIVE.creationtime=1700000000.0\n25 MSWINDOWS.fileattr=16\n',
      ],
      main: ['Hives', '010231'],
      bytes: 1536,
    });
  });

  it('names the records of a directory with a trailing slash after its empty base', () => {
    const header = formatHeader(buildkitStyle('Files/app/', '5', 0o40755, 16, directorySecurityDescriptor));

    expect(describeHeader(header)).to.deep.equal({
      x: [
        'Files/app/PaxHeaders.0',
        describeHeader(header).x![1],
        `40 LIBARCHIVE.creationtime=1700000000.0\n25 MSWINDOWS.fileattr=16\n309 MSWINDOWS.rawsd=${directorySecurityDescriptor}\n`,
      ],
      main: ['Files/app/', '011075'],
      bytes: 1536,
    });
  });

  it('writes a whole file entry byte for byte', () => {
    const header = formatHeader(
      buildkitStyle('Files/app/hello.txt', '0', 0o100755, 32, fileSecurityDescriptor),
    );
    const entry = Buffer.concat([header, Buffer.from('hello\n'), Buffer.alloc(paddingOf(6))]);

    expect(describeHeader(header)).to.deep.include({ main: ['Files/app/hello.txt', '012735'] });
    expect(describeHeader(header).x?.slice(0, 2)).to.deep.equal([
      'Files/app/PaxHeaders.0/hello.txt',
      '013715',
    ]);
    expect(entry).to.have.length(2048);
    expect(sha256(entry)).to.equal('87751ca9c689782562e523cd99f27c8921491296a11b1033f63a917f0bd74e2f');
  });

  it('writes a file as the Windows exporter does', () => {
    const header = formatHeader(
      windowsHeader(
        'Files/app/hello.txt',
        'file',
        {
          attributes: 32,
          securityDescriptor: fileSecurityDescriptor,
          modified: '1700000000.1234567',
          created: '1699999990.5',
        },
        { size: 6 },
      ),
    );

    expect(describeHeader(header)).to.deep.equal({
      x: [
        'Files/app/PaxHeaders.0/hello.txt',
        '013706',
        '40 LIBARCHIVE.creationtime=1699999990.5\n25 MSWINDOWS.fileattr=32\n' +
          `189 MSWINDOWS.rawsd=${fileSecurityDescriptor}\n` +
          '28 atime=1700000000.1234567\n28 ctime=1700000000.1234567\n28 mtime=1700000000.1234567\n',
      ],
      main: ['Files/app/hello.txt', '012714'],
      bytes: 1536,
    });
  });

  it('writes a whiteout as one plain block', () => {
    const header = formatHeader(whiteoutHeader('Files/app/old.txt'));

    expect(describeHeader(header)).to.deep.equal({ main: ['Files/app/.wh.old.txt', '013011'], bytes: 512 });
    expect(sha256(header)).to.equal('5398af3ad263a785d54c3a1bb92c6554a7d2db837eeb10b5e11600081714ce35');
  });

  it('writes a junction', () => {
    const header = formatHeader(
      windowsHeader(
        'Files/junc',
        'symlink',
        { attributes: 1040, mountPoint: true, modified: '1700000000' },
        { linkName: 'C:\\app' },
      ),
    );

    expect(describeHeader(header)).to.deep.equal({
      x: [
        'Files/PaxHeaders.0/junc',
        '012140',
        '38 LIBARCHIVE.creationtime=1700000000\n27 MSWINDOWS.fileattr=1040\n26 MSWINDOWS.mountpoint=1\n' +
          '20 atime=1700000000\n20 ctime=1700000000\n',
      ],
      main: ['Files/junc', '012206'],
      bytes: 1536,
    });
  });

  it('writes a hard link', () => {
    const header = formatHeader({
      name: 'Files/app/hello2.txt',
      type: '1',
      mode: 0o644,
      linkName: 'Files/app/hello.txt',
      mtime: '1700000000',
      records: new Map([
        ['LIBARCHIVE.creationtime', '1700000000'],
        ['MSWINDOWS.fileattr', '32'],
        ['atime', '1700000000'],
        ['ctime', '1700000000'],
      ]),
    });

    expect(describeHeader(header).main).to.deep.equal(['Files/app/hello2.txt', '016472']);
  });

  const long = `Files/${'d'.repeat(60)}/${'f'.repeat(60)}`;
  const recordCases: [string, TarHeader, string][] = [
    ['a name over 100 bytes', { name: long, type: '0', mode: 0, mtime: '0' }, `137 path=${long}\n`],
    ['a name above ASCII', { name: 'Files/naïve', type: '0', mode: 0, mtime: '0' }, '21 path=Files/naïve\n'],
    [
      'a link target above ASCII',
      { name: 'Files/x', type: '1', mode: 0, mtime: '0', linkName: 'Files/ÿ' },
      '21 linkpath=Files/ÿ\n',
    ],
    [
      'a size of 8 GiB',
      { name: 'Files/x', type: '0', mode: 0, mtime: '0', size: 8 * 2 ** 30 },
      '19 size=8589934592\n',
    ],
    [
      'a time before 1970',
      { name: 'Files/x', type: '0', mode: 0, mtime: '-11644473600' },
      '22 mtime=-11644473600\n',
    ],
  ];
  for (const [what, header, payload] of recordCases) {
    it(`puts ${what} into a record`, () => {
      expect(describeHeader(formatHeader(header)).x?.[2]).to.equal(payload);
    });
  }
});

import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { LayerError } from '../../src/layer/layer-error.ts';
import {
  formatPaxRecords,
  normalizePaxTime,
  paxTimeOfMilliseconds,
  paxTimeOfNanoseconds,
} from '../../src/layer/pax.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import { formatHeader, paddingOf, tarEnd } from '../../src/layer/tar-writer.ts';
import { baseImageLayers } from '../support/base-image.ts';
import type { TarEntry } from '../../src/layer/tar-reader.ts';

interface Read {
  readonly entry: TarEntry;
  readonly body: string;
}

/** Everything that a parser gives for these bytes in pieces of that size. */
function read(bytes: Buffer, pieceSize = bytes.length): Read[] {
  const found: Read[] = [];
  let current: TarEntry | undefined;
  let body = '';
  const parser = new TarParser({
    entry: (entry) => {
      expect(current).to.equal(undefined);
      current = entry;
      body = '';
    },
    data: (chunk, start, end) => {
      body += chunk.toString('latin1', start, end);
    },
    end: () => {
      found.push({ entry: current!, body });
      current = undefined;
    },
  });
  for (let at = 0; at < bytes.length; at += pieceSize) {
    // A fresh copy each time, wiped afterwards: the parser may keep nothing of a chunk.
    const piece = Buffer.from(bytes.subarray(at, at + pieceSize));
    parser.push(piece);
    piece.fill(0xee);
  }
  parser.finish();
  expect(current).to.equal(undefined);
  return found;
}

/** A header block by its fields, with the right checksum. */
function block(fields: {
  name?: string | Buffer;
  mode?: string;
  size?: string | Buffer;
  mtime?: string | Buffer;
  type?: string;
  link?: string;
  magic?: string;
  prefix?: string | Buffer;
  trailer?: string;
  signed?: boolean;
}): Buffer {
  const bytes = Buffer.alloc(512);
  const put = (value: string | Buffer | undefined, at: number): void => {
    if (value !== undefined) Buffer.from(value as string, 'latin1').copy(bytes, at);
  };
  put(fields.name ?? 'x', 0);
  put(fields.mode ?? '0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(fields.size ?? '00000000000\0', 124);
  put(fields.mtime ?? '00000000000\0', 136);
  put(fields.type ?? '0', 156);
  put(fields.link, 157);
  put(fields.magic ?? 'ustar\x0000', 257);
  put(fields.prefix, 345);
  put(fields.trailer, 508);
  bytes.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of bytes) sum += fields.signed === true && byte > 127 ? byte - 256 : byte;
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

const octal = (value: number, digits = 11): string => `${value.toString(8).padStart(digits, '0')}\0`;
const padded = (body: string | Buffer): Buffer => {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
};
const extended = (records: Record<string, string>, type = 'x'): Buffer => {
  const payload = formatPaxRecords(new Map(Object.entries(records)));
  return Buffer.concat([
    block({ name: 'PaxHeaders.0/x', type, size: octal(payload.length) }),
    padded(payload),
  ]);
};
const gnu = (type: 'L' | 'K', name: string): Buffer =>
  Buffer.concat([
    block({ name: '././@LongLink', type, size: octal(name.length + 1), magic: 'ustar  \0' }),
    padded(`${name}\0`),
  ]);
const base256 = (value: bigint, length = 12): Buffer => {
  const bytes = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let i = length - 1; i >= 0; i -= 1) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0]! |= 0x80;
  return bytes;
};
const only = (...parts: Buffer[]): Read => {
  const found = read(Buffer.concat([...parts, tarEnd]));
  expect(found).to.have.length(1);
  return found[0]!;
};

describe('tar reader', () => {
  const long = `Files/${'directory/'.repeat(30)}name.txt`;

  const names: [string, Buffer[], Partial<TarEntry>][] = [
    ['a plain name', [block({ name: 'Files/a' })], { name: 'Files/a', type: '0' }],
    ['a name of 100 bytes without NUL', [block({ name: 'n'.repeat(100) })], { name: 'n'.repeat(100) }],
    ['the ustar prefix', [block({ name: 'b', prefix: 'Files/a' })], { name: 'Files/a/b' }],
    [
      'no prefix in a GNU header',
      [block({ name: 'b', prefix: '00000001', magic: 'ustar  \0' })],
      { name: 'b' },
    ],
    ['no prefix in a v7 header', [block({ name: 'b', prefix: 'junk', magic: '' })], { name: 'b' }],
    [
      'the shorter prefix of star',
      [block({ name: 'b', prefix: `a${'\0'.repeat(130)}123`, trailer: 'tar\0' })],
      { name: 'a/b' },
    ],
    ['a PAX path', [extended({ path: long }), block({ name: 'short' })], { name: long }],
    ['a PAX path over a prefix', [extended({ path: 'p' }), block({ name: 'b', prefix: 'a' })], { name: 'p' }],
    ['the header when the PAX path is empty', [extended({ path: '' }), block({ name: 'b' })], { name: 'b' }],
    [
      'a PAX link target',
      [extended({ linkpath: long }), block({ type: '1', link: 'short' })],
      { linkName: long },
    ],
    ['a GNU name', [gnu('L', long), block({ name: 'short' })], { name: long }],
    ['a GNU link target', [gnu('K', long), block({ type: '1' })], { linkName: long }],
    ['a GNU name over a PAX path', [gnu('L', long), extended({ path: 'p' }), block({})], { name: long }],
    [
      'UTF-8 in the header',
      [block({ name: Buffer.from('Files/ä') })],
      { name: 'Files/ä', rawName: undefined },
    ],
    [
      'UTF-8 in a record',
      [extended({ path: 'Files/日本é' }), block({})],
      { name: 'Files/日本é', rawName: undefined },
    ],
    ['a NUL type as a file', [block({ type: '\0' })], { type: '0' }],
    [
      'a NUL type with a slash as a directory',
      [block({ type: '\0', name: 'd/' })],
      { type: '5', name: 'd/' },
    ],
    ['type 0 with a slash as a file', [block({ type: '0', name: 'd/' })], { type: '0', name: 'd/' }],
    ['a contiguous file as a file', [block({ type: '7' })], { type: '0' }],
  ];
  for (const [what, parts, expected] of names) {
    it(`reads ${what}`, () => {
      expect(only(...parts).entry).to.deep.include(expected);
    });
  }

  it('does not let a name that is no UTF-8 meet another one', () => {
    const first = only(block({ name: Buffer.from('46696c65732feda0802fff', 'hex') })).entry;
    const second = only(block({ name: Buffer.from('46696c65732feda0812fff', 'hex') })).entry;

    expect(first.name).to.match(/^Files\/\ufffd+~[0-9a-f]{8}\/\ufffd~[0-9a-f]{8}$/);
    expect(first.name).to.not.equal(second.name);
    expect(first.rawName?.toString('hex')).to.equal('46696c65732feda0802fff');
  });

  it('applies records to the next entry only', () => {
    const [first, second] = read(
      Buffer.concat([
        extended({ path: 'long', 'MSWINDOWS.fileattr': '32' }),
        block({ name: 'a' }),
        block({ name: 'b' }),
        tarEnd,
      ]),
    );

    expect(first?.entry.name).to.equal('long');
    expect(first?.entry.records.get('MSWINDOWS.fileattr')).to.equal('32');
    expect(second?.entry.name).to.equal('b');
    expect(second?.entry.records.size).to.equal(0);
  });

  it('applies global records to nothing, as Go does', () => {
    expect(only(extended({ path: 'global' }, 'g'), block({ name: 'b' })).entry.name).to.equal('b');
  });

  const sizes: [string, Buffer[], number][] = [
    ['octal with blanks', [block({ size: '         12 ' })], 10],
    ['octal with a NUL in the middle', [block({ size: '00000000012\x007' })], 10],
    ['base-256', [block({ size: base256(10n) })], 10],
    ['a PAX size', [extended({ size: '10' }), block({ size: octal(3) })], 10],
  ];
  for (const [what, parts, size] of sizes) {
    it(`reads a size in ${what}`, () => {
      const found = only(...parts, padded('0123456789'));

      expect(found).to.deep.include({ body: '0123456789' });
      expect(found.entry.size).to.equal(size);
    });
  }

  const times: [string, Buffer[], string][] = [
    ['octal', [block({ mtime: octal(1_700_000_000) })], '1700000000'],
    ['negative base-256', [block({ mtime: base256(-11_644_473_600n) })], '-11644473600'],
    [
      'a record with a fraction',
      [extended({ mtime: '1700000000.1234567890123' }), block({})],
      '1700000000.123456789',
    ],
    ['a record before 1970', [extended({ mtime: '-1.50' }), block({})], '-1.5'],
  ];
  for (const [what, parts, mtime] of times) {
    it(`reads a time in ${what}`, () => {
      expect(only(...parts).entry.mtime).to.equal(mtime);
    });
  }

  it('takes no body for links and directories, whatever their size says', () => {
    const found = read(
      Buffer.concat([
        block({ type: '5', size: octal(9) }),
        block({ name: 'y', type: '2', size: octal(9) }),
        block({ name: 'z' }),
        tarEnd,
      ]),
    );

    expect(found.map(({ entry }) => [entry.name, entry.size])).to.deep.equal([
      ['x', 0],
      ['y', 0],
      ['z', 0],
    ]);
  });

  it('accepts checksums of signed bytes', () => {
    expect(only(block({ name: Buffer.from('ä'), signed: true })).entry.name).to.equal('ä');
  });

  it('does without an end marker, and ignores what follows one', () => {
    expect(read(block({ name: 'a' }))).to.have.length(1);
    expect(
      read(Buffer.concat([block({ name: 'a' }), tarEnd, block({ name: 'b' }), Buffer.from('junk')])),
    ).to.have.length(1);
    expect(read(Buffer.alloc(0))).to.have.length(0);
  });

  it('gives the same for every way of splitting the input', () => {
    const tar = baseImageLayers('nanoserver')[0]!.subarray(0, 24 * 1024);
    const cut = tar.subarray(0, tar.length - (tar.length % 512));
    const whole = digest(Buffer.concat([cut, tarEnd]), cut.length);

    for (const size of [1, 7, 511, 512, 513, 1000, 4096])
      expect(digest(Buffer.concat([cut, tarEnd]), size), String(size)).to.equal(whole);
  });

  function digest(tar: Buffer, pieceSize: number): string {
    const hash = createHash('sha256');
    const parser = new TarParser({
      entry: (entry) =>
        hash.update(JSON.stringify([entry.name, entry.type, entry.size, entry.mtime, [...entry.records]])),
      data: (chunk, start, end) => hash.update(chunk.subarray(start, end)),
      end: () => hash.update('.'),
    });
    for (let at = 0; at < tar.length; at += pieceSize) parser.push(tar.subarray(at, at + pieceSize));
    return hash.digest('hex');
  }

  const invalid: [string, Buffer[]][] = [
    ['a wrong checksum', [flip(block({}), 10)]],
    [
      'a checksum that is no number',
      [Buffer.concat([block({}).subarray(0, 148), Buffer.from('zzzzzzz'), block({}).subarray(155)])],
    ],
    ['a size that is no number', [block({ size: '0000000000x\0' })]],
    ['a negative size', [block({ size: base256(-1n) })]],
    ['a size beyond counting', [block({ size: base256(1n << 80n) })]],
    ['a PAX size that is no number', [extended({ size: '1e3' }), block({})]],
    ['a negative PAX size', [extended({ size: '-1' }), block({})]],
    ['a PAX time that is no time', [extended({ mtime: 'noon' }), block({})]],
    ['one zero block in the middle', [Buffer.alloc(512), block({})]],
    ['a record without length', [record('path=x\n')]],
    ['a record whose length is too large', [record('99 path=x\n')]],
    ['a record whose length is too small', [record('5 path=x\n')]],
    ['a record without newline', [record('9 path=xy')]],
    ['a record without equals sign', [record('8 pathx\n')]],
    ['a record without key', [record('5 =x\n')]],
    ['a record with NUL in a path', [record('10 path=a\0\n')]],
    ['records larger than 1 MiB', [block({ type: 'x', size: octal((1 << 20) + 1) })]],
    ['a GNU name larger than 1 MiB', [block({ type: 'L', size: octal((1 << 20) + 1) })]],
  ];
  for (const [what, parts] of invalid) {
    it(`refuses ${what}`, () => {
      expect(() => read(Buffer.concat([...parts, tarEnd])))
        .to.throw(LayerError, 'archive/tar: invalid tar header')
        .with.property('code', 'LAYER_TAR_INVALID');
    });
  }

  for (const key of ['GNU.sparse.major', 'GNU.sparse.map', 'GNU.sparse.size']) {
    it(`refuses sparse files (${key})`, () => {
      expect(() => read(Buffer.concat([extended({ [key]: '1' }), block({}), tarEnd])))
        .to.throw(LayerError, /sparse/)
        .with.property('code', 'LAYER_ENTRY_TYPE');
    });
  }

  it('refuses input that ends in the middle of anything', () => {
    const tar = Buffer.concat([
      extended({ path: 'Files/a' }),
      block({ size: octal(600) }),
      Buffer.alloc(1024),
    ]);
    for (const length of [1, 511, 513, 1023, 1025, 1535, 1536 + 1, 1536 + 600, tar.length - 1]) {
      expect(() => read(tar.subarray(0, length)), String(length)).to.throw(LayerError, 'unexpected EOF');
    }
  });

  function record(text: string): Buffer {
    return Buffer.concat([block({ type: 'x', size: octal(text.length) }), padded(text), block({})]);
  }

  function flip(bytes: Buffer, at: number): Buffer {
    bytes[at]! ^= 1;
    return bytes;
  }
});

describe('PAX times', () => {
  const cases: [string, string | undefined][] = [
    ['0', '0'],
    ['1700000000.500', '1700000000.5'],
    ['0012.0', '12'],
    ['-0', '0'],
    ['-0.25', '-0.25'],
    ['5.', '5'],
    ['1.1234567891', '1.123456789'],
    ['', undefined],
    ['.5', undefined],
    ['1e5', undefined],
    ['+1', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`takes ${JSON.stringify(text)} for ${expected}`, () => {
      expect(normalizePaxTime(text)).to.equal(expected);
    });
  }

  it('are cut to what NTFS keeps', () => {
    expect(paxTimeOfNanoseconds(1_700_000_000_123_456_789n)).to.equal('1700000000.1234567');
    expect(paxTimeOfNanoseconds(-500_000_000n)).to.equal('-0.5');
    expect(paxTimeOfMilliseconds(1_700_000_000_000)).to.equal('1700000000');
    expect(paxTimeOfMilliseconds(1.5)).to.equal('0.0015');
  });

  it('survive being written and read', () => {
    for (const mtime of ['0', '1700000000.1234567', '-11644473600', '-0.5', '68719476736']) {
      expect(only(formatHeader({ name: 'x', type: '5', mode: 0, mtime })).entry.mtime).to.equal(mtime);
    }
  });
});

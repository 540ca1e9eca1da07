import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectCompression } from '../../src/layer/compression.ts';
import { pumpLayer } from '../../src/layer/pump.ts';
import { rejection } from '../support/rejection.ts';

const content = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `${i} `).join(''));
const skippable = Buffer.from('502a4d180400000001020304', 'hex');

async function* pieces(...buffers: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const buffer of buffers) {
    await nextTurn();
    yield buffer;
  }
}

function split(buffer: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < buffer.length; at += size) parts.push(buffer.subarray(at, at + size));
  return parts;
}

async function pumped(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await pumpLayer(source, { write: (chunk) => void chunks.push(Buffer.from(chunk)) });
  return Buffer.concat(chunks);
}

describe('pumpLayer', () => {
  const gzip = gzipSync(content);
  const zstd = zstdCompressSync(content);
  const cases: [string, Uint8Array[], Buffer][] = [
    ['nothing', [], Buffer.alloc(0)],
    ['a plain tar', split(content, 70_000), content],
    ['gzip', [gzip], content],
    ['gzip in small pieces', split(gzip, 1000), content],
    ['gzip of two members', [gzip, gzip], Buffer.concat([content, content])],
    ['zstd', split(zstd, 1000), content],
    ['zstd of several frames', [zstd, zstd, zstd], Buffer.concat([content, content, content])],
    ['zstd with skippable frames', [zstd, skippable, zstd, skippable], Buffer.concat([content, content])],
    [
      'zstd with one frame a file',
      split(content.subarray(0, 60_000), 300).map((part) => zstdCompressSync(part)),
      content.subarray(0, 60_000),
    ],
  ];
  for (const [what, input, output] of cases) {
    it(`gives the content of ${what}`, async () => {
      expect((await pumped(pieces(...input))).equals(output)).to.equal(true);
    });
  }

  const broken: [string, Uint8Array[]][] = [
    ['gzip that ends early', [gzip.subarray(0, -9)]],
    ['gzip with a flipped byte', [flipped(gzip)]],
    ['zstd that ends early', [zstd.subarray(0, -3)]],
    ['zstd followed by something else', [zstd, Buffer.from('something else')]],
  ];
  for (const [what, input] of broken) {
    it(`refuses ${what}`, async () => {
      const error = await rejection(pumped(pieces(...input)));

      expect(error).to.include({ kind: 'invalid', code: 'LAYER_COMPRESSION_INVALID' });
      expect(error.message).to.match(/^failed to decompress layer: /);
    });
  }

  it('hands on the error of its source, and of its consumer', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, 5000);
      await nextTurn();
      throw new Error('connection lost');
    };
    const full = pumpLayer(pieces(gzip), {
      write: () => {
        throw new Error('disk full');
      },
    });

    expect((await rejection(pumped(failing()))).message).to.equal('connection lost');
    expect((await rejection(full)).message).to.equal('disk full');
  });

  it('ends a stalled transfer when it is aborted', async () => {
    const controller = new AbortController();
    const stalled = async function* (): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, 300_000);
      await new Promise(() => undefined);
    };
    const pumping = pumpLayer(stalled(), { write: () => undefined }, { signal: controller.signal });
    await nextTurn();
    controller.abort(new Error('stopped by the user'));

    expect((await rejection(pumping)).message).to.equal('stopped by the user');
  });
});

describe('detectCompression', () => {
  const cases: [string, string][] = [
    ['1f8b08', 'gzip'],
    ['28b52ffd', 'zstd'],
    ['425a6839', 'bzip2'],
    ['fd377a585a00', 'xz'],
    ['fd377a58', 'none'],
    ['46696c6573', 'none'],
    ['', 'none'],
  ];
  for (const [hex, expected] of cases) {
    it(`takes ${hex === '' ? 'nothing' : hex} for ${expected}`, () => {
      expect(detectCompression(Buffer.from(hex, 'hex'))).to.equal(expected);
    });
  }
});

describe('pumpLayer of what Node cannot inflate', () => {
  const fixture = (name: string): Buffer =>
    readFileSync(join(import.meta.dirname, '../../fixtures/archives', name));
  const numbers = Array.from({ length: 60_000 }, (_, at) => `${at + 1}\n`).join('');
  const runs = Buffer.concat(
    [1, 2, 3, 4, 5, 8, 254, 255, 256, 258, 259, 260, 263, 1000, 70_000].flatMap((count) => [
      Buffer.alloc(count, 'a'),
      Buffer.from('b'),
      Buffer.alloc(count),
      Buffer.from([0xff]),
    ]),
  );

  for (const name of ['numbers.tar.bz2', 'numbers.tar.xz']) {
    for (const [how, input] of [
      ['whole', [fixture(name)]],
      ['in small pieces', split(fixture(name), 999)],
    ] as const) {
      it(`gives the content of ${name} ${how}`, async () => {
        const tar = await pumped(pieces(...input));

        expect(tar.includes(numbers)).to.equal(true);
        expect(tar.includes('hello from an archive\n')).to.equal(true);
        expect(tar.length % 512).to.equal(0);
      });
    }

    it(`gives the content of two ${name} in a row`, async () => {
      const [once, twice] = [
        await pumped(pieces(fixture(name))),
        await pumped(pieces(fixture(name), fixture(name))),
      ];

      expect(twice.equals(Buffer.concat([once, once]))).to.equal(true);
    });
  }

  it('undoes the runs of bzip2', async () => {
    expect((await pumped(pieces(fixture('runs.bz2')))).equals(runs)).to.equal(true);
  });

  it('gives nothing for archives of nothing', async () => {
    expect(await pumped(pieces(fixture('empty.bz2')))).to.have.length(0);
    expect(await pumped(pieces(fixture('empty.xz')))).to.have.length(0);
  });

  it('hands out a block that swells to a million times its size in pieces, and stops when told to', async () => {
    let [most, sum] = [0, 0];
    await pumpLayer(pieces(fixture('zeros.bz2')), {
      write: (chunk) => {
        most = Math.max(most, chunk.length);
        sum += chunk.length;
      },
    });
    const error = await rejection(
      pumpLayer(pieces(fixture('zeros.bz2')), {
        write: () => {
          throw new Error('enough');
        },
      }),
    );

    expect([most, sum]).to.deep.equal([1 << 20, 45_899_235]);
    expect(error.message).to.equal('enough');
  });

  const bz2 = fixture('numbers.tar.bz2');
  const xz = fixture('numbers.tar.xz');
  const refused: [string, Buffer, string][] = [
    ['bzip2 that ends early', bz2.subarray(0, -30_000), 'bzip2: the input ends early'],
    ['bzip2 without its last byte', bz2.subarray(0, -1), 'bzip2: the input ends early'],
    ['bzip2 with a flipped checksum', changed(bz2, 10), 'bzip2: wrong checksum of a block'],
    ['bzip2 with a flipped checksum of all', changed(bz2, bz2.length - 3), 'bzip2: wrong checksum'],
    [
      'bzip2 followed by something else',
      Buffer.concat([bz2, Buffer.from('else')]),
      'bzip2: bad magic number',
    ],
    ['bzip2 in name only', Buffer.from('BZh91AY&SY not really'), 'bzip2: the input ends early'],
    ['bzip2 of no level', Buffer.from('BZhx1AY&SY'), 'bzip2: bad magic number'],
    ['xz that ends early', xz.subarray(0, -9000), 'xz: the input ends early, or something else follows it'],
    ['xz with a flipped byte', flipped(xz), 'xz: it is damaged'],
    ['xz of which there is only the magic', xz.subarray(0, 6), 'xz: the input ends early'],
    [
      'xz with a checksum that is not known',
      fixture('sha256.tar.xz'),
      'xz: it uses a filter or a checksum other than LZMA2, CRC32 and CRC64',
    ],
    [
      'xz with a filter that is not known',
      fixture('x86.tar.xz'),
      'xz: it uses a filter or a checksum other than LZMA2, CRC32 and CRC64',
    ],
  ];
  for (const [what, input, message] of refused) {
    it(`refuses ${what}`, async () => {
      const error = await rejection(pumped(pieces(input)));

      expect(error).to.include({ code: 'LAYER_COMPRESSION_INVALID' });
      expect(error.message).to.include(`failed to decompress layer: ${message}`);
    });
  }

  it('takes any damage to a block for what it is', async () => {
    for (let at = 4; at < bz2.length; at += 1_571) {
      const error = await rejection(pumped(pieces(changed(bz2, at))));
      expect(error, `byte ${at}`).to.include({ code: 'LAYER_COMPRESSION_INVALID' });
    }
  });

  it('lets one xz after the other through, also after one that was given up', async () => {
    const stopped = new AbortController();
    const first = pumpLayer(
      pieces(xz),
      {
        write: () => stopped.abort(new Error('given up')),
      },
      { signal: stopped.signal },
    );
    const second = pumped(pieces(xz));

    expect((await rejection(first)).message).to.equal('given up');
    expect((await second).includes(numbers)).to.equal(true);
  });

  it('passes the errors of the source on', async () => {
    for (const archive of [bz2, xz]) {
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield archive.subarray(0, 5000);
        await nextTurn();
        throw new Error('the line is dead');
      };
      expect((await rejection(pumped(source()))).message).to.equal('the line is dead');
    }
  });
});

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0xff;
  return copy;
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 0xff;
  return copy;
}

import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { detectCompression, pumpLayer } from '../../src/layer/pump.ts';
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
    ['46696c6573', 'none'],
    ['', 'none'],
  ];
  for (const [hex, expected] of cases) {
    it(`takes ${hex === '' ? 'nothing' : hex} for ${expected}`, () => {
      expect(detectCompression(Buffer.from(hex, 'hex'))).to.equal(expected);
    });
  }
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 0xff;
  return copy;
}

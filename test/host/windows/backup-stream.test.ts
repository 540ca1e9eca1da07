import { expect } from 'chai';
import { LayerError } from '../../../src/layer/layer-error.ts';
import { Seeded } from '../../support/seeded.ts';
import {
  alternateStreamHeader,
  backupPrefix,
  decodeExtendedAttributes,
  decodeReparsePoint,
  encodeExtendedAttributes,
  encodeReparsePoint,
  filetimeOf,
  paxTimeOf,
  readStreams,
  streamId,
} from '../../../src/host/windows/backup-stream.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('backup streams', () => {
  it('writes security and data as the recorded legacy file has them', () => {
    const security =
      '0100008014000000240000000000000000000000' +
      '01020000000000052000000021020000' +
      '01020000000000052000000021020000';
    const prefix = backupPrefix({
      type: 'file',
      metadata: { attributes: 0x20, modified: '0', securityDescriptor: hex(security).toString('base64') },
      size: 6,
      linkName: '',
    });

    expect(prefix.toString('hex')).to.equal(
      `03000000000000003400000000000000` + `00000000${security}` + `0100000000000000060000000000000000000000`,
    );
  });

  it('names an alternate data stream', () => {
    expect(alternateStreamHeader('Zone.Identifier', 26).subarray(0, 20).toString('hex')).to.equal(
      '04000000000000001a000000000000002c000000',
    );
  });

  const reparse = [
    {
      title: 'a junction',
      target: 'C:\\app',
      mountPoint: true,
      bytes:
        '030000a0 2c00 0000 0000 1400 1600 0c00 5c003f003f005c0043003a005c00610070007000 0000 43003a005c00610070007000 0000',
    },
    {
      title: 'a relative symbolic link',
      target: '..\\x',
      mountPoint: false,
      bytes: '0c0000a0 2000 0000 0000 0800 0a00 0800 01000000 2e002e005c007800 0000 2e002e005c007800 0000',
    },
  ];
  for (const { title, target, mountPoint, bytes } of reparse) {
    it(`writes and reads ${title}`, () => {
      expect(encodeReparsePoint(target, mountPoint).toString('hex')).to.equal(hex(bytes).toString('hex'));
      expect(decodeReparsePoint(hex(bytes))).to.deep.equal({ target, mountPoint });
    });
  }

  it('gives UNC and device targets their NT names', () => {
    expect(encodeReparsePoint('//server/share', false).toString('utf16le', 20)).to.match(
      /^\\\?\?\\UNC\\server\\share/,
    );
    expect(encodeReparsePoint('\\\\?\\Volume{x}\\', true).toString('utf16le', 16)).to.match(
      /^\\\?\?\\Volume\{x\}\\/,
    );
  });

  it('writes and reads extended attributes', () => {
    const bytes = encodeExtendedAttributes({ 'KERNEL.TEST': Buffer.from([1, 2]).toString('base64') });

    expect(bytes.toString('hex')).to.equal('00000000000b02004b45524e454c2e54455354000102' + '0000');
    expect({ ...decodeExtendedAttributes(bytes) }).to.deep.equal({ 'KERNEL.TEST': 'AQI=' });
    const two = { A: 'AQ==', LONGER: 'AgMEBQ==' };
    expect({ ...decodeExtendedAttributes(encodeExtendedAttributes(two)) }).to.deep.equal(two);
  });

  it('reads back the streams it wrote', () => {
    const prefix = backupPrefix({
      type: 'symlink',
      metadata: { attributes: 0x410, modified: '0', extendedAttributes: { A: 'AQ==' } },
      size: 0,
      linkName: 'C:/x',
    });
    const streams = [...readStreams(prefix.length, (at, length) => prefix.subarray(at, at + length))];

    expect(streams.map((stream) => stream.id)).to.deep.equal([streamId.extendedAttributes, streamId.reparse]);
  });

  it('reads back whatever it writes', () => {
    const random = new Seeded(20_261_122);
    const bytes = (limit: number): Buffer =>
      Buffer.from(Array.from({ length: random.below(limit) }, () => random.below(256)));
    const letters = [...'abcXYZ 09_.-\\', 'ü', '日', '😀', '\ud83d'];
    const text = (limit: number): string =>
      `x${Array.from({ length: random.below(limit) }, () => random.pick(letters)).join('')}`;
    for (let round = 0; round < 500; round += 1) {
      const type = random.pick(['file', 'directory', 'symlink'] as const);
      const securityDescriptor = random.below(3) === 0 ? undefined : bytes(300).toString('base64');
      const extendedAttributes = Object.fromEntries(
        random.list(4, () => [`EA${random.below(1000)}`, bytes(random.pick([1, 9, 400])).toString('base64')]),
      );
      const mountPoint = type === 'symlink' && random.below(2) === 0;
      const linkName = random.pick(['', 'C:\\', '\\\\server\\', '\\\\?\\Volume{x}\\']) + text(60);
      const body = type === 'file' ? bytes(200) : Buffer.alloc(0);
      const named = random.list(3, () => ({ name: text(20).replaceAll('\\', ''), body: bytes(50) }));
      const whole = Buffer.concat([
        backupPrefix({
          type,
          metadata: {
            attributes: 0,
            modified: '0',
            extendedAttributes,
            ...(securityDescriptor === undefined ? {} : { securityDescriptor }),
            ...(mountPoint ? { mountPoint } : {}),
          },
          size: body.length,
          linkName,
        }),
        body,
        ...named.flatMap((stream) => [alternateStreamHeader(stream.name, stream.body.length), stream.body]),
      ]);

      const found = [...readStreams(whole.length, (at, length) => whole.subarray(at, at + length))];
      const of = (id: number) => found.filter((stream) => stream.id === id);
      const data = ({ start, size }: { start: number; size: number }): Buffer =>
        whole.subarray(start, start + size);
      const [security] = of(streamId.security);
      expect(security === undefined ? undefined : data(security).toString('base64')).to.equal(
        securityDescriptor,
      );
      const [ea] = of(streamId.extendedAttributes);
      expect(ea === undefined ? {} : { ...decodeExtendedAttributes(data(ea)) }).to.deep.equal(
        extendedAttributes,
      );
      const [reparse] = of(streamId.reparse);
      expect(reparse === undefined ? undefined : decodeReparsePoint(data(reparse))).to.deep.equal(
        type === 'symlink' ? { target: linkName, mountPoint } : undefined,
      );
      expect(of(streamId.data).map((stream) => data(stream).toString('hex'))).to.deep.equal(
        type === 'file' ? [body.toString('hex')] : [],
      );
      expect(
        of(streamId.alternateData).map((stream) => [stream.name, data(stream).toString('hex')]),
      ).to.deep.equal(named.map((stream) => [`:${stream.name}:$DATA`, stream.body.toString('hex')]));
    }
  });

  it('refuses link targets that no reparse point can hold', () => {
    expect(encodeReparsePoint('x'.repeat(4080), false)).to.have.length(16_344);
    expect(() => encodeReparsePoint('x'.repeat(4100), false)).to.throw(
      LayerError,
      'longer than a reparse point',
    );
    expect(() => encodeReparsePoint('x'.repeat(100_000), true)).to.throw(LayerError);
  });

  it('refuses unknown stream ids and cut streams', () => {
    const read = (bytes: Buffer): unknown => [
      ...readStreams(bytes.length, (at, length) => bytes.subarray(at, at + length)),
    ];

    expect(() => read(hex('0b000000 00000000 0000000000000000 00000000'))).to.throw('unknown stream ID 11');
    expect(() => read(hex('01000000 00000000 0500000000000000 00000000 6868'))).to.throw(
      'in the middle of its data',
    );
  });

  const times = [
    ['0', 116_444_736_000_000_000n],
    ['1700000000.1234567', 133_444_736_001_234_567n],
    ['-1.5', 116_444_735_985_000_000n],
  ] as const;
  for (const [pax, filetime] of times) {
    it(`converts ${pax} to a FILETIME and back`, () => {
      expect(filetimeOf(pax)).to.equal(filetime);
      expect(paxTimeOf(filetime)).to.equal(pax);
    });
  }
});

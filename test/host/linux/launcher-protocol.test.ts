import { expect } from 'chai';
import {
  decodeEnvironment,
  decodeNumber,
  decodeProcesses,
  encodeFrame,
  encodeNumbers,
  encodeStart,
  EventDecoder,
  winePath,
} from '../../../src/host/linux/launcher-protocol.ts';

const text = (value: string): Buffer => {
  const bytes = Buffer.from(`${value}\0`, 'utf16le');
  return Buffer.concat([encodeNumbers(bytes.length), bytes]);
};

describe('launcher protocol', () => {
  it('spells Unix paths as Wine does', () => {
    expect(winePath('/io/5')).to.equal('\\\\?\\unix\\io\\5');
  });

  it('writes a start request in the order of launcher.h', () => {
    const bytes = encodeStart({
      stdio: 3,
      stdioPath: '/io/1',
      commandLine: 'cmd /S /C "echo "a b""',
      directory: 'C:\\',
      environment: [
        ['A', ''],
        ['Ü', '日'],
      ],
      path: 'C:\\bin',
    });
    const environment = Buffer.from('A=\0Ü=日\0\0', 'utf16le');
    expect(bytes).to.deep.equal(
      Buffer.concat([
        encodeNumbers(3),
        text('\\\\?\\unix\\io\\1'),
        text('cmd /S /C "echo "a b""'),
        text('C:\\'),
        Buffer.concat([encodeNumbers(environment.length), environment]),
        text('C:\\bin'),
      ]),
    );
  });

  it('cuts a stream into events wherever it was split', () => {
    const stream = Buffer.concat([
      encodeFrame(100, 0),
      encodeFrame(106, 0, encodeNumbers(8, 0xc0000005)),
      encodeFrame(103, 7, encodeNumbers(1)),
    ]);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const decoder = new EventDecoder();
      const events = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
      expect(events.map(({ kind, tag }) => [kind, tag])).to.deep.equal([
        [100, 0],
        [106, 0],
        [103, 7],
      ]);
      expect([decodeNumber(events[1]!.payload), decodeNumber(events[1]!.payload, 1)]).to.deep.equal([
        8, 0xc0000005,
      ]);
    }
  });

  it('gives up on frames that our launcher never writes', () => {
    expect(() => new EventDecoder().push(encodeNumbers(0xfffffff0, 1, 1))).to.throw(RangeError);
    expect(() => new EventDecoder().push(encodeNumbers(4, 1, 1))).to.throw(RangeError);
  });

  it('reads process lists', () => {
    const times = Buffer.alloc(32);
    times.writeBigUInt64LE(133_000_000_000_000_000n, 0);
    times.writeBigUInt64LE(5n, 8);
    times.writeBigUInt64LE(6n, 16);
    times.writeBigUInt64LE(4096n, 24);
    const payload = Buffer.concat([encodeNumbers(8, 4), times, text('C:\\a\\b.exe')]);
    const expected = {
      pid: 8,
      parent: 4,
      created: 133_000_000_000_000_000n,
      kernel100ns: 5n,
      user100ns: 6n,
      workingSet: 4096,
      path: 'C:\\a\\b.exe',
    };
    expect(decodeProcesses(Buffer.concat([payload, payload]))).to.deep.equal([expected, expected]);
    expect(decodeProcesses(Buffer.alloc(0))).to.deep.equal([]);
  });

  it('reads registry variables', () => {
    const payload = Buffer.concat([
      encodeNumbers(0, 2),
      text('Path'),
      text('%A%'),
      encodeNumbers(1, 1),
      text('T'),
      text(''),
    ]);
    expect(decodeEnvironment(payload)).to.deep.equal([
      { scope: 'system', name: 'Path', value: '%A%', expand: true },
      { scope: 'user', name: 'T', value: '', expand: false },
    ]);
  });
});

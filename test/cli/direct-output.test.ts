import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { directOutput } from '../../src/cli/direct-output.ts';

/** A descriptor that takes what `take` allows a call, and a stream behind it. */
function output(take: (bytes: Uint8Array) => number | Error = (bytes) => bytes.length) {
  const written: string[] = [];
  const behind = new PassThrough();
  let opens = 0;
  let closed = 0;
  const made = directOutput({
    writeSync: (bytes) => {
      const count = take(bytes);
      if (count instanceof Error) throw count;
      written.push(Buffer.from(bytes.subarray(0, count)).toString());
      return count;
    },
    open: () => {
      opens++;
      return behind as unknown as NodeJS.WriteStream;
    },
    closed: () => closed++,
  });
  return { ...made, written, behind, opens: () => opens, closed: () => closed };
}
const failure = (code: string) => Object.assign(new Error(code), { code });

describe('cli/direct-output', () => {
  it('writes text and bytes without opening the stream', () => {
    const { stream, written, opens, opened } = output();
    expect(stream.write('a é')).to.equal(true);
    expect(stream.write(Buffer.from('b'))).to.equal(true);
    expect(stream.write('ff', 'hex')).to.equal(true);
    expect(written).to.deep.equal(['a é', 'b', '\ufffd']);
    expect([opens(), opened()]).to.deep.equal([0, undefined]);
  });

  it('goes on after a short write and calls back', async () => {
    const { stream, written } = output((bytes) => Math.min(2, bytes.length));
    await new Promise<void>((done) => stream.write('abcde', () => done()));
    expect(written).to.deep.equal(['ab', 'cd', 'e']);
  });

  it('leaves the rest to the stream when the descriptor is full', async () => {
    let room = 2;
    const { stream, written, behind, opens } = output((bytes) => {
      if (room === 0) return failure('EAGAIN');
      const count = Math.min(room, bytes.length);
      room -= count;
      return count;
    });
    await new Promise<void>((done) => stream.write('abcd', () => done()));
    stream.write('e');
    expect(written).to.deep.equal(['ab']);
    expect(String(behind.read())).to.equal('cde');
    expect(opens()).to.equal(1);
  });

  it('tells that the reader went away', () => {
    const { stream, closed } = output(() => failure('EPIPE'));
    expect(stream.write('x')).to.equal(false);
    expect(closed()).to.equal(1);
  });

  it('throws other errors', () => {
    const { stream } = output(() => failure('ENOSPC'));
    expect(() => stream.write('x')).to.throw('ENOSPC');
  });

  it('is the stream for everything else', () => {
    const { stream, behind, written } = output();
    const events: string[] = [];
    stream.on('pipe', () => events.push('pipe'));
    new PassThrough().pipe(stream);
    stream.write('late');
    expect(events).to.deep.equal(['pipe']);
    expect(String(behind.read())).to.equal('late');
    expect(written).to.deep.equal([]);
    expect('writableLength' in stream).to.equal(true);
    expect(stream instanceof PassThrough).to.equal(true);
  });
});

/** A chunk's memory is the caller's again when `drain` settles, however it settles. */
import { expect } from 'chai';
import type { WindowsMetadata } from '../../../src/layer/metadata.ts';
import type { ObjectWriter } from '../../../src/host/windows/layer-objects.ts';
import type { LayerTarget } from '../../../src/host/windows/layer-target.ts';
import { WriteQueue } from '../../../src/host/windows/write-queue.ts';

const metadata: WindowsMetadata = { attributes: 0x20, modified: '0' };
const megabyte = Buffer.alloc(1 << 20, 'x');

/** Writes wait until the test lets them end. */
class SlowTarget {
  readonly begun: string[] = [];
  readonly closed: string[] = [];
  readonly #ends = new Map<
    string,
    { readonly resolve: () => void; readonly reject: (error: Error) => void }
  >();

  readonly target = {
    open: async (path: string): Promise<ObjectWriter> => ({
      write: () => {
        this.begun.push(path);
        return new Promise<void>((resolve, reject) => this.#ends.set(path, { resolve, reject }));
      },
      close: async () => void this.closed.push(path),
    }),
    makeDirectory: async (path: string) => void this.begun.push(path),
  } as unknown as LayerTarget;

  async end(path: string, error?: Error): Promise<void> {
    const found = this.#ends.get(path)!;
    if (error === undefined) found.resolve();
    else found.reject(error);
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The outcome so far: undefined while it is open. */
function watch(promise: Promise<void>): () => string | undefined {
  let outcome: string | undefined;
  promise.then(
    () => (outcome = 'done'),
    (error: unknown) => (outcome = (error as Error).message),
  );
  return () => outcome;
}

describe('write queue', () => {
  let slow: SlowTarget;
  let queue: WriteQueue;
  beforeEach(() => {
    slow = new SlowTarget();
    queue = new WriteQueue(slow.target);
  });

  it('fails only when the other files of the chunk that were begun are written', async () => {
    queue.object('large', 'file', metadata, megabyte);
    const first = queue.drain();
    await settled();
    await slow.end('large');
    await first;

    queue.object('small', 'file', metadata, Buffer.from('a'));
    queue.object('bad', 'file', metadata, Buffer.from('b'));
    queue.object('open', 'file', metadata, Buffer.from('c'));
    const outcome = watch(queue.drain());
    await settled();
    // The end of the large one comes first.
    await slow.end('large');
    await slow.end('bad', new Error('access denied'));
    expect(outcome()).to.equal(undefined);
    await slow.end('small');
    expect(outcome()).to.equal('access denied');
  });

  it('begins nothing more once it is abandoned, and is abandoned when nothing is written any more', async () => {
    queue.object('one', 'file', metadata, Buffer.from('a'));
    queue.directory('folder');
    queue.object('two', 'file', metadata, Buffer.from('b'));
    queue.object('three', 'file', metadata, Buffer.from('c'));
    const outcome = watch(queue.drain());
    await settled();
    const abandoned = watch(queue.abandon());
    await settled();
    expect([slow.begun, outcome(), abandoned()]).to.deep.equal([['one'], undefined, undefined]);

    await slow.end('one');
    expect([slow.begun, slow.closed, abandoned()]).to.deep.equal([['one'], ['one'], 'done']);
    expect(outcome()).to.equal('the layer was given up');
  });
});

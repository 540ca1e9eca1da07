/**
 * Decompression overlapped with its consumer (performance.md 1.1, 1.2, 3.3): zlib runs in the thread pool while the main
 * thread hashes, parses and writes what came out before. Memory is bounded by the queue, whatever the blob's size.
 */
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { PortholeError, asError } from '../../../errors/porthole-error.ts';
import type { BlobSource } from './blob-source.ts';

export interface InflateOptions {
  readonly signal?: AbortSignal | undefined;
  /** Compressed bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
}

/** What the source held was replaced while it was read: everything handed on is void. */
export class SourceRestarted extends Error {}

export type Consumer = (chunk: Buffer) => void | Promise<void>;

const inputBytes = 1 << 19;
const outputBytes = 1 << 20;
/** Uncompressed chunks that may wait; inflating stops above and goes on below. */
const queueHigh = 6;
const queueLow = 3;

/**
 * Hands the uncompressed bytes to `consume`, in order. The compression is told by its first bytes: gzip, zstd or none.
 * Data that can't be read: kind `invalid`, code `LAYER_CORRUPT`. How much may come out is the consumer's to judge.
 */
export async function inflateBlob(
  source: BlobSource,
  consume: Consumer,
  options: InflateOptions = {},
): Promise<void> {
  const { generation } = source;
  const head = Buffer.alloc(6);
  const headBytes = await readFully(source, head, 0, generation);
  if (decoderFor(head.subarray(0, headBytes)) === undefined) {
    await copyPlain(source, consume, options);
    return;
  }
  for (let position = 0; position < source.size;) {
    const memberBytes = await readFully(source, head, position, generation);
    const decoder = decoderFor(head.subarray(0, memberBytes), position > 0);
    // gzip: like every other reader, what follows the last member is ignored.
    if (decoder === undefined) return;
    position += await new Inflater(source, position, generation, decoder, consume, options).run();
  }
}

const zstdMagic = 0xfd2fb528;

/** Undefined: not compressed. Within a zstd blob there may be skippable frames between the others. */
function decoderFor(head: Buffer, following = false): Decoder | undefined {
  const word = head.length >= 4 ? head.readUInt32LE(0) : 0;
  if (head[0] === 0x1f && head[1] === 0x8b && !following) return createGunzip({ chunkSize: outputBytes });
  if (word === zstdMagic || (word & 0xfffffff0) >>> 0 === 0x184d2a50) {
    return createZstdDecompress({ chunkSize: outputBytes });
  }
  if (following) return undefined;
  const magic = head.toString('latin1');
  const other = magic.startsWith('BZh') ? 'bzip2' : magic === '\xfd7zXZ\0' ? 'xz' : undefined;
  if (other === undefined) return undefined;
  throw new PortholeError('invalid', 'LAYER_COMPRESSION', `layer compression ${other} is not supported`, {
    hint: 'push the image again with gzip or zstd layers',
  });
}

async function copyPlain(source: BlobSource, consume: Consumer, options: InflateOptions): Promise<void> {
  const { generation } = source;
  for (let position = 0; position < source.size;) {
    options.signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(inputBytes);
    const count = source.readAt(buffer, position);
    if (count === 0) {
      await source.waitBeyond(position, generation);
      if (source.generation !== generation) throw new SourceRestarted();
      continue;
    }
    await consume(buffer.subarray(0, count));
    position += count;
    options.onProgress?.(position);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

type Decoder = Transform & { readonly bytesWritten: number };

/** One gzip stream (all members: zlib goes on by itself) or one zstd frame. */
class Inflater {
  readonly #source: BlobSource;
  readonly #start: number;
  readonly #generation: number;
  readonly #decoder: Decoder;
  readonly #consume: Consumer;
  readonly #options: InflateOptions;
  readonly #queue: Buffer[] = [];
  #ended = false;
  #scheduled = false;
  #busy = false;
  #finish: (error?: unknown) => void = () => undefined;

  constructor(
    source: BlobSource,
    start: number,
    generation: number,
    decoder: Decoder,
    consume: Consumer,
    options: InflateOptions,
  ) {
    this.#source = source;
    this.#start = start;
    this.#generation = generation;
    this.#decoder = decoder;
    this.#consume = consume;
    this.#options = options;
  }

  /** Resolves with the compressed bytes that were used. */
  async run(): Promise<number> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    let cancel: () => void = () => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = (error) => (error === undefined ? resolve() : reject(asError(error)));
        cancel = () => this.#finish(signal?.reason);
        signal?.addEventListener('abort', cancel, { once: true });
        this.#decoder.on('data', (chunk: Buffer) => this.#received(chunk));
        this.#decoder.once('end', () => {
          this.#ended = true;
          this.#schedule();
        });
        this.#decoder.once('error', (error) => this.#finish(corrupt(error)));
        this.#feed().catch((error: unknown) => this.#finish(error));
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#finish = () => undefined;
      this.#ended = true;
      this.#queue.length = 0;
      this.#decoder.destroy();
    }
    if (this.#decoder.bytesWritten === 0) throw corrupt(new Error('unexpected end of file'));
    return this.#decoder.bytesWritten;
  }

  /** One write at a time: the buffers are used again when the decoder has taken the bytes in. */
  async #feed(): Promise<void> {
    const source = this.#source;
    const generation = this.#generation;
    const buffers = [Buffer.allocUnsafe(inputBytes), Buffer.allocUnsafe(inputBytes)];
    let position = this.#start;
    for (let turn = 0; position < source.size && !this.#ended; turn += 1) {
      const buffer = buffers[turn % 2]!;
      const count = source.readAt(buffer, position);
      if (source.generation !== generation) throw new SourceRestarted();
      if (count === 0) {
        await source.waitBeyond(position, generation);
        continue;
      }
      position += count;
      await new Promise<void>((resolve, reject) => {
        this.#decoder.write(buffer.subarray(0, count), (error) =>
          error == null ? resolve() : reject(corrupt(error)),
        );
      });
      this.#options.onProgress?.(position);
    }
    this.#decoder.end();
  }

  #received(chunk: Buffer): void {
    this.#queue.push(chunk);
    if (this.#queue.length >= queueHigh) this.#decoder.pause();
    this.#schedule();
  }

  /** The consumer runs in a turn of its own, so that the next inflate call is under way before it starts. */
  #schedule(): void {
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#step();
    });
  }

  #step(): void {
    const chunk = this.#queue.shift();
    if (chunk === undefined) {
      if (this.#ended) this.#finish();
      return;
    }
    if (this.#queue.length <= queueLow && this.#decoder.isPaused()) this.#decoder.resume();
    try {
      const waiting = this.#consume(chunk);
      if (waiting !== undefined) {
        this.#busy = true;
        waiting.then(
          () => {
            this.#busy = false;
            this.#schedule();
          },
          (error: unknown) => this.#finish(error),
        );
        return;
      }
    } catch (error) {
      this.#finish(error);
      return;
    }
    if (this.#queue.length > 0 || this.#ended) this.#schedule();
  }
}

async function readFully(
  source: BlobSource,
  target: Buffer,
  from: number,
  generation: number,
): Promise<number> {
  let filled = 0;
  while (filled < target.length && from + filled < source.size) {
    const count = source.readAt(target.subarray(filled), from + filled);
    if (count === 0) await source.waitBeyond(from + filled, generation);
    if (source.generation !== generation) throw new SourceRestarted();
    filled += count;
  }
  return filled;
}

function corrupt(cause: unknown): PortholeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PortholeError(
    'invalid',
    'LAYER_CORRUPT',
    `archive/tar: cannot decompress the layer: ${reason}`,
    { cause },
  );
}

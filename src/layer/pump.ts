/**
 * Feeds a compressed layer into its consumer with inflate and consumer overlapped: inflate runs in the thread pool while
 * this thread hashes, parses and writes the chunk before (performance.md 1.1, 1.2, 3.3).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { asError } from '../errors/porthole-error.ts';
import { compressionHeadBytes, detectCompression, inflateOther } from './compression.ts';
import type { Compression } from './compression.ts';
import { eventOrClose } from './event-or-close.ts';
import { LayerError } from './layer-error.ts';
import type { Gunzip, ZstdDecompress } from 'node:zlib';

/** Takes uncompressed chunks in order; done with the chunk when it returns (or its promise resolves). */
export interface ChunkConsumer {
  write(chunk: Uint8Array): void | Promise<void>;
}

export interface PumpOptions {
  readonly signal?: AbortSignal;
  /** Told by the first bytes when absent: media types are sometimes wrong. */
  readonly compression?: Compression;
  /** Told of each piece of input (as joined) that the decompressor is done with, in order. */
  readonly onTaken?: (piece: Uint8Array) => void;
}

const outputBytes = 2 << 20;
/** Inflated chunks that may wait for the consumer: bounds memory to about 10 MiB a layer. */
const queueLimit = 5;
/** Input pieces are joined to this size: every inflate call costs a turn through the thread pool. */
const batchBytes = 512 << 10;

/**
 * Reads `source` (compressed bytes, any piece sizes) to its end and writes what it inflates to into `consumer`. A stream
 * that does not inflate or ends early is code `LAYER_COMPRESSION_INVALID`; errors of either side are thrown as they are.
 */
export async function pumpLayer(
  source: AsyncIterable<Uint8Array>,
  consumer: ChunkConsumer,
  options: PumpOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  const input = new Input(batched(source), options.signal);
  try {
    const head = await input.head(compressionHeadBytes);
    if (head === undefined) return;
    const compression = options.compression ?? detectCompression(head);
    if (compression === 'none') {
      for (let batch = await input.next(); batch !== undefined; batch = await input.next()) {
        options.signal?.throwIfAborted();
        await consumer.write(batch);
      }
      return;
    }
    if (compression === 'bzip2' || compression === 'xz')
      return await inflateSlowly(compression, input, consumer, options);
    // Node's zstd stream ends with its first frame, and some tools write one frame a file.
    for (let frame = 0; ; frame += 1) {
      await inflateFrame(createInflate(compression, frame), input, consumer, options);
      const next = await input.next();
      if (next === undefined || compression === 'gzip') return;
      input.unread([next]);
    }
  } finally {
    input.close();
  }
}

/** Without the thread pool: the few archives that come so are not worth more. */
async function inflateSlowly(
  compression: 'bzip2' | 'xz',
  input: Input,
  consumer: ChunkConsumer,
  { signal, onTaken }: PumpOptions,
): Promise<void> {
  let sourceFailed = false;
  const batches = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (let batch = await input.next(); batch !== undefined; batch = await input.next()) {
        yield batch;
        onTaken?.(batch);
      }
    } catch (error) {
      sourceFailed = true;
      throw error;
    }
  };
  const chunks = await inflateOther(compression, batches());
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch((cause: unknown) => {
        throw sourceFailed ? cause : undecodable(asError(cause));
      });
      if (done === true) return;
      signal?.throwIfAborted();
      await nextTurn();
      await consumer.write(value);
    }
  } finally {
    await chunks.return();
  }
}

function undecodable(cause: Error): LayerError {
  return new LayerError('LAYER_COMPRESSION_INVALID', `failed to decompress layer: ${cause.message}`, {
    cause,
  });
}

type Decompressor = Gunzip | ZstdDecompress;

function createInflate(compression: 'gzip' | 'zstd', frame: number): Decompressor {
  const options = { chunkSize: frame === 0 ? outputBytes : outputBytes / 8, highWaterMark: 4 << 20 };
  return compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
}

/** Inflates until the decompressor says that it has its end; what it did not take is put back into `input`. */
async function inflateFrame(
  decompressor: Decompressor,
  input: Input,
  consumer: ChunkConsumer,
  options: PumpOptions,
): Promise<void> {
  const { signal } = options;
  const queue: Buffer[] = [];
  let failure: Error | undefined;
  let ended = false;
  let wake = (): void => undefined;
  decompressor.on('data', (chunk: Buffer) => {
    queue.push(chunk);
    if (queue.length >= queueLimit) decompressor.pause();
    wake();
  });
  decompressor.once('end', () => {
    ended = true;
    wake();
  });
  decompressor.on('error', (cause: Error) => {
    failure ??= undecodable(cause);
    wake();
  });
  const onAbort = (): void => wake();
  signal?.addEventListener('abort', onAbort);
  const feeding = feed(decompressor, input, options.onTaken).catch((error: unknown) => {
    failure ??= asError(error);
    wake();
  });
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (failure !== undefined) throw failure;
      const chunk = queue.shift();
      if (chunk !== undefined) {
        // A turn of the loop lets the next inflate call start before this thread gets busy.
        await nextTurn();
        await consumer.write(chunk);
        if (queue.length < queueLimit / 2 && decompressor.isPaused()) decompressor.resume();
      } else if (ended) {
        break;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    decompressor.destroy();
  }
  await feeding;
}

/** Writes `input` until one of the two is over, then puts back what was not taken. */
async function feed(
  decompressor: Decompressor,
  input: Input,
  onTaken: PumpOptions['onTaken'],
): Promise<void> {
  const fed: Uint8Array[] = [];
  /** Bytes of the whole input before `fed[0]`. */
  let before = 0;
  const isOver = (): boolean => decompressor.destroyed || decompressor.readableEnded;
  while (!isOver()) {
    const batch = await input.next();
    if (batch !== undefined) fed.push(batch);
    if (isOver()) break;
    if (batch === undefined) {
      decompressor.end();
      await eventOrClose(decompressor, 'close');
    } else if (!decompressor.write(batch)) {
      await eventOrClose(decompressor, 'drain');
    }
    while (fed.length > 0 && before + fed[0]!.length <= decompressor.bytesWritten) {
      const taken = fed.shift()!;
      before += taken.length;
      onTaken?.(taken);
    }
  }
  const [partly, ...rest] = fed;
  if (partly !== undefined) input.unread([partly.subarray(decompressor.bytesWritten - before), ...rest]);
}

/** The batches, with a way to put some back. */
class Input {
  readonly #batches: AsyncGenerator<Uint8Array, undefined>;
  readonly #unread: Uint8Array[] = [];
  /** Rejects when the caller gives up, so that a source that says nothing more holds up nobody. */
  readonly #aborted: Promise<never>;

  constructor(batches: AsyncGenerator<Uint8Array, undefined>, signal: AbortSignal | undefined) {
    this.#batches = batches;
    this.#aborted = new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
    });
    this.#aborted.catch(() => undefined);
  }

  /** The first bytes, without taking them. Undefined when there are none. */
  async head(bytes: number): Promise<Uint8Array | undefined> {
    let head = await this.next();
    while (head !== undefined && head.length < bytes) {
      const more = await this.next();
      if (more === undefined) break;
      head = Buffer.concat([head, more]);
    }
    if (head !== undefined) this.unread([head]);
    return head;
  }

  async next(): Promise<Uint8Array | undefined> {
    return this.#unread.shift() ?? (await Promise.race([this.#batches.next(), this.#aborted])).value;
  }

  unread(batches: readonly Uint8Array[]): void {
    this.#unread.unshift(...batches.filter((batch) => batch.length > 0));
  }

  /** Not awaited: a stalled source would hold up the error that its owner needs in order to close it. */
  close(): void {
    this.#batches.return(undefined).catch(() => undefined);
  }
}

async function* batched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < batchBytes) continue;
    yield pieces.length === 1 ? piece : Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pieces, bytes);
  return undefined;
}

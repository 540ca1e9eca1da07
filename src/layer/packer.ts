/** Entries to tar bytes in large chunks: small files are read straight into the chunk, so packing costs no copies
 *  (performance.md 1.4). */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { LayerError } from './layer-error.ts';
import { formatHeader, paddingOf, tarEnd } from './tar-writer.ts';
import type { ComposeContent } from './compose-entry.ts';
import type { TarHeader } from './tar-writer.ts';

export interface PackItem {
  readonly header: TarHeader;
  /** Exactly `header.size` bytes. */
  readonly content?: ComposeContent;
}

const chunkBytes = 1 << 20;
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * The tar of the items, in their order, with its end marker. A source that is not exactly as long as its header says is
 * code `LAYER_SOURCE_CHANGED`.
 */
export async function* packEntries(
  items: Iterable<PackItem> | AsyncIterable<PackItem>,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const batch = new Batch();
  for await (const item of items) {
    signal?.throwIfAborted();
    yield* batch.add(formatHeader(item.header));
    const size = item.header.size ?? 0;
    if (item.content !== undefined && size > 0) {
      if ('bytes' in item.content) yield* batch.add(sized(item.content.bytes, size, item.header.name));
      else if ('hostPath' in item.content)
        yield* packFile(batch, item.content.hostPath, size, item.header.name);
      else yield* packStream(batch, item.content.open(), size, item.header.name);
    }
    yield* batch.add(tarEnd.subarray(0, paddingOf(size)));
  }
  yield* batch.add(tarEnd);
  yield* batch.rest();
}

/** Gathers bytes into chunks. Every chunk that is given out has memory of its own. */
class Batch {
  #chunk = Buffer.allocUnsafe(chunkBytes);
  #used = 0;

  *add(bytes: Uint8Array): Generator<Buffer> {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(bytes.length - at, chunkBytes - this.#used);
      this.#chunk.set(bytes.subarray(at, at + taken), this.#used);
      this.#used += taken;
      at += taken;
      if (this.#used === chunkBytes) yield* this.rest();
    }
  }

  /** Reads up to `limit` bytes of a file into the chunk; gives how many. */
  read(descriptor: number, limit: number): number {
    const count = readSync(
      descriptor,
      this.#chunk,
      this.#used,
      Math.min(limit, chunkBytes - this.#used),
      null,
    );
    this.#used += count;
    return count;
  }

  *whenFull(): Generator<Buffer> {
    if (this.#used === chunkBytes) yield* this.rest();
  }

  *rest(): Generator<Buffer> {
    if (this.#used === 0) return;
    const full = this.#chunk.subarray(0, this.#used);
    this.#chunk = Buffer.allocUnsafe(chunkBytes);
    this.#used = 0;
    yield full;
  }
}

function* packFile(batch: Batch, path: string, size: number, name: string): Generator<Buffer> {
  const descriptor = openSync(path, readFlags);
  try {
    if (!fstatSync(descriptor).isFile()) throw changed(name, 'it is no regular file');
    for (let left = size; left > 0;) {
      const count = batch.read(descriptor, left);
      if (count === 0) throw changed(name, `it ended ${left} bytes early`);
      left -= count;
      yield* batch.whenFull();
    }
    if (fstatSync(descriptor).size !== size) throw changed(name, 'it grew');
  } finally {
    closeSync(descriptor);
  }
}

async function* packStream(
  batch: Batch,
  stream: AsyncIterable<Uint8Array>,
  size: number,
  name: string,
): AsyncGenerator<Buffer> {
  let left = size;
  for await (const chunk of stream) {
    left -= chunk.length;
    if (left < 0) throw changed(name, 'it is longer than announced');
    yield* batch.add(chunk);
  }
  if (left > 0) throw changed(name, `it ended ${left} bytes early`);
}

function sized(bytes: Uint8Array, size: number, name: string): Uint8Array {
  if (bytes.length !== size) throw changed(name, `it has ${bytes.length} bytes, not ${size}`);
  return bytes;
}

function changed(name: string, why: string): LayerError {
  return new LayerError('LAYER_SOURCE_CHANGED', `${name}: the file changed while it was read: ${why}`, {
    entry: name,
  });
}

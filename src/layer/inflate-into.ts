import type { Writable } from 'node:stream';
import { asError } from '../errors/porthole-error.ts';
import { eventOrClose } from './event-or-close.ts';
import { pumpLayer } from './pump.ts';

/**
 * Writes what an archive inflates to (`pumpLayer`) into a reader of tars, as fast as that takes it, and ends it. `onInflated` is
 * told of the bytes before they are written and throws for too many. Whatever fails ends the reader with the error, too.
 */
export async function inflateInto(
  reader: Writable,
  source: AsyncIterable<Uint8Array>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onInflated?: (bytes: number) => void;
  } = {},
): Promise<void> {
  const { signal, onInflated } = options;
  const write = async (chunk: Uint8Array): Promise<void> => {
    onInflated?.(chunk.length);
    if (reader.destroyed) throw new Error('nobody reads the archive any more');
    if (!reader.write(chunk)) await eventOrClose(reader, 'drain');
  };
  try {
    await pumpLayer(source, { write }, signal === undefined ? {} : { signal });
    reader.end();
  } catch (error) {
    reader.destroy(asError(error));
    throw error;
  }
}

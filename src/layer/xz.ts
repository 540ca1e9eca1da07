/** Inflates xz by `xz-decompress`, which is XZ Embedded as WebAssembly: without filters other than LZMA2, checks up to CRC64. */
import { asError } from '../errors/porthole-error.ts';
import { UnsupportedCompression } from './compression.ts';

/** What XZ Embedded answers, in words. */
const damages: Readonly<Record<string, string>> = {
  3: 'not enough memory',
  5: 'bad magic number',
  7: 'it is damaged',
  8: 'the input ends early, or something else follows it',
};

/** Its memory limit is the dictionary of `xz -9`, 64 MiB. */
const limits: Readonly<Record<string, string>> = {
  4: 'its dictionary is too large: compress it with xz -9 or less',
  6: 'it uses a filter or a checksum other than LZMA2, CRC32 and CRC64',
};

/** The library has one decoder at a time: others wait for it. */
let turn: Promise<void> = Promise.resolve();

/**
 * The content of one or several xz streams in a row. Throws an Error that says what is wrong. A piece of `source` may be
 * reused once the next is asked for.
 */
export async function* inflateXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const before = turn;
  let done = (): void => undefined;
  turn = new Promise((resolve) => (done = resolve));
  try {
    await before;
    yield* decode(source);
  } finally {
    done();
  }
}

async function* decode(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const { default: library } = await import('xz-decompress');
  const input = source[Symbol.asyncIterator]();
  let failure: unknown;
  const compressed = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = (await input.next()) as IteratorResult<Uint8Array, undefined>;
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          failure = error;
          throw error;
        }
      },
    },
    // Read when wanted only: a piece is done with when the next is asked for.
    { highWaterMark: 0 },
  );
  const reader = new library.XzReadableStream(compressed).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } catch (error) {
    throw failure === undefined ? explained(asError(error)) : asError(failure);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function explained(error: Error): Error {
  const code = /error code (\d+)$/.exec(error.message)?.[1] ?? '';
  const limit = limits[code];
  if (limit !== undefined) return new UnsupportedCompression(`xz: ${limit}`, { cause: error });
  // Without a code its own account of missing input has failed.
  return new Error(`xz: ${damages[code] ?? 'the input ends early'}`, { cause: error });
}

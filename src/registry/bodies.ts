/** Reading response bodies with limits: on size, and on silence. */
import type { Readable } from 'node:stream';
import { PortholeError } from '../errors/porthole-error.ts';

/** The whole body, at most `limit` bytes. Above it: kind `invalid`, code `BODY_TOO_LARGE`, and the connection is dropped. */
export async function readBody(body: Readable, limit: number, what: string): Promise<Buffer> {
  const { bytes, complete } = await readUpTo(body, limit);
  if (complete) return bytes;
  throw new PortholeError('invalid', 'BODY_TOO_LARGE', `${what} is larger than ${limit} bytes`, {
    hint: 'the registry sent something that is not an image document',
  });
}

/** What fits into `limit`; the rest is dropped. */
export async function readUpTo(body: Readable, limit: number): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      chunks.push(chunk.subarray(0, chunk.length - (size - limit)));
      body.destroy();
      return { bytes: Buffer.concat(chunks), complete: false };
    }
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), complete: true };
}

/** Throws a body away: small ones are read so that the connection can be used again. */
export async function discardBody(body: Readable): Promise<void> {
  try {
    await readUpTo(body, 64 << 10);
  } catch {
    body.destroy();
  }
}

/**
 * Destroys the stream with an `IDLE_TIMEOUT` error when no data came for `ms`. Paused streams are not silent: the reader
 * calls `touch` when it takes up reading again.
 */
export function watchIdle(body: Readable, ms: number): { touch(): void; stop(): void } {
  const timer = setTimeout(() => {
    if (body.isPaused()) timer.refresh();
    else body.destroy(Object.assign(new Error('no data received'), { code: 'IDLE_TIMEOUT' }));
  }, ms);
  timer.unref();
  return { touch: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

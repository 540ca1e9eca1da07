/**
 * Streaming a blob into a sink, resumed with Range after broken connections (images-and-registries.md 2.6, 2.7). Size is
 * checked while streaming: one byte too many ends the transfer. The digest is the sink's to check.
 */
import type { Descriptor } from '../image/descriptor.ts';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import { delayAfter } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { discardBody, watchIdle } from './bodies.ts';
import type { Clock } from './clock.ts';
import { RegistryError, isWorthRetrying } from './errors.ts';
import type { HttpResponse } from './http.ts';
import { networkError } from './network-error.ts';
import { releaseBuffer } from './release-buffer.ts';

/** Where the bytes go, in order. */
export interface BlobSink {
  /** Bytes that are there already. */
  readonly offset: number;
  /** Chunks are consumed before it returns. */
  write(chunks: readonly Buffer[]): void;
  /** Forget everything: the next byte is byte 0. */
  restart(): void;
}

export interface BlobDownload {
  readonly descriptor: Pick<Descriptor, 'digest' | 'size'>;
  readonly sink: BlobSink;
  /** Opens the blob from an offset: 200, 206 or 416. Called again for every attempt. */
  readonly open: (offset: number, signal: AbortSignal | undefined) => Promise<HttpResponse>;
  readonly clock: Clock;
  readonly backoff: BackoffPolicy;
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (bytes: number) => void;
  readonly onRetry?: (waitMs: number) => void;
}

/** Pieces of the network (64 KiB) are handed on together: fewer writes and hash calls (performance.md 3.3). */
const batchBytes = 1 << 19;

/**
 * Returns when `sink.offset` is the blob's size. Attempts count only while no new byte arrives. Errors: kind `invalid`, code
 * `BLOB_SIZE_MISMATCH` (too long), `RegistryError` for the rest.
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  const { descriptor, sink, clock, backoff, signal } = download;
  let failed = 0;
  while (sink.offset < descriptor.size || failed === 0) {
    signal?.throwIfAborted();
    const before = sink.offset;
    try {
      await attempt(download);
      if (sink.offset === descriptor.size) return;
      throw truncated(descriptor.digest);
    } catch (error) {
      if (!isWorthRetrying(error) && !isExpiredRedirect(error)) throw error;
      if (sink.offset > before) failed = 0;
      failed += 1;
      const wait = delayAfter(failed, backoff, clock.random(), error.retryAfterMs);
      if (wait === undefined) throw error;
      download.onRetry?.(wait);
      await clock.sleep(wait, signal);
    }
  }
}

async function attempt(download: BlobDownload): Promise<void> {
  const { descriptor, sink, signal } = download;
  const response = await download.open(sink.offset, signal);
  let skip = 0;
  if (
    response.status === 416 ||
    (response.status === 206 && !matchesRange(response, sink.offset, descriptor.size))
  ) {
    await discardBody(response.body);
    if (response.status === 416 && sink.offset === descriptor.size) return;
    sink.restart();
    throw new RegistryError(
      'unavailable',
      'expected HTTP 206 from byte range request',
      { method: 'GET', url: response.url, status: response.status, errors: [] },
      { retriable: true },
    );
  }
  if (response.status === 200) skip = sink.offset;
  const length = Number(response.header('content-length') ?? Number.NaN);
  if (Number.isFinite(length) && length + (skip > 0 ? 0 : sink.offset) > descriptor.size) {
    response.body.destroy();
    throw tooLong(descriptor);
  }
  await pump(download, response, skip);
}

function pump(download: BlobDownload, response: HttpResponse, skipBytes: number): Promise<void> {
  const { descriptor, sink, signal } = download;
  const { body } = response;
  let skip = skipBytes;
  let batch: Buffer[] = [];
  let batched = 0;
  const flush = (): void => {
    if (batched === 0) return;
    sink.write(batch);
    batch.forEach(releaseBuffer);
    batch = [];
    batched = 0;
    download.onProgress?.(sink.offset);
  };
  return new Promise((resolve, reject) => {
    const idle = watchIdle(body, download.idleMs);
    let settled = false;
    const settle = (error?: unknown): void => {
      if (settled) return;
      settled = true;
      idle.stop();
      signal?.removeEventListener('abort', cancel);
      body.on('error', () => undefined);
      if (error === undefined) {
        resolve();
        return;
      }
      body.destroy();
      reject(asError(error));
    };
    /** What has arrived is kept, whatever ends the transfer. */
    const keep = (): unknown => {
      try {
        flush();
        return undefined;
      } catch (error) {
        return error;
      }
    };
    const cancel = (): void => {
      keep();
      settle(signal?.reason);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    body.on('data', (received: Buffer) => {
      if (settled) return;
      idle.touch();
      let chunk = received;
      if (skip > 0) {
        const dropped = Math.min(skip, chunk.length);
        skip -= dropped;
        chunk = chunk.subarray(dropped);
        if (chunk.length === 0) return;
      }
      if (sink.offset + batched + chunk.length > descriptor.size) {
        settle(tooLong(descriptor));
        return;
      }
      batch.push(chunk);
      batched += chunk.length;
      if (batched < batchBytes) return;
      const error = keep();
      if (error !== undefined) settle(error);
    });
    body.once('end', () => settle(keep()));
    body.once('error', (error: Error) => {
      const writing = keep();
      if (signal?.aborted === true) settle(signal.reason);
      else settle(writing ?? networkError('GET', response.url, error));
    });
    body.once('close', () =>
      settle(settled ? undefined : networkError('GET', response.url, prematureClose())),
    );
    if (signal?.aborted === true) cancel();
  });
}

function matchesRange(response: HttpResponse, offset: number, size: number): boolean {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.header('content-range') ?? '');
  if (match === null || Number(match[1]) !== offset) return false;
  if (match[3] === '*') return Number(match[2]) < size;
  return Number(match[3]) === size && Number(match[2]) === size - 1;
}

/** Signed addresses run out: the next attempt starts at the registry again. */
function isExpiredRedirect(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError &&
    error.status === 403 &&
    /[?&](sig|x-amz-signature|x-goog-signature|signature)=/i.test(error.url)
  );
}

function prematureClose(): Error {
  return Object.assign(new Error('Premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}

function truncated(digest: string): RegistryError {
  return new RegistryError(
    'unavailable',
    `unexpected EOF`,
    { method: 'GET', url: `blob:${digest}`, status: 0, errors: [{ code: 'TRUNCATED', message: digest }] },
    { retriable: true, hint: `the registry sent less of ${digest} than its manifest says` },
  );
}

function tooLong(descriptor: Pick<Descriptor, 'digest' | 'size'>): PortholeError {
  return new PortholeError(
    'invalid',
    'BLOB_SIZE_MISMATCH',
    `filesystem layer verification failed for digest ${descriptor.digest}`,
    { hint: `the registry sends more than the ${descriptor.size} bytes that the manifest says` },
  );
}

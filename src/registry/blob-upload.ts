/**
 * Pushing blobs and manifests (images-and-registries.md 7.1): existence check, mount from another repository of the same
 * registry, one PUT with the body, and PATCH of the rest when the connection broke in between.
 */
import type { Readable } from 'node:stream';
import { PortholeError } from '../errors/porthole-error.ts';
import type { Digest } from '../image/digest.ts';
import { delayAfter } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { discardBody } from './bodies.ts';
import type { Clock } from './clock.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { RegistryError, isWorthRetrying } from './errors.ts';
import type { HttpResponse } from './http.ts';
import type { Repository } from './repository.ts';
import { isPrivateAddress } from './private-address.ts';
import { bareHost } from './proxy-rules.ts';
import type { RegistryTimeouts } from './timeouts.ts';

export interface BlobUpload {
  readonly repository: Repository;
  readonly client: EndpointClient;
  readonly digest: Digest;
  readonly size: number;
  /** The blob's bytes from an offset. Destroyed when not read to its end. */
  readonly read: (offset: number) => Readable;
  /** Repository paths of the same registry that have the blob; the first few are tried. */
  readonly mountFrom?: readonly string[];
  readonly clock: Clock;
  readonly backoff: BackoffPolicy;
  readonly timeouts: Pick<RegistryTimeouts, 'finish'>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (bytes: number) => void;
  readonly onRetry?: (waitMs: number) => void;
}

export type UploadResult =
  | { readonly kind: 'exists' }
  | { readonly kind: 'mounted'; readonly from: string }
  | { readonly kind: 'uploaded' };

const created = [200, 201, 202, 204];

/** Resolves when the registry has the blob under its digest. */
export async function uploadBlob(upload: BlobUpload): Promise<UploadResult> {
  const { repository, client, digest, signal } = upload;
  if (await repository.hasBlob(client, digest, signal)) return { kind: 'exists' };
  let location: string | undefined;
  for (const from of mountCandidates(upload)) {
    const answer = await tryMount(upload, from);
    if (answer === 'mounted') {
      if (location !== undefined) await cancelUpload(upload, location);
      return { kind: 'mounted', from };
    }
    if (answer !== undefined && location !== undefined) await cancelUpload(upload, location);
    location = answer ?? location;
  }
  let failed = 0;
  for (;;) {
    let sent = 0;
    try {
      const offset = location === undefined || failed === 0 ? 0 : await uploadedBytes(upload, location);
      location ??= await startUpload(upload);
      const finished = await sendFrom(upload, location, offset, (bytes) => (sent = bytes));
      checkDigest(finished, digest);
      return { kind: 'uploaded' };
    } catch (error) {
      if (!isWorthRetrying(error)) {
        if (location !== undefined) await cancelUpload(upload, location);
        throw error;
      }
      if (sent > 0 && failed > 0) failed -= 1;
      failed += 1;
      const wait = delayAfter(failed, upload.backoff, upload.clock.random(), error.retryAfterMs);
      if (wait === undefined) throw error;
      upload.onRetry?.(wait);
      await upload.clock.sleep(wait, signal);
      if (error.status >= 400) location = undefined;
    }
  }
}

/** Puts manifest bytes under a tag or digest. Error: `RegistryError`, or kind `invalid` when the registry changed the bytes. */
export async function putManifest(
  target: {
    readonly repository: Repository;
    readonly client: EndpointClient;
    readonly signal?: AbortSignal | undefined;
  },
  tagOrDigest: string,
  manifest: { readonly bytes: Buffer; readonly mediaType: string; readonly digest: Digest },
): Promise<void> {
  const response = await target.client.exchange({
    method: 'PUT',
    target: target.repository.path(`manifests/${tagOrDigest}`),
    headers: { 'Content-Type': manifest.mediaType, 'Content-Length': String(manifest.bytes.length) },
    body: () => manifest.bytes,
    scopes: target.repository.scopes,
    accept: created,
    signal: target.signal,
  });
  await discardBody(response.body);
  checkDigest(response, manifest.digest);
}

/** More candidates are worth a try the more there is to send (Docker: 4, 3 or 1). */
function mountCandidates(upload: BlobUpload): readonly string[] {
  const limit = upload.size > 10e6 ? 4 : upload.size > 100e3 ? 3 : 1;
  return (upload.mountFrom ?? []).filter((path) => path !== upload.repository.reference.path).slice(0, limit);
}

/** `mounted`, the location of the session that was opened instead, or undefined when the registry refuses. */
async function tryMount(upload: BlobUpload, from: string): Promise<string | undefined> {
  const { repository, client, digest, signal } = upload;
  const query = new URLSearchParams({ mount: digest, from });
  try {
    const response = await client.exchange({
      method: 'POST',
      target: repository.path(`blobs/uploads/?${query.toString()}`),
      headers: { 'Content-Length': '0' },
      scopes: [...repository.scopes, `repository:${from}:pull`],
      accept: [201, 202],
      signal,
    });
    await discardBody(response.body);
    return response.status === 201 ? 'mounted' : locationOf(upload, response);
  } catch (error) {
    if (error instanceof RegistryError && error.status >= 400 && error.status < 500) return undefined;
    throw error;
  }
}

async function startUpload(upload: BlobUpload): Promise<string> {
  const response = await upload.client.exchange({
    method: 'POST',
    target: upload.repository.path('blobs/uploads/'),
    headers: { 'Content-Length': '0' },
    scopes: upload.repository.scopes,
    accept: [202],
    signal: upload.signal,
  });
  await discardBody(response.body);
  return locationOf(upload, response);
}

/** From the start: one PUT. After a break: PATCH of the rest, then an empty PUT. */
async function sendFrom(
  upload: BlobUpload,
  location: string,
  offset: number,
  onSent: (bytes: number) => void,
): Promise<HttpResponse> {
  const rest = upload.size - offset;
  const streamed = offset === 0 && rest > 0;
  let end = location;
  if (!streamed && rest > 0) {
    const patched = await send(upload, 'PATCH', location, offset, onSent, {
      'Content-Type': 'application/octet-stream',
      'Content-Range': `${offset}-${upload.size - 1}`,
    });
    await discardBody(patched.body);
    end = locationOf(upload, patched);
  }
  const finish = withDigest(end, upload.digest);
  const response = streamed
    ? await send(upload, 'PUT', finish, 0, onSent, { 'Content-Type': 'application/octet-stream' })
    : await exchangeAt(upload, 'PUT', finish, { 'Content-Length': '0' });
  await discardBody(response.body);
  return response;
}

async function send(
  upload: BlobUpload,
  method: 'PUT' | 'PATCH',
  target: string,
  offset: number,
  onSent: (bytes: number) => void,
  headers: Record<string, string>,
): Promise<HttpResponse> {
  let stream: Readable | undefined;
  try {
    return await exchangeAt(
      upload,
      method,
      target,
      { ...headers, 'Content-Length': String(upload.size - offset) },
      () => {
        stream?.destroy();
        stream = upload.read(offset);
        let sent = offset;
        stream.on('data', (chunk: Buffer) => {
          sent += chunk.length;
          onSent(sent - offset);
          upload.onProgress?.(sent);
        });
        stream.pause();
        return stream;
      },
    );
  } finally {
    stream?.destroy();
  }
}

function exchangeAt(
  upload: BlobUpload,
  method: 'PUT' | 'PATCH',
  target: string,
  headers: Record<string, string>,
  body?: () => Readable,
): Promise<HttpResponse> {
  return upload.client.exchange({
    method,
    target,
    headers,
    ...(body === undefined ? {} : { body }),
    scopes: upload.repository.scopes,
    accept: created,
    repeatable: false,
    headersTimeoutMs: upload.timeouts.finish,
    signal: upload.signal,
  });
}

/** How much of a broken upload has arrived; 0 with a new session when the registry no longer knows it. */
async function uploadedBytes(upload: BlobUpload, location: string): Promise<number> {
  const response = await upload.client.exchange({
    method: 'GET',
    target: location,
    scopes: upload.repository.scopes,
    accept: [204],
    signal: upload.signal,
  });
  await discardBody(response.body);
  const end = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '')?.[1];
  const received = end === undefined || end === '0' ? 0 : Number(end) + 1;
  if (received > upload.size)
    throw new PortholeError('internal', 'UPLOAD_RANGE', 'the registry reports more bytes than were sent');
  return received;
}

async function cancelUpload(upload: BlobUpload, location: string): Promise<void> {
  try {
    const response = await upload.client.exchange({
      method: 'DELETE',
      target: location,
      scopes: upload.repository.scopes,
      accept: [200, 202, 204],
      repeatable: false,
    });
    await discardBody(response.body);
  } catch {
    // The registry drops abandoned sessions by itself.
  }
}

/** Absolute, with its query kept. Never into a private network that isn't the registry's own, never from https to http. */
function locationOf(upload: BlobUpload, response: HttpResponse): string {
  const { endpoint } = upload.client;
  const text = response.header('location');
  if (text === null) {
    throw new PortholeError('internal', 'UPLOAD_LOCATION', 'the registry did not say where to upload to');
  }
  const url = new URL(text, response.url);
  const own = bareHost(new URL(endpoint.base).hostname);
  const host = bareHost(url.hostname);
  const downgraded = url.protocol !== 'https:' && !endpoint.insecure;
  if (downgraded || (isPrivateAddress(host) && host !== own)) {
    throw new PortholeError('internal', 'UPLOAD_LOCATION', `refusing to upload to ${url.origin}`);
  }
  return url.href;
}

function withDigest(location: string, digest: Digest): string {
  const url = new URL(location);
  return `${location}${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
}

function checkDigest(response: HttpResponse, digest: Digest): void {
  const told = response.header('docker-content-digest');
  if (told === null || told === digest || !told.startsWith(`${digest.split(':')[0]}:`)) return;
  throw new PortholeError('internal', 'UPLOAD_DIGEST', `the registry stored ${told} instead of ${digest}`, {
    hint: 'something between here and the registry changes what is sent',
  });
}

/** Gets one layer blob into the store: from the registry, or for foreign layers from the addresses in its descriptor. */
import type { BlobStore } from '../../../content/blobs.ts';
import { openIngest } from '../../../content/ingest.ts';
import type { Ingest } from '../../../content/ingest.ts';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import { downloadBlob } from '../../../registry/blob-download.ts';
import type { RegistryClient } from '../../../registry/client.ts';
import { RegistryError } from '../../../registry/errors.ts';
import type { HttpResponse } from '../../../registry/http.ts';
import { isPrivateAddress } from '../../../registry/private-address.ts';
import { bareHost } from '../../../registry/proxy-rules.ts';
import type { Repository } from '../../../registry/repository.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { LayerProgress } from './progress.ts';

export interface FetchContext {
  readonly paths: DataPaths;
  readonly blobs: BlobStore;
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly signal: AbortSignal;
}

/** Undefined: the blob is in the store already (another process may have brought it meanwhile). */
export async function openFetch(
  context: FetchContext,
  descriptor: Descriptor,
  progress: LayerProgress,
): Promise<Ingest | undefined> {
  return openIngest(context.paths, context.blobs, descriptor, {
    signal: context.signal,
    onWait: () => progress.state('Waiting'),
  });
}

/**
 * Downloads into an open ingest and commits it. A wrong digest after a resumed transfer is tried once more from the start;
 * after a clean one it is final. On failure the ingest is ended: what came is kept for the next try, unless the disk is
 * full or the content is wrong.
 */
export async function fetchInto(
  context: FetchContext,
  ingest: Ingest,
  descriptor: Descriptor,
  progress: LayerProgress,
): Promise<void> {
  try {
    const resumed = ingest.resumed;
    try {
      await transfer(context, ingest, descriptor, progress);
    } catch (error) {
      const wrong =
        isKind(error, 'invalid', 'BLOB_DIGEST_MISMATCH') || isKind(error, 'invalid', 'BLOB_SIZE_MISMATCH');
      if (!resumed || !wrong) throw error;
      ingest.restart();
      await transfer(context, ingest, descriptor, progress);
    }
    progress.state('Download complete');
  } catch (error) {
    const keep = !isKind(error, 'invalid') && !isKind(error, 'unavailable', 'NO_SPACE');
    ingest.fail(error, keep);
    throw error;
  }
}

async function transfer(
  context: FetchContext,
  ingest: Ingest,
  descriptor: Descriptor,
  progress: LayerProgress,
): Promise<void> {
  const { client, signal } = context;
  const attempt = (
    open: (offset: number, signal: AbortSignal | undefined) => Promise<HttpResponse>,
  ): Promise<void> =>
    downloadBlob({
      descriptor,
      sink: ingest,
      open,
      clock: client.clock,
      backoff: client.backoff,
      idleMs: client.timeouts.idle,
      signal,
      onProgress: (bytes) => progress.bytes('Downloading', bytes, descriptor.size),
      onRetry: (waitMs) => announceRetry(progress, waitMs),
    });
  if (ingest.offset < descriptor.size || descriptor.size === 0) {
    await downloadFromRegistry(context, descriptor, attempt);
  }
  progress.state('Verifying Checksum');
  await ingest.commit();
}

type Attempt = (
  open: (offset: number, signal: AbortSignal | undefined) => Promise<HttpResponse>,
) => Promise<void>;

/** The registry first, as Docker does; then the layer's own addresses, in order. */
async function downloadFromRegistry(
  context: FetchContext,
  descriptor: Descriptor,
  attempt: Attempt,
): Promise<void> {
  const { repository } = context;
  try {
    await repository.each((endpoint) =>
      attempt((offset, signal) => repository.openBlob(endpoint, descriptor.digest, offset, signal)),
    );
    return;
  } catch (error) {
    if (!isForeign(descriptor) || !(error instanceof RegistryError)) throw error;
  }
  let last: unknown;
  for (const url of descriptor.urls ?? []) {
    try {
      await downloadFromUrl(context, url, attempt);
      return;
    } catch (error) {
      if (context.signal.aborted || !(error instanceof PortholeError)) throw error;
      last = error;
    }
  }
  throw last;
}

/** https only, and no address inside a network, unless it is the registry's own host. */
async function downloadFromUrl(context: FetchContext, url: string, attempt: Attempt): Promise<void> {
  const { protocol, hostname } = new URL(url);
  const host = bareHost(hostname);
  const own = bareHost(context.repository.reference.domain.replace(/:\d+$/, ''));
  if (host !== own && (isPrivateAddress(host) || protocol !== 'https:')) {
    throw new PortholeError('invalid', 'LAYER_URL', `refusing the layer address ${protocol}//${hostname}`, {
      hint: 'layers outside their registry are fetched by https from public addresses only',
    });
  }
  const endpoint = context.client.plainEndpoint(url);
  await attempt((offset, signal) =>
    endpoint.exchange({
      method: 'GET',
      target: url,
      headers: { Accept: '*/*', ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}) },
      scopes: [],
      accept: offset > 0 ? [200, 206, 416] : [200],
      repeatable: false,
      signal,
    }),
  );
}

/** Presence of addresses decides, not the media type: old images have both spellings. */
function isForeign(descriptor: Descriptor): boolean {
  return (descriptor.urls ?? []).length > 0;
}

function announceRetry(progress: LayerProgress, waitMs: number): void {
  const seconds = Math.max(1, Math.round(waitMs / 1000));
  progress.state(`Retrying in ${seconds} second${seconds === 1 ? '' : 's'}`);
}

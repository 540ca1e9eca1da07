/** `push`: the kept blobs under their own digests, then the manifest (images-and-registries.md 7.1, 7.4). */
import { createReadStream } from 'node:fs';
import type { ProgressListener } from '../../../api/types/index.ts';
import { BlobStore } from '../../../content/blobs.ts';
import { changeImageIndex, readImageIndex } from '../../../content/image-index.ts';
import type { ImageIndexDocument } from '../../../content/image-index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import { shortDigest } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseImageConfig } from '../../../image/config.ts';
import { parseStoredManifest } from '../../../image/manifest.ts';
import type { ImageManifest } from '../../../image/manifest.ts';
import { distributableLayerType } from '../../../image/media-types.ts';
import { buildManifest } from '../../../image/mutate.ts';
import { sha256 } from '../../../image/digest.ts';
import {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  parseReference,
  withDefaultTag,
  withDigest,
} from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { putManifest, uploadBlob } from '../../../registry/blob-upload.ts';
import type { UploadResult } from '../../../registry/blob-upload.ts';
import { RegistryClient } from '../../../registry/client.ts';
import type { EndpointClient } from '../../../registry/endpoint-client.ts';
import type { Repository } from '../../../registry/repository.ts';
import type { TransferOptions } from '../../roles/images.ts';
import type { ImageDeps } from './deps.ts';
import { LayerProgress } from './progress.ts';
import { cancelled } from './pull-layers.ts';
import { Slots } from './slots.ts';
import { setReference } from './tag.ts';

export type PushOptions = TransferOptions & { readonly allTags?: boolean };

interface PushContext {
  readonly deps: ImageDeps;
  readonly client: RegistryClient;
  readonly blobs: BlobStore;
  readonly index: ImageIndexDocument;
  readonly emit: ProgressListener | undefined;
  readonly signal: AbortSignal;
}

interface PushedManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
}

/** Errors: `An image does not exist locally with the tag: x`, `tag does not exist: x:1`, `cannot push a digest reference`. */
export async function pushImage(deps: ImageDeps, text: string, options: PushOptions = {}): Promise<void> {
  const named = parseReference(text);
  const index = readImageIndex(deps.paths);
  const { onProgress } = options;
  onProgress?.({ status: `The push refers to repository [${canonicalName(named)}]` });
  const references = referencesToPush(index, named, options.allTags === true);
  const abort = new AbortController();
  const cancel = (): void => abort.abort(options.signal?.reason);
  if (options.signal?.aborted === true) cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  const client = new RegistryClient({
    environment: deps.environment,
    auth: options.auth,
    onWarning: (warning) => onProgress?.({ status: `WARNING: ${warning}` }),
  });
  const context: PushContext = {
    deps,
    client,
    blobs: new BlobStore(deps.paths),
    index,
    emit: onProgress,
    signal: abort.signal,
  };
  try {
    for (const reference of references) await pushOne(context, reference, abort);
  } catch (error) {
    if (options.signal?.aborted === true) throw cancelled(error);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    client[Symbol.dispose]();
  }
}

function referencesToPush(index: ImageIndexDocument, named: Reference, allTags: boolean): Reference[] {
  const inRepository = Object.keys(index.references)
    .map(parseReference)
    .filter((reference) => canonicalName(reference) === canonicalName(named));
  if (inRepository.length === 0) {
    throw new PortholeError(
      'notFound',
      'IMAGE_NOT_FOUND',
      `An image does not exist locally with the tag: ${familiarName(named)}`,
      {
        hint: `give an image that name first: porthole tag IMAGE ${familiarString(withDefaultTag(named))}`,
      },
    );
  }
  if (named.digest !== undefined)
    throw new PortholeError('invalid', 'REFERENCE_INVALID', 'cannot push a digest reference');
  if (allTags) {
    const tags = inRepository.filter((reference) => reference.tag !== undefined);
    if (tags.length > 0) return tags;
    throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `no tags to push for ${familiarName(named)}`);
  }
  const wanted = withDefaultTag(named);
  if (index.references[canonicalString(wanted)] !== undefined) return [wanted];
  throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `tag does not exist: ${familiarString(wanted)}`);
}

async function pushOne(context: PushContext, reference: Reference, abort: AbortController): Promise<void> {
  const { deps, client, blobs, index, emit, signal } = context;
  const image = index.references[canonicalString(reference)]!.image;
  const record = index.images[image]!;
  const manifest = manifestToPush(parseStoredManifest(blobs.read(record.manifest), record.manifestType));
  const diffIds = parseImageConfig(blobs.read(image)).rootfs.diff_ids;
  const progress = manifest.layers.map(
    (_, at) => new LayerProgress(shortDigest(diffIds[at] ?? image), emit, () => client.clock.now()),
  );
  const topFirst = manifest.layers.map((_, at) => at).reverse();
  for (const at of topFirst) progress[at]!.state('Preparing');
  const repository = client.open(reference, 'push');
  await repository.each(async (endpoint) => {
    const slots = new Slots(client.settings.maxConcurrentUploads);
    const tasks = topFirst.map((at) =>
      pushLayer(context, repository, endpoint, manifest.layers[at]!, progress[at]!, slots),
    );
    for (const task of tasks) task.catch((error: unknown) => abort.abort(error));
    const results = await Promise.allSettled(tasks);
    if (results.some((result) => result.status === 'rejected')) throw signal.reason;
    await upload(context, repository, endpoint, manifest.config);
    await putManifest({ repository, client: endpoint, signal }, reference.tag!, manifest);
  });
  const { digest } = manifest;
  await changeImageIndex(deps.paths, (draft) => {
    if (draft.images[image] === undefined) return;
    blobs.put(manifest.bytes);
    setReference(draft, withDigest(reference, digest), image, digest, deps.environment.now());
  });
  const size = manifest.bytes.length;
  emit?.({ status: `${reference.tag}: digest: ${digest} size: ${size}` });
  emit?.({ progressDetail: {}, aux: { Tag: reference.tag, Digest: digest, Size: size } });
  await deps.emit?.({
    action: 'push',
    id: familiarString(reference),
    attributes: { name: familiarName(reference) },
  });
}

/** As stored; only layers that live outside registries become ordinary ones, because their data is pushed too. */
function manifestToPush(manifest: ImageManifest): PushedManifest {
  if (
    manifest.layers.every(
      (layer) => layer.urls === undefined && distributableLayerType(layer.mediaType) === layer.mediaType,
    )
  ) {
    return manifest;
  }
  const layers = manifest.layers.map(({ digest, size, mediaType }) => ({
    digest,
    size,
    mediaType: distributableLayerType(mediaType),
  }));
  const { bytes, mediaType } = buildManifest(manifest.config, layers, manifest);
  return { bytes, mediaType, digest: sha256(bytes), layers, config: manifest.config };
}

async function pushLayer(
  context: PushContext,
  repository: Repository,
  endpoint: EndpointClient,
  layer: Descriptor,
  progress: LayerProgress,
  slots: Slots,
): Promise<void> {
  const slot = await slots.take(context.signal, () => progress.state('Waiting'));
  try {
    const result = await upload(context, repository, endpoint, layer, progress);
    if (result.kind === 'exists') progress.state('Layer already exists');
    else if (result.kind === 'mounted') progress.state(`Mounted from ${result.from}`);
    else progress.state('Pushed');
  } finally {
    slot.release();
  }
}

async function upload(
  context: PushContext,
  repository: Repository,
  endpoint: EndpointClient,
  descriptor: Descriptor,
  progress?: LayerProgress,
): Promise<UploadResult> {
  const { blobs, client, signal } = context;
  if (!blobs.has(descriptor)) {
    if (await repository.hasBlob(endpoint, descriptor.digest, signal)) return { kind: 'exists' };
    blobs.read(descriptor.digest);
  }
  return uploadBlob({
    repository,
    client: endpoint,
    digest: descriptor.digest,
    size: descriptor.size,
    read: (offset) =>
      createReadStream(blobs.pathOf(descriptor.digest), { start: offset, highWaterMark: 1 << 20 }),
    mountFrom: mountCandidates(context, repository.reference, descriptor.digest),
    clock: client.clock,
    backoff: client.backoff,
    timeouts: client.timeouts,
    signal,
    onProgress: (bytes) => progress?.bytes('Pushing', bytes, descriptor.size),
    onRetry: (waitMs) => progress?.state(`Retrying in ${Math.max(1, Math.round(waitMs / 1000))} seconds`),
  });
}

/** Repositories of the same registry that were seen with an image that has the blob: by its digest references. */
function mountCandidates({ index, blobs }: PushContext, target: Reference, digest: Digest): string[] {
  const paths = new Set<string>();
  for (const [name, { image }] of Object.entries(index.references)) {
    const reference = parseReference(name);
    const record = index.images[image];
    if (reference.digest === undefined || reference.domain !== target.domain || record === undefined)
      continue;
    const bytes = blobs.readIfExists(record.manifest);
    if (bytes === undefined) continue;
    const manifest = parseStoredManifest(bytes, record.manifestType);
    if (manifest.config.digest === digest || manifest.layers.some((layer) => layer.digest === digest))
      paths.add(reference.path);
  }
  return [...paths];
}

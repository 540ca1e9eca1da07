/** Making images here: the one road by which builds and commits write to the stores. */
import type { Readable } from 'node:stream';
import type { ContainerConfig, ImageConfigSection } from '../../../api/types/index.ts';
import { BlobStore } from '../../../content/blobs.ts';
import { changeImageIndex } from '../../../content/image-index.ts';
import type { ImageRecord } from '../../../content/image-index.ts';
import { storeManifest } from '../../../content/image-record.ts';
import { openLease } from '../../../content/leases.ts';
import type { Lease } from '../../../content/leases.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { LayerApply, LayerInfo } from '../../../host/ports/layers.ts';
import { layerIdsOf } from '../../../image/chain-id.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import type { Digest } from '../../../image/digest.ts';
import { maxLayers, parseStoredManifest } from '../../../image/manifest.ts';
import type { ImageManifest } from '../../../image/manifest.ts';
import { buildManifest, changeConfig, emptyConfig, layerTypeLike } from '../../../image/mutate.ts';
import { parseTagTarget } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { BlobWriter } from './blob-writer.ts';
import type { ImageDeps } from './deps.ts';
import { timeText } from './image-time.ts';
import { openImageIndex } from './index-view.ts';
import type { ResolvedImage } from './resolve.ts';
import { setReference, tagEvent } from './tag.ts';

export interface CommitRequest {
  /** Image ID (`sha256:…`) to build on; absent = an image from nothing, then `platform` is required. */
  readonly parent?: string;
  /** Uncompressed layer tar (`LayerStore.diff` or one made by COPY). Absent = configuration only (`empty_layer`). */
  readonly layer?: Readable;
  /**
   * Instead of `layer`: the layer at `index` (0 = base) of another local image that stands on the same layers as the parent.
   */
  readonly adopt?: { readonly image: string; readonly index: number };
  /** The whole new `config` section; absent = the parent's, unchanged. */
  readonly config?: ImageConfigSection;
  /** The entry appended to the history. `created` defaults to now; it is the image's `created` too. */
  readonly history: {
    readonly createdBy: string;
    readonly comment?: string;
    readonly author?: string;
    readonly created?: string;
  };
  /** Only for an image without a parent; otherwise inherited. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly osVersion?: string };
  /** Docker's legacy keys of the container the layer was made in. */
  readonly container?: string;
  readonly containerConfig?: ContainerConfig;
  /** References that shall name the new image, in any form that `tag` accepts. */
  readonly tags?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface CommittedImage extends ResolvedImage {
  /** The new layer, when there is one. `size`: compressed bytes. */
  readonly layer?: {
    readonly id: string;
    readonly diffId: string;
    readonly digest: string;
    readonly size: number;
  };
}

interface NewLayer {
  readonly info: Pick<LayerInfo, 'id' | 'diffId' | 'size'>;
  readonly descriptor: Descriptor;
}

interface Parent {
  readonly config: Readonly<Record<string, unknown>>;
  readonly diffIds: readonly Digest[];
  readonly manifest: ImageManifest | undefined;
  readonly record: ImageRecord | undefined;
}

/**
 * Makes an image of a parent, a layer and configuration changes: in one pass the tar is unpacked into the layer store,
 * compressed deterministically and hashed into the content store; the image is recorded last. It has no reference unless
 * `tags` are given and keeps its parent (`inspect`'s Parent). Nothing is left when it fails.
 */
export async function commitImage(deps: ImageDeps, request: CommitRequest): Promise<CommittedImage> {
  const { signal } = request;
  // A tar that breaks before it is read must not end the process: reading it gives the error.
  request.layer?.on('error', () => undefined);
  const leases: Lease[] = [];
  const hold = async (layers: readonly Descriptor[], ids: readonly string[]): Promise<void> => {
    const blobs = layers.map((one) => one.digest);
    leases.push(await openLease(deps.paths, { blobs, layers: ids, unnamed: true }, signal));
  };
  try {
    // Bad names are refused before any work.
    const tags = (request.tags ?? []).map((tag) => parseTagTarget(tag));
    const blobs = new BlobStore(deps.paths);
    const parent = readParent(deps, request, blobs);
    await hold(parent.manifest?.layers ?? [], layerIdsOf(parent.diffIds));
    const layer = await newLayer(deps, blobs, parent, request);
    if (layer !== undefined) await hold([layer.descriptor], [layer.info.id]);
    const id = await recordImage(deps, blobs, { ...request, tags }, parent, layer);
    await deps.emit?.({ action: 'create', id, attributes: { name: id } });
    for (const tag of tags) await deps.emit?.(tagEvent(id, tag));
    const resolved = openImageIndex(deps).resolve(id);
    if (layer === undefined) return resolved;
    const { info, descriptor } = layer;
    return {
      ...resolved,
      layer: { id: info.id, diffId: info.diffId, digest: descriptor.digest, size: descriptor.size },
    };
  } finally {
    // Not read to its end by what failed earlier.
    request.layer?.destroy();
    for (const lease of leases) lease.release();
  }
}

async function recordImage(
  deps: ImageDeps,
  blobs: BlobStore,
  request: Omit<CommitRequest, 'tags'> & { readonly tags: readonly Reference[] },
  parent: Parent,
  layer: NewLayer | undefined,
): Promise<Digest> {
  const layers = [...(parent.manifest?.layers ?? []), ...(layer === undefined ? [] : [layer.descriptor])];
  const configBytes = changeConfig(parent.config, configChange(deps, request, layer?.info.diffId));
  const id = blobs.put(configBytes);
  const manifest = buildManifest({ digest: id, size: configBytes.length }, layers, parent.manifest);
  const stored = storeManifest(
    blobs,
    parseStoredManifest(manifest.bytes, manifest.mediaType),
    parseImageConfig(configBytes),
  );
  await changeImageIndex(
    deps.paths,
    (draft) => {
      const lastTagTime = draft.images[id]?.lastTagTime;
      draft.images[id] = {
        ...stored,
        layerSizes: [...(parent.record?.layerSizes ?? []), ...(layer === undefined ? [] : [layer.info.size])],
        ...(request.parent === undefined || request.parent === id ? {} : { parent: request.parent }),
        ...(lastTagTime === undefined ? {} : { lastTagTime }),
      };
      for (const tag of request.tags) setReference(draft, tag, id, stored.manifest, deps.environment.now());
    },
    { signal: request.signal },
  );
  return id;
}

function readParent(deps: ImageDeps, request: CommitRequest, blobs: BlobStore): Parent {
  if (request.parent === undefined) {
    if (request.platform === undefined)
      throw new PortholeError('invalid', 'PLATFORM_INVALID', 'an image from nothing needs a platform');
    return { config: emptyConfig(request.platform), diffIds: [], manifest: undefined, record: undefined };
  }
  const view = openImageIndex(deps);
  const { id, record } = view.require(request.parent);
  const bytes = blobs.read(id);
  return {
    config: JSON.parse(bytes.toString('utf8')) as Record<string, unknown>,
    diffIds: parseImageConfig(bytes).rootfs.diff_ids,
    manifest: parseStoredManifest(blobs.read(record.manifest), record.manifestType),
    record,
  };
}

function configChange(
  deps: ImageDeps,
  request: Omit<CommitRequest, 'tags'>,
  diffId: Digest | undefined,
): Parameters<typeof changeConfig>[1] {
  const { history } = request;
  return {
    created: history.created ?? timeText(deps.environment.now()),
    history: {
      created_by: history.createdBy,
      ...(history.author === undefined || history.author === '' ? {} : { author: history.author }),
      ...(history.comment === undefined || history.comment === '' ? {} : { comment: history.comment }),
    },
    ...(diffId === undefined ? {} : { diffId }),
    ...(request.config === undefined ? {} : { config: request.config }),
    ...(history.author === undefined ? {} : { author: history.author }),
    ...(request.container === undefined ? {} : { container: request.container }),
    ...(request.containerConfig === undefined ? {} : { containerConfig: request.containerConfig }),
  };
}

async function newLayer(
  deps: ImageDeps,
  blobs: BlobStore,
  parent: Parent,
  request: CommitRequest,
): Promise<NewLayer | undefined> {
  if (request.layer !== undefined) return bringLayer(deps, blobs, parent, request.layer, request.signal);
  return request.adopt === undefined ? undefined : adoptLayer(deps, blobs, parent, request.adopt);
}

function adoptLayer(
  deps: ImageDeps,
  blobs: BlobStore,
  parent: Parent,
  { image, index }: NonNullable<CommitRequest['adopt']>,
): NewLayer {
  const { id, record } = openImageIndex(deps).require(image);
  const diffIds = parseImageConfig(blobs.read(id)).rootfs.diff_ids.slice(0, index + 1);
  const descriptor = parseStoredManifest(blobs.read(record.manifest), record.manifestType).layers[index];
  const diffId = diffIds[index];
  const same = index === parent.diffIds.length && parent.diffIds.every((one, at) => one === diffIds[at]);
  if (descriptor === undefined || diffId === undefined || !same)
    throw new PortholeError('internal', 'LAYER_MISMATCH', `image ${id} stands on other layers`);
  const [layerId = ''] = layerIdsOf(diffIds);
  return { info: { id: layerId, diffId, size: record.layerSizes[index] ?? 0 }, descriptor };
}

/** The tar goes two ways at once: into the layer store, and compressed into a blob. */
async function bringLayer(
  deps: ImageDeps,
  blobs: BlobStore,
  parent: Parent,
  tar: Readable,
  signal: AbortSignal | undefined,
): Promise<NewLayer> {
  if (parent.diffIds.length >= maxLayers) {
    tar.destroy();
    throw new PortholeError('invalid', 'MAX_DEPTH', 'max depth exceeded');
  }
  let apply: LayerApply | undefined;
  let blob: BlobWriter | undefined;
  try {
    const { layers } = await deps.host();
    apply = await layers.openApply(undefined, {
      parents: layerIdsOf(parent.diffIds),
      ...(signal === undefined ? {} : { signal }),
    });
    blob = await BlobWriter.open(deps.paths, tar);
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      const compressing = blob.write(chunk);
      await apply.write(chunk);
      await compressing;
    }
    const { digest, size } = await blob.finish(blobs);
    const info = await apply.commit();
    return { info, descriptor: { mediaType: layerTypeLike(parent.manifest), digest, size } };
  } catch (error) {
    tar.destroy();
    const reason = (await blob?.abort()) ?? error;
    await apply?.abort();
    signal?.throwIfAborted();
    throw reason;
  }
}

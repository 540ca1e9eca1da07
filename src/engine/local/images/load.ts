/**
 * `load`: images of an archive into the content store and the layer store (images-and-registries.md 6.2). Everything in the
 * archive is checked before anything becomes visible: digests while it is put aside, diffIDs while layers are unpacked. The
 * names come last, in one step; nothing is left when it fails.
 */
import type { Readable } from 'node:stream';
import type { ProgressListener } from '../../../api/types/index.ts';
import { BlobStore } from '../../../content/blobs.ts';
import { contentOfImage, markContent } from '../../../content/collect.ts';
import { changeImageIndex, imagesLock, readImageIndex } from '../../../content/image-index.ts';
import type { ImageIndexDocument, ImageIndexDraft, ImageRecord } from '../../../content/image-index.ts';
import { manifestBlobs, storeManifest } from '../../../content/image-record.ts';
import { openLease } from '../../../content/leases.ts';
import { Spool } from '../../../content/spool.ts';
import { invalidArchive } from '../../../image/archive/archive-error.ts';
import { layerIdsOf } from '../../../image/chain-id.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { ImageConfig } from '../../../image/config.ts';
import { shortDigest } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseStoredManifest } from '../../../image/manifest.ts';
import { canonicalString, familiarString } from '../../../image/reference.ts';
import { withLock } from '../../../state/lock.ts';
import type { LoadOptions } from '../../roles/images.ts';
import { spoolArchive } from './archive-spool.ts';
import type { ImageDeps } from './deps.ts';
import { planLoad } from './load-plan.ts';
import type { PlannedImage } from './load-plan.ts';
import { measureLayer } from './measure-layer.ts';
import { LayerProgress } from './progress.ts';
import { cancelled } from './pull-layers.ts';
import { requestedPlatform, selectionHost } from './selection-host.ts';
import { setReference } from './tag.ts';
import { packedNote, unpackLayer } from './unpack.ts';
import { fitYoungGeneration } from './young-generation.ts';

interface LoadContext {
  readonly deps: ImageDeps;
  readonly blobs: BlobStore;
  readonly signal: AbortSignal | undefined;
  readonly progress: ProgressListener | undefined;
  /** False: layers are checked and kept as blobs, because this process may not unpack them. */
  readonly unpacks: boolean;
  /** Layers that this load has brought into the layer store. */
  readonly unpacked: Set<string>;
  /** `<diffID> <digest>` of layers that are known to belong together, with their size when it was measured here. */
  readonly verified: Map<string, number>;
  /** The pairs of the images that are here, each checked when it came. Reads all of them when first asked. */
  readonly vouched: () => ReadonlySet<string>;
}

interface LoadedImage {
  readonly image: PlannedImage;
  /** Bytes of each layer, bottom first. */
  readonly layerSizes: readonly number[];
  /** The store has the image already, whole. */
  readonly existing: ImageRecord | undefined;
}

/**
 * Emits `Loading layer` progress unless `quiet`, then a line for each name, or for each image when nothing has a name. Kind
 * `invalid` for archives that are damaged or mean harm; `cancelled` when the signal says so.
 */
export async function loadImages(
  deps: ImageDeps,
  archive: Readable,
  options: LoadOptions = {},
): Promise<void> {
  const { signal } = options;
  const blobs = new BlobStore(deps.paths);
  const letGrow = fitYoungGeneration();
  archive.on('error', () => undefined);
  try {
    using spool = Spool.open(deps.paths);
    const members = await spoolArchive(archive, spool, blobs, signal);
    const images = await planLoad({
      members,
      requested: requestedPlatform(deps, options.platform),
      host: () => selectionHost(deps),
    });
    const { layers } = await deps.host();
    const unpacks = await layers.isPrivileged();
    if (!unpacks && options.quiet !== true) options.onProgress?.({ status: packedNote });
    await bring(
      {
        deps,
        blobs,
        signal,
        progress: options.quiet === true ? undefined : options.onProgress,
        unpacks,
        unpacked: new Set(),
        verified: new Map(),
        vouched: once(() => knownPairs(readImageIndex(deps.paths), blobs)),
      },
      images,
      options.onProgress,
    );
  } catch (error) {
    if (signal?.aborted === true) throw cancelled(error);
    throw error;
  } finally {
    archive.destroy();
    letGrow();
  }
}

async function bring(
  context: LoadContext,
  images: readonly PlannedImage[],
  emit: ProgressListener | undefined,
): Promise<void> {
  const { deps, blobs, signal } = context;
  const digests = images.flatMap(({ id, manifest, layers }) => [
    id,
    ...manifestBlobs(manifest),
    ...layers.map(({ descriptor }) => descriptor.digest),
  ]);
  const absent = digests.filter((digest) => blobs.sizeOf(digest) === undefined);
  const ids = images.flatMap(({ config }) => layerIdsOf(config.rootfs.diff_ids));
  // An image that is here already may be made of other blobs than the archive's.
  const { images: known } = readImageIndex(deps.paths);
  const kept = images.flatMap(({ id }) =>
    known[id] === undefined ? [] : contentOfImage(blobs, id, known[id]).blobs,
  );
  const lease = await openLease(deps.paths, { blobs: [...digests, ...kept], layers: ids }, signal);
  try {
    const index = readImageIndex(deps.paths);
    const loaded: LoadedImage[] = [];
    for (const image of images) loaded.push(await bringImage(context, index, image));
    for (const { image, existing } of loaded) if (existing === undefined) await keepBlobs(blobs, image);
    const messages = await record(context, loaded);
    lease.release();
    for (const message of messages) emit?.({ stream: `${message}\n` });
  } catch (error) {
    lease.release();
    await discard(context, absent);
    throw error;
  }
  for (const { id } of images) await deps.emit?.({ action: 'load', id, attributes: { name: id } });
}

async function bringImage(
  context: LoadContext,
  index: ImageIndexDocument,
  image: PlannedImage,
): Promise<LoadedImage> {
  const existing = await wholeRecord(context, index, image);
  if (existing !== undefined) return { image, layerSizes: existing.layerSizes, existing };
  const layerSizes: number[] = [];
  for (const at of image.layers.keys()) layerSizes.push(await bringLayer(context, image, at));
  return { image, layerSizes, existing };
}

/** What the index has for the image, when all of it is here: then only names are new. */
async function wholeRecord(
  { deps, blobs, unpacks }: LoadContext,
  index: ImageIndexDocument,
  { id, config }: PlannedImage,
): Promise<ImageRecord | undefined> {
  const record = index.images[id];
  if (record === undefined || blobs.sizeOf(id) === undefined) return undefined;
  if (blobs.sizeOf(record.manifest) !== record.manifestSize) return undefined;
  const manifest = parseStoredManifest(blobs.read(record.manifest), record.manifestType);
  if (manifest.layers.some((layer) => layer.urls === undefined && !blobs.has(layer))) return undefined;
  if (!unpacks) return record;
  const { layers } = await deps.host();
  const found = await Promise.all(layerIdsOf(config.rootfs.diff_ids).map((one) => layers.get(one)));
  return found.every((info) => info !== undefined) ? record : undefined;
}

/** Unpacks a layer, or checks it where that was done before or cannot be done here. Gives its size. */
async function bringLayer(context: LoadContext, image: PlannedImage, at: number): Promise<number> {
  const { deps, blobs, signal, verified, vouched, unpacks, unpacked } = context;
  const { diffId, descriptor, file } = image.layers[at]!;
  const [id = '', ...parents] = layerIdsOf(image.config.rootfs.diff_ids.slice(0, at + 1));
  const { layers: store } = await deps.host();
  const present = await store.get(id);
  const pair = `${diffId} ${descriptor.digest}`;
  const source =
    file ?? (blobs.has(descriptor) ? { ...descriptor, path: blobs.pathOf(descriptor.digest) } : undefined);
  if (source === undefined) {
    if (present !== undefined) return present.size;
    throw invalidArchive(`layer ${descriptor.digest} is not in it`, {
      hint: 'the layer is kept elsewhere, and so was left out when the image was saved: pull the image instead',
    });
  }
  const progress = new LayerProgress(shortDigest(diffId), context.progress, () => deps.environment.now());
  const onProgress = (bytes: number): void => progress.bytes('Loading layer', bytes, source.size);
  if (present === undefined && unpacks) {
    const { path, digest, size: sourceSize } = source;
    const layer = { id, diffId, parents, path, digest, size: sourceSize };
    const { size } = await unpackLayer(deps, layer, { signal, onProgress });
    unpacked.add(id);
    verified.set(pair, size);
    return size;
  }
  if (!verified.has(pair) && (present === undefined || !vouched().has(pair))) {
    const options = { signal, ...(present === undefined ? { onProgress } : {}) };
    verified.set(pair, (await measureLayer(source.path, source, diffId, options)).size);
  }
  return present?.size ?? verified.get(pair) ?? 0;
}

/** Layers and blobs that images here are made of, each checked when it came. */
function knownPairs({ images }: ImageIndexDocument, blobs: BlobStore): ReadonlySet<string> {
  const pairs = new Set<string>();
  for (const [id, { manifest, manifestType }] of Object.entries(images)) {
    try {
      const { diff_ids: diffIds } = parseImageConfig(blobs.read(id)).rootfs;
      const { layers } = parseStoredManifest(blobs.read(manifest), manifestType);
      for (const [at, { digest }] of layers.entries()) pairs.add(`${diffIds[at]} ${digest}`);
    } catch {
      // A damaged image vouches for nothing.
    }
  }
  return pairs;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

async function keepBlobs(blobs: BlobStore, { layers, configBytes }: PlannedImage): Promise<void> {
  for (const { file } of layers) if (file !== undefined) await blobs.adopt(file.path, file);
  blobs.put(configBytes);
}

/** Writes the index. Gives what Docker says about it, in order. */
async function record(context: LoadContext, loaded: readonly LoadedImage[]): Promise<string[]> {
  const { deps, blobs, signal } = context;
  const stored = loaded.map(
    ({ image, existing }) => existing ?? storeManifest(blobs, image.manifest, image.config),
  );
  const configs = new Map(loaded.map(({ image }) => [image.id, image.config]));
  return changeImageIndex(
    deps.paths,
    (draft) => {
      const messages: string[] = [];
      for (const [at, { image, layerSizes, existing }] of loaded.entries()) {
        const earlier = draft.images[image.id];
        draft.images[image.id] =
          existing !== undefined && earlier !== undefined
            ? earlier
            : {
                ...stored[at]!,
                layerSizes,
                ...(earlier?.parent === undefined ? {} : { parent: earlier.parent }),
                ...(earlier?.lastTagTime === undefined ? {} : { lastTagTime: earlier.lastTagTime }),
              };
        messages.push(...nameImage(context, draft, image));
      }
      for (const { image } of loaded) setParent(draft, image, (id) => configs.get(id) ?? configOf(blobs, id));
      const hasNames = loaded.some(({ image }) => image.references.length > 0);
      return hasNames ? messages : loaded.map(({ image }) => `Loaded image ID: ${image.id}`);
    },
    { signal },
  );
}

function nameImage(
  { deps }: LoadContext,
  draft: ImageIndexDraft,
  { id, references }: PlannedImage,
): string[] {
  return references.flatMap((reference) => {
    const previous = draft.references[canonicalString(reference)]?.image;
    const name = familiarString(reference);
    setReference(draft, reference, id, draft.images[id]!.manifest, deps.environment.now());
    return [
      ...(previous === undefined || previous === id
        ? []
        : [`The image ${name} already exists, renaming the old one with ID ${previous} to empty string`]),
      `Loaded image: ${name}`,
    ];
  });
}

/** Only an image that this one truly goes on from, so that parents never form a circle. */
function setParent(
  draft: ImageIndexDraft,
  { id, parent, config }: PlannedImage,
  configFor: (id: Digest) => ImageConfig | undefined,
): void {
  const record = draft.images[id];
  if (parent === undefined || record === undefined || record.parent !== undefined) return;
  const above = draft.images[parent] === undefined ? undefined : configFor(parent);
  if (above !== undefined && goesOnFrom(above, config)) draft.images[id] = { ...record, parent };
}

function goesOnFrom(parent: ImageConfig, child: ImageConfig): boolean {
  const [before, after] = [parent.history ?? [], child.history ?? []];
  return (
    before.length < after.length &&
    before.every((entry, at) => JSON.stringify(entry) === JSON.stringify(after[at])) &&
    parent.rootfs.diff_ids.every((diffId, at) => diffId === child.rootfs.diff_ids[at])
  );
}

function configOf(blobs: BlobStore, id: Digest): ImageConfig | undefined {
  const bytes = blobs.readIfExists(id);
  return bytes === undefined ? undefined : parseImageConfig(bytes);
}

/** Takes back what a failed load brought, as far as nobody else needs it. */
async function discard({ deps, blobs, unpacked }: LoadContext, digests: readonly Digest[]): Promise<void> {
  await withLock(imagesLock(deps.paths), async () => {
    const users = (await deps.users?.()) ?? [];
    const held = users.flatMap((user) => user.layerIds);
    const needed = markContent(deps.paths, blobs, readImageIndex(deps.paths), held);
    const { layers } = await deps.host();
    for (const id of [...unpacked].reverse()) if (!needed.layers.has(id)) await layers.remove(id);
    for (const digest of digests) if (!needed.blobs.has(digest)) blobs.remove(digest);
  });
}

/**
 * `save`: an archive that is an OCI image layout and a docker-archive over the same blobs (images-and-registries.md 6). The
 * blobs go out as they are kept, compressed: what comes back by `load` has the digests of the registry.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { missingBlob } from '../../../content/blobs.ts';
import type { BlobStore } from '../../../content/blobs.ts';
import { openLease } from '../../../content/leases.ts';
import { isKind, PortholeError } from '../../../errors/porthole-error.ts';
import { archiveDocuments } from '../../../image/archive/documents.ts';
import type { ArchivedImage } from '../../../image/archive/documents.ts';
import { blobName } from '../../../image/archive/member-table.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import { digestAlgorithm } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseStoredManifest } from '../../../image/manifest.ts';
import { mediaTypes } from '../../../image/media-types.ts';
import { architectureOfNode, formatPlatform, parsePlatform } from '../../../image/platform.ts';
import { formatHeader, paddingOf, tarEnd } from '../../../layer/tar-writer.ts';
import type { CallOptions } from '../../roles/containers.ts';
import type { ImageDeps } from './deps.ts';
import { FileBlobSource, readBlob } from './blob-source.ts';
import { requirePlatform } from './inspect.ts';
import { openImageIndex } from './index-view.ts';
import type { ImageIndexView } from './index-view.ts';
import { cancelled } from './pull-layers.ts';
import { imagesToSave } from './save-names.ts';
import type { ImageToSave } from './save-names.ts';

export type SaveOptions = CallOptions & { readonly platform?: string };

interface BlobToSave {
  readonly digest: Digest;
  readonly size: number;
}

const pieceBytes = 1 << 20;

/**
 * The archive as a stream. Errors before it: `reference does not exist`, `No such image: x`, another platform than asked for
 * (`no suitable export target found for platform p`), code `BLOB_MISSING` when a layer is not here any more. Equal images
 * give equal bytes. The content is kept from removal until the stream ends.
 */
export async function saveImages(
  deps: ImageDeps,
  names: readonly string[],
  options: SaveOptions = {},
): Promise<Readable> {
  const { signal } = options;
  const first = plan(deps, names, options.platform);
  const lease = await openLease(
    deps.paths,
    { blobs: first.blobs.map(({ digest }) => digest), layers: [] },
    signal,
  );
  try {
    // Under the lease nothing goes away any more; before it, an image may have.
    const kept = plan(deps, names, options.platform);
    const stream = Readable.from(archive(deps, kept, signal), {
      objectMode: false,
      highWaterMark: pieceBytes,
    });
    stream.once('close', () => lease.release());
    return stream;
  } catch (error) {
    lease.release();
    throw error;
  }
}

interface SavePlan {
  readonly images: readonly ArchivedImage[];
  readonly blobs: readonly BlobToSave[];
  readonly view: ImageIndexView;
}

function plan(deps: ImageDeps, names: readonly string[], platform: string | undefined): SavePlan {
  const view = openImageIndex(deps);
  const chosen = imagesToSave(view, names);
  if (platform !== undefined && platform !== '')
    for (const one of chosen) checkPlatform(deps, view, one, platform);
  const ids = new Set(chosen.map(({ id }) => id));
  const small = new Map<Digest, BlobToSave>();
  const layers = new Map<Digest, BlobToSave>();
  const images = chosen.map((one) => {
    const image = archivedImage(view, one, ids);
    small.set(image.id, { digest: image.id, size: view.blobs.sizeOf(image.id)! });
    small.set(image.manifest.digest, image.manifest);
    if (image.original !== undefined) small.set(image.original.digest, image.original);
    for (const layer of image.layers) if (isHere(view.blobs, layer)) layers.set(layer.digest, layer);
    return image;
  });
  // Documents first, then the layers, each in the order of their names: readers find out early what they have before them.
  return { images, blobs: [...sorted(small), ...sorted(layers)], view };
}

function archivedImage(
  view: ImageIndexView,
  { id, references }: ImageToSave,
  ids: ReadonlySet<Digest>,
): ArchivedImage {
  const { record } = view.require(id);
  const manifest = record.layoutManifest ?? { digest: record.manifest, size: record.manifestSize };
  const { layers } = parseStoredManifest(view.blobs.read(manifest.digest), mediaTypes.ociManifest);
  let parent = record.parent;
  while (parent !== undefined && !ids.has(parent)) parent = view.get(parent)?.record.parent;
  return {
    id,
    manifest,
    ...(record.layoutManifest === undefined
      ? {}
      : { original: { digest: record.manifest, size: record.manifestSize } }),
    platform: record.platform,
    layers,
    diffIds: view.config(id).rootfs.diff_ids,
    references,
    ...(parent === undefined ? {} : { parent }),
  };
}

/** A layer that lives elsewhere may be missing; its descriptor says where it is. Any other has to be here. */
function isHere(blobs: BlobStore, layer: Descriptor): boolean {
  if (blobs.has(layer)) return true;
  if ((layer.urls ?? []).length > 0) return false;
  throw missingBlob(layer.digest);
}

function sorted(blobs: ReadonlyMap<Digest, BlobToSave>): BlobToSave[] {
  return [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** An image here has one platform: another one is the refusal of an engine that has several. */
function checkPlatform(deps: ImageDeps, view: ImageIndexView, { id }: ImageToSave, text: string): void {
  try {
    requirePlatform(id, view.config(id), text);
  } catch (error) {
    if (!isKind(error, 'notFound', 'IMAGE_PLATFORM_MISMATCH')) throw error;
    const host = { os: 'windows', architecture: architectureOfNode(deps.environment.arch) };
    throw new PortholeError(
      'notFound',
      'IMAGE_PLATFORM_MISMATCH',
      `no suitable export target found for platform ${formatPlatform(parsePlatform(text, host))}`,
      { hint: error.message, cause: error },
    );
  }
}

async function* archive(
  deps: ImageDeps,
  { images, blobs, view }: SavePlan,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    for (const { name, bytes } of archiveDocuments(images)) {
      yield formatHeader({ name, type: '0', mode: 0o644, size: bytes.length, mtime: '0' });
      yield bytes;
      yield Buffer.alloc(paddingOf(bytes.length));
    }
    for (const name of foldersOf(blobs)) yield formatHeader({ name, type: '5', mode: 0o755, mtime: '0' });
    for (const { digest, size } of blobs) {
      yield formatHeader({ name: blobName(digest), type: '0', mode: 0o644, size, mtime: '0' });
      yield* content(view.blobs, { digest, size }, signal);
      yield Buffer.alloc(paddingOf(size));
    }
    yield tarEnd;
    for (const { id } of images) await deps.emit?.({ action: 'save', id, attributes: { name: id } });
  } catch (error) {
    if (signal?.aborted === true) throw cancelled(error);
    throw error;
  }
}

function foldersOf(blobs: readonly BlobToSave[]): string[] {
  const algorithms = [...new Set(blobs.map(({ digest }) => digestAlgorithm(digest)))].sort();
  return ['blobs/', ...algorithms.map((algorithm) => `blobs/${algorithm}/`)];
}

async function* content(
  blobs: BlobStore,
  blob: BlobToSave,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const source = new FileBlobSource(blobs.pathOf(blob.digest), blob);
  try {
    for await (const piece of readBlob(source)) {
      signal?.throwIfAborted();
      yield piece;
      await nextTurn();
    }
  } finally {
    source.close();
  }
}

/** From blobs to the layer store: what every image goes through once, when it comes or at the latest when it is used. */
import { missingBlob } from '../../../content/blobs.ts';
import { openLease } from '../../../content/leases.ts';
import type { LayerInfo } from '../../../host/ports/layers.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseStoredManifest } from '../../../image/manifest.ts';
import { applyLayer } from './apply-layer.ts';
import { FileBlobSource } from './blob-source.ts';
import type { ImageDeps } from './deps.ts';
import { openImageIndex } from './index-view.ts';
import type { ResolvedImage } from './resolve.ts';
import { fitYoungGeneration } from './young-generation.ts';

/** Said by pulls and loads that leave layers as they came. */
export const packedNote =
  "The layers stay packed: containers need an administrator's rights, and unpack them when they are first used";

export interface StoredLayer {
  /** chainID hex. */
  readonly id: string;
  readonly diffId: Digest;
  /** Layer ids below, topmost first. */
  readonly parents: readonly string[];
  /** A file whose digest is verified. */
  readonly path: string;
  /** Of the file. */
  readonly digest: Digest;
  readonly size: number;
}

export async function unpackLayer(
  deps: Pick<ImageDeps, 'host' | 'paths'>,
  layer: StoredLayer,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (bytes: number) => void } = {},
): Promise<LayerInfo> {
  const { layers } = await deps.host();
  const source = new FileBlobSource(layer.path, layer);
  try {
    return await applyLayer(layers, deps.paths, {
      id: layer.id,
      diffId: layer.diffId,
      parents: layer.parents,
      source,
      verified: Promise.resolve(),
      signal: options.signal ?? new AbortController().signal,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
  } finally {
    source.close();
  }
}

/**
 * Makes sure that every layer of a local image is in the layer store. An image that was brought without the rights to unpack
 * it has its blobs only: this unpacks it, or says which right is missing before anything was changed.
 */
export async function requireUnpacked(
  deps: ImageDeps,
  { id, layerIds }: Pick<ResolvedImage, 'id' | 'layerIds'>,
  signal?: AbortSignal,
): Promise<void> {
  const ids = [...layerIds].reverse();
  const { layers: store } = await deps.host();
  const present = await Promise.all(ids.map((layer) => store.get(layer)));
  if (present.every((info) => info !== undefined)) return;
  const view = openImageIndex(deps);
  const { record } = view.require(id);
  const diffIds = view.config(id).rootfs.diff_ids;
  const { blobs } = view;
  const manifest = parseStoredManifest(blobs.read(record.manifest), record.manifestType);
  const lease = await openLease(
    deps.paths,
    { blobs: [id, record.manifest, ...manifest.layers.map(({ digest }) => digest)], layers: ids },
    signal,
  );
  const letGrow = fitYoungGeneration();
  try {
    const absent = [...manifest.layers.entries()].filter(([at]) => present[at] === undefined);
    for (const [, descriptor] of absent) if (!blobs.has(descriptor)) throw missingBlob(descriptor.digest);
    for (const [at, { digest, size }] of absent) {
      const parents = ids.slice(0, at).reverse();
      const path = blobs.pathOf(digest);
      const layer = { id: ids[at]!, diffId: diffIds[at]!, parents, path, digest, size };
      await unpackLayer(deps, layer, { signal });
    }
  } finally {
    letGrow();
    lease.release();
  }
}

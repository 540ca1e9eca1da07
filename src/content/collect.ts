/** Which content is needed: everything that images, leases and containers lead to (images-and-registries.md 8.3). */
import { layerIdsOf } from '../image/chain-id.ts';
import { parseImageConfig } from '../image/config.ts';
import type { Digest } from '../image/digest.ts';
import { parseStoredManifest } from '../image/manifest.ts';
import type { DataPaths } from '../state/paths.ts';
import type { BlobStore } from './blobs.ts';
import type { ImageIndexDocument, ImageRecord } from './image-index.ts';
import { leasedContent } from './leases.ts';

export interface NeededContent {
  readonly blobs: ReadonlySet<Digest>;
  /** Layer store ids. */
  readonly layers: ReadonlySet<string>;
  /** Somebody is making content that nothing names yet: what is not in these sets may be needed all the same. */
  readonly unnamed: boolean;
}

/** What one image leads to: its manifest, configuration, layer blobs and unpacked layers. Damaged documents lead nowhere. */
export function contentOfImage(
  blobs: BlobStore,
  id: Digest,
  record: ImageRecord,
): { readonly blobs: readonly Digest[]; readonly layers: readonly string[] } {
  const found: Digest[] = [record.manifest, id];
  if (record.layoutManifest !== undefined) found.push(record.layoutManifest.digest);
  const manifest = quietly(() => parseStoredManifest(blobs.read(record.manifest), record.manifestType));
  if (manifest !== undefined) found.push(...manifest.layers.map((layer) => layer.digest));
  const layers = quietly(() => layerIdsOf(parseImageConfig(blobs.read(id)).rootfs.diff_ids)) ?? [];
  return { blobs: found, layers };
}

/** Call it under the images lock. `heldLayers`: what containers stand on. */
export function markContent(
  paths: Pick<DataPaths, 'leases'>,
  blobs: BlobStore,
  index: Pick<ImageIndexDocument, 'images' | 'references'>,
  heldLayers: Iterable<string>,
): NeededContent {
  const leased = leasedContent(paths);
  const neededBlobs = new Set<Digest>(leased.blobs);
  const neededLayers = new Set<string>([...leased.layers, ...heldLayers]);
  for (const [id, record] of Object.entries(index.images)) {
    const content = contentOfImage(blobs, id, record);
    for (const digest of content.blobs) neededBlobs.add(digest);
    for (const layer of content.layers) neededLayers.add(layer);
  }
  for (const { target } of Object.values(index.references)) neededBlobs.add(target);
  return { blobs: neededBlobs, layers: neededLayers, unnamed: leased.unnamed };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

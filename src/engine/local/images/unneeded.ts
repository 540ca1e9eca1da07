/**
 * Content that no image, container or lease needs: what was killed between the making of a layer or blob and the writing of
 * its image, and pulls that were never finished. It is kept for a while, because the same command would find it useful.
 */
import { statSync } from 'node:fs';
import { BlobStore } from '../../../content/blobs.ts';
import { markContent } from '../../../content/collect.ts';
import { imagesLock, readImageIndex } from '../../../content/image-index.ts';
import { sweepIngests } from '../../../content/ingest.ts';
import { sweepSpools } from '../../../content/spool.ts';
import type { LayerInfo, LayerStore } from '../../../host/ports/layers.ts';
import { sweepTemporaries } from '../../../state/atomic-file.ts';
import { withLock } from '../../../state/lock.ts';
import { sweepAbandonedBlobs } from './blob-writer.ts';
import type { ImageDeps } from './deps.ts';

export interface UnneededOptions {
  /** Only what nobody has touched for so long; absent = all of it. */
  readonly olderThanMs?: number;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface UnneededContent {
  /** Layer store ids, topmost first. */
  readonly layers: readonly string[];
  readonly blobs: number;
  /** Unpacked layers, blobs, and parts of blobs. */
  readonly bytes: number;
}

/**
 * Removes it, or only tells of it. Layers go to the trash (`LayerStore.sweep` empties it). Nothing goes while somebody makes
 * content that has no name yet, and no layer while it cannot be told what a container stands on: the next one removes it.
 */
export async function removeUnneeded(
  deps: ImageDeps,
  { olderThanMs, dryRun = false, signal }: UnneededOptions = {},
): Promise<UnneededContent> {
  const { paths, environment } = deps;
  const before = olderThanMs === undefined ? Infinity : environment.now() - olderThanMs;
  if (!dryRun) {
    sweepSpools(paths);
    sweepAbandonedBlobs(paths.ingest);
    const folders = [paths.oci, paths.imageState, paths.buildCache, paths.leases];
    for (const folder of folders) sweepTemporaries(folder, environment.now());
    new BlobStore(paths).sweepTemporaries(environment.now());
  }
  return withLock(
    imagesLock(paths),
    async () => {
      let bytes = sweepIngests(paths, { before, dryRun });
      const store = new BlobStore(paths);
      const users = (await deps.users?.()) ?? [];
      const held = users.flatMap((user) => user.layerIds);
      const needed = markContent(paths, store, readImageIndex(paths), held);
      if (needed.unnamed) return { layers: [], blobs: 0, bytes };
      const { layers: layerStore } = await deps.host();
      const known = new Set(
        users.filter(({ layerIds }) => layerIds.length > 0).map((user) => user.containerId),
      );
      const layers: string[] = [];
      for (const { id, size } of await unneededLayers(layerStore, needed.layers, known, before)) {
        if (!dryRun) await layerStore.remove(id);
        // What Windows made of it stays without the rights of an administrator.
        if (!dryRun && (await layerStore.get(id)) !== undefined) continue;
        layers.push(id);
        bytes += size;
      }
      const blobs = store
        .list()
        .filter(({ digest, modified }) => !needed.blobs.has(digest) && modified <= before);
      for (const { digest, size } of blobs) {
        if (!dryRun) store.remove(digest);
        bytes += size;
      }
      return { layers, blobs: blobs.length, bytes };
    },
    signal === undefined ? {} : { signal },
  );
}

/** Those that stand on others first, so that a kill in between leaves no layer without its parents. */
async function unneededLayers(
  store: LayerStore,
  needed: ReadonlySet<string>,
  knownContainers: ReadonlySet<string>,
  before: number,
): Promise<LayerInfo[]> {
  const scratches = await store.listScratches();
  if (scratches.some((key) => !knownContainers.has(key))) return [];
  const unneeded = (await store.list()).filter((layer) => !needed.has(layer.id));
  const old = unneeded.filter(
    ({ path }) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) <= before,
  );
  // A young layer keeps those below it.
  const kept = new Set(unneeded.filter((layer) => !old.includes(layer)).flatMap(({ parents }) => parents));
  return old.filter(({ id }) => !kept.has(id)).sort((a, b) => b.parents.length - a.parents.length);
}

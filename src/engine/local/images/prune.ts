/** `image prune`: images that nobody needs, and what interrupted commands left of images (docker-cli.md 6, 7). */
import type { ImageDeleteItem, ImagesPruneResponse } from '../../../api/types/index.ts';
import { contentOfImage } from '../../../content/collect.ts';
import { isKind } from '../../../errors/porthole-error.ts';
import type { Digest } from '../../../image/digest.ts';
import { familiarString } from '../../../image/reference.ts';
import type { CallOptions, Filters } from '../../roles/index.ts';
import { pruneAlone } from '../prune.ts';
import type { ImageDeps } from './deps.ts';
import { nanosecondsOf } from './image-time.ts';
import type { ImageIndexView } from './index-view.ts';
import { openImageIndex } from './index-view.ts';
import { parsePruneFilters } from './list-filters.ts';
import type { PruneFilters } from './list-filters.ts';
import { removeImage } from './remove.ts';
import { removeUnneeded } from './unneeded.ts';

type PruneOptions = CallOptions & { readonly filters?: Filters; readonly dryRun?: boolean };

/** The role's `prune`. One at a time across processes, as in Docker's daemon. */
export async function pruneImages(deps: ImageDeps, options: PruneOptions = {}): Promise<ImagesPruneResponse> {
  const filters = parsePruneFilters(options.filters, deps.environment.now());
  return pruneAlone(deps.paths, 'prune-images', () => prune(deps, filters, options));
}

async function prune(
  deps: ImageDeps,
  filters: PruneFilters,
  { dryRun = false, signal }: PruneOptions,
): Promise<ImagesPruneResponse> {
  const view = openImageIndex(deps);
  const used = new Set(((await deps.users?.()) ?? []).map((user) => user.imageId));
  const sizes = layerSizes(view);
  const items: ImageDeleteItem[] = [];
  for (const id of candidates(view, filters)) {
    signal?.throwIfAborted();
    if (used.has(id)) continue;
    items.push(...(dryRun ? planned(view, id) : await removed(deps, view, id, signal)));
  }
  const layers = items.flatMap(({ Deleted: deleted }) => deleted?.slice('sha256:'.length) ?? []);
  let reclaimed = layers.reduce((sum, layer) => sum + (sizes.get(layer) ?? 0), 0);
  if (!filters.chooses) {
    const left = await removeUnneeded(deps, { dryRun, signal });
    items.push(...left.layers.map((layer) => ({ Deleted: `sha256:${layer}` })));
    reclaimed += left.bytes;
    if (!dryRun && left.layers.length > 0) await (await deps.host()).layers.sweep();
  }
  return { ImagesDeleted: items.length === 0 ? null : items, SpaceReclaimed: reclaimed };
}

/** Images to try, children before what they are built on. Damaged ones are left to `rmi`. */
function candidates(view: ImageIndexView, filters: PruneFilters): Digest[] {
  const found: { readonly id: Digest; readonly depth: number }[] = [];
  for (const [id, record] of Object.entries(view.index.images)) {
    const references = view.references(id);
    const isBuiltOn = view.children(id).length > 0;
    if (filters.dangling && (isBuiltOn || references.some((one) => one.tag !== undefined))) continue;
    if (references.length === 0 && isBuiltOn) continue;
    try {
      const config = view.config(id);
      if (!filters.matches(nanosecondsOf(config.created), config.config?.Labels)) continue;
    } catch {
      continue;
    }
    let depth = 0;
    for (let up = record.parent; up !== undefined; up = view.get(up)?.record.parent) depth += 1;
    found.push({ id, depth });
  }
  return found.sort((a, b) => b.depth - a.depth || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

/** Name by name, and the image with the last. What somebody came to use meanwhile stays. */
async function removed(
  deps: ImageDeps,
  view: ImageIndexView,
  id: Digest,
  signal: AbortSignal | undefined,
): Promise<ImageDeleteItem[]> {
  const names = view.references(id).map(familiarString);
  const items: ImageDeleteItem[] = [];
  for (const name of names.length === 0 ? [id] : names) {
    try {
      items.push(...(await removeImage(deps, name, signal === undefined ? {} : { signal })));
    } catch (error) {
      if (!isKind(error, 'conflict') && !isKind(error, 'notFound')) throw error;
    }
  }
  return items;
}

function planned(view: ImageIndexView, id: Digest): ImageDeleteItem[] {
  const names = view.references(id).map((reference) => ({ Untagged: familiarString(reference) }));
  return [...names, { Deleted: id }];
}

/** Unpacked bytes by layer id. */
function layerSizes(view: ImageIndexView): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [id, record] of Object.entries(view.index.images)) {
    const { layers } = contentOfImage(view.blobs, id, record);
    for (const [at, layer] of [...layers].reverse().entries()) sizes.set(layer, record.layerSizes[at] ?? 0);
  }
  return sizes;
}

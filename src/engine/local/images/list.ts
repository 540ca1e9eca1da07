import type { ImageSummary } from '../../../api/types/index.ts';
import type { Digest } from '../../../image/digest.ts';
import { familiarString } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import type { Filters } from '../../roles/containers.ts';
import type { ImageReadDeps } from './deps.ts';
import { nanosecondsOf, unixSeconds } from './image-time.ts';
import { openImageIndex } from './index-view.ts';
import type { ImageIndexView } from './index-view.ts';
import { matchesReference, parseImageFilters } from './list-filters.ts';
import type { ImageFilters } from './list-filters.ts';

/** `GET /images/json`, newest first. Without `all`, images that only others are built on are left out. */
export function listImages(
  deps: ImageReadDeps,
  options: { readonly all?: boolean; readonly filters?: Filters } = {},
): ImageSummary[] {
  const view = openImageIndex(deps);
  const filters = parseImageFilters(options.filters, deps.environment.now());
  const createdOf = (name: string): bigint => nanosecondsOf(view.config(view.require(name).id).created);
  const found: { readonly created: bigint; readonly summary: ImageSummary }[] = [];
  for (const id of Object.keys(view.index.images)) {
    const names = shownReferences(view, id, filters, options.all === true);
    if (names === undefined) continue;
    const config = view.config(id);
    const created = nanosecondsOf(config.created);
    if (!filters.matchesTime(created, createdOf) || !filters.matchesLabels(config.config?.Labels)) continue;
    found.push({ created, summary: summaryOf(view, id, names) });
  }
  return found
    .sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0))
    .map((item) => item.summary);
}

/** References to show for an image, or undefined to leave it out. */
function shownReferences(
  view: ImageIndexView,
  id: Digest,
  filters: ImageFilters,
  all: boolean,
): Reference[] | undefined {
  const { references: patterns, dangling } = filters;
  const names = view
    .references(id)
    .filter(
      (reference) =>
        patterns === undefined || patterns.some((pattern) => matchesReference(pattern, reference)),
    );
  if (names.length > 0) {
    return dangling === true && names.some((reference) => reference.tag !== undefined) ? undefined : names;
  }
  if (patterns !== undefined || dangling === false) return undefined;
  return all || view.children(id).length === 0 ? [] : undefined;
}

function summaryOf(view: ImageIndexView, id: Digest, names: readonly Reference[]): ImageSummary {
  const config = view.config(id);
  const record = view.index.images[id]!;
  return {
    Containers: -1,
    Created: unixSeconds(config.created),
    Id: id,
    Labels: config.config?.Labels ?? null,
    ParentId: record.parent ?? '',
    RepoDigests: names.filter((name) => name.digest !== undefined).map(familiarString),
    RepoTags: names.filter((name) => name.tag !== undefined).map(familiarString),
    SharedSize: -1,
    Size: record.layerSizes.reduce((sum, size) => sum + size, 0),
  };
}

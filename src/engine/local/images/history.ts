import type { HistoryItem } from '../../../api/types/index.ts';
import type { Digest } from '../../../image/digest.ts';
import { familiarString } from '../../../image/reference.ts';
import type { ImageReadDeps } from './deps.ts';
import { unixSeconds } from './image-time.ts';
import { openImageIndex } from './index-view.ts';

/** `GET /images/{name}/history`, newest first (images-and-registries.md 5.6). Rows of parents that are here carry their IDs. */
export function imageHistory(deps: Pick<ImageReadDeps, 'paths'>, name: string): HistoryItem[] {
  const view = openImageIndex(deps);
  const { id, record } = view.require(name);
  const config = view.config(id);
  let layer = 0;
  const rows: HistoryItem[] = (config.history ?? []).map((entry) => {
    const size = entry.empty_layer === true ? 0 : (record.layerSizes[layer++] ?? 0);
    return {
      Id: '<missing>',
      Created: unixSeconds(entry.created),
      CreatedBy: entry.created_by ?? '',
      Tags: null,
      Size: size,
      Comment: entry.comment ?? '',
    };
  });
  rows.reverse();
  let owner: Digest | undefined = id;
  for (const row of rows) {
    if (owner === undefined || view.get(owner) === undefined) break;
    row.Id = owner;
    const tags = view.references(owner).filter((reference) => reference.tag !== undefined);
    row.Tags = tags.length === 0 ? null : tags.map(familiarString);
    owner = view.get(owner)?.record.parent;
  }
  return rows;
}

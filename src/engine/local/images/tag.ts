import { changeImageIndex } from '../../../content/image-index.ts';
import type { ImageIndexDraft } from '../../../content/image-index.ts';
import type { Digest } from '../../../image/digest.ts';
import { canonicalString, familiarString, parseTagTarget } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import type { ImageDeps, ImageEvent } from './deps.ts';
import { timeText } from './image-time.ts';
import { openImageIndex } from './index-view.ts';

/** Gives an image another name; the name is taken from whichever image had it. */
export async function tagImage(
  deps: ImageDeps,
  source: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const reference = parseTagTarget(target);
  const { id } = openImageIndex(deps).require(source);
  await changeImageIndex(
    deps.paths,
    (draft) => {
      // Removed by somebody since: the look-up is repeated under the lock.
      if (draft.images[id] === undefined) openImageIndex(deps).require(source);
      setReference(draft, reference, id, draft.images[id]!.manifest, deps.environment.now());
    },
    { signal },
  );
  await deps.emit?.(tagEvent(id, reference));
}

export function tagEvent(id: Digest, reference: Reference): ImageEvent {
  return { action: 'tag', id, attributes: { name: familiarString(reference) } };
}

/** Points a tag or digest reference at an image, in a draft of the index. */
export function setReference(
  draft: ImageIndexDraft,
  reference: Reference,
  image: Digest,
  target: Digest,
  nowMs: number,
): void {
  draft.references[canonicalString(reference)] = { image, target };
  const record = draft.images[image];
  if (record !== undefined && reference.tag !== undefined) {
    draft.images[image] = { ...record, lastTagTime: timeText(nowMs) };
  }
}

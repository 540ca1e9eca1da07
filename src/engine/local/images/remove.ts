/** `rmi` with Docker's untag and conflict rules (the classic store's; docker-cli.md 7). */
import type { ImageDeleteItem } from '../../../api/types/index.ts';
import { BlobStore } from '../../../content/blobs.ts';
import { contentOfImage, markContent } from '../../../content/collect.ts';
import { changeImageIndex, referencesOf } from '../../../content/image-index.ts';
import type { ImageIndexDraft } from '../../../content/image-index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { shortDigest } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import {
  canonicalName,
  canonicalString,
  familiarString,
  parseIdentifier,
  parseReference,
  withDefaultTag,
} from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import type { ImageDeps, ImageEvent, ImageUser } from './deps.ts';
import { ImageIndexView } from './index-view.ts';

export interface RemoveOptions {
  readonly force?: boolean;
  readonly noPrune?: boolean;
  readonly signal?: AbortSignal;
}

interface Removal {
  readonly draft: ImageIndexDraft;
  readonly view: ImageIndexView;
  readonly users: readonly ImageUser[];
  readonly items: ImageDeleteItem[];
  readonly events: ImageEvent[];
  readonly freed: { blobs: Set<Digest>; layers: string[] };
}

/**
 * Removes a name, and the image with it when that was its last. Conflicts: kind `conflict`, `conflict: unable to …`.
 * Unpacked layers and blobs that nothing needs any more go too. Nothing changes when it throws.
 */
export async function removeImage(
  deps: ImageDeps,
  name: string,
  options: RemoveOptions = {},
): Promise<ImageDeleteItem[]> {
  const blobs = new BlobStore(deps.paths);
  const { items, events, freed } = await changeImageIndex(
    deps.paths,
    async (draft) => {
      const users = (await deps.users?.()) ?? [];
      const view = new ImageIndexView({ format: 1, ...draft }, blobs);
      const removal: Removal = {
        draft,
        view,
        users,
        items: [],
        events: [],
        freed: { blobs: new Set(), layers: [] },
      };
      decide(removal, name, options);
      return removal;
    },
    { signal: options.signal, afterWrite: (removal) => sweep(deps, removal, blobs) },
  );
  for (const event of events) await deps.emit?.(event);
  // Whoever removes an image wants its space back now; nothing waits for it, so it is done outside of the lock.
  if (freed.layers.length > 0) await (await deps.host()).layers.sweep();
  return items;
}

function decide(removal: Removal, name: string, options: RemoveOptions): void {
  const { id } = removal.view.require(name);
  const force = options.force === true;
  const prune = options.noPrune !== true;
  const references = referencesOf(removal.draft, id);
  if (isIdPrefix(id, name)) {
    if (isSingleReference(references)) {
      checkConflicts(removal, id, { soft: !force, references: false });
      for (const reference of references) untag(removal, id, reference);
    }
    deleteImage(removal, id, { force, prune, quiet: false });
    return;
  }
  const user = removal.users.find((one) => one.imageId === id);
  if (!force && isSingleReference(references) && user !== undefined) {
    throw new PortholeError(
      'conflict',
      'IMAGE_IN_USE',
      `conflict: unable to remove repository reference "${name}" (must force) - container ${user.containerId.slice(0, 12)} is using its referenced image ${shortDigest(id)}`,
    );
  }
  const reference = withDefaultTag(parseReference(name));
  untag(removal, id, reference);
  if (reference.digest === undefined) untagLonelyDigests(removal, id, reference);
  if (referencesOf(removal.draft, id).length > 0) return;
  deleteImage(removal, id, { force, prune, quiet: true });
}

/** `sha256:…`, or a bare prefix of the ID. */
function isIdPrefix(id: Digest, name: string): boolean {
  const identifier = parseIdentifier(name);
  return identifier !== undefined && id.startsWith(`sha256:${identifier.hex}`);
}

/** At most one tag, and every digest reference in its repository. */
function isSingleReference(references: readonly Reference[]): boolean {
  const tags = references.filter((reference) => reference.tag !== undefined);
  const repositories = new Set(references.map(canonicalName));
  return tags.length <= 1 && repositories.size <= 1;
}

function untag(removal: Removal, id: Digest, reference: Reference): void {
  const key = canonicalString(reference);
  const target = removal.draft.references[key]?.target;
  // `rmi name:tag@digest` and the like name the image by something that is not a reference of its own.
  if (target === undefined) return;
  removal.freed.blobs.add(target);
  delete removal.draft.references[key];
  removal.items.push({ Untagged: familiarString(reference) });
  removal.events.push({ action: 'untag', id, attributes: { name: familiarString(reference) } });
}

/** With the last tag of a repository its digest references go too. */
function untagLonelyDigests(removal: Removal, id: Digest, removed: Reference): void {
  const same = referencesOf(removal.draft, id).filter((one) => canonicalName(one) === canonicalName(removed));
  if (same.some((one) => one.tag !== undefined)) return;
  for (const reference of same) untag(removal, id, reference);
}

interface ConflictQuestion {
  /** Also what `--force` overcomes. */
  readonly soft: boolean;
  /** Of those, also remaining references. */
  readonly references: boolean;
}

function findConflict(removal: Removal, id: Digest, question: ConflictQuestion): PortholeError | undefined {
  const conflict = (hard: boolean, why: string): PortholeError =>
    new PortholeError(
      'conflict',
      'IMAGE_IN_USE',
      `conflict: unable to delete ${shortDigest(id)} (${hard ? 'cannot be forced' : 'must be forced'}) - ${why}`,
    );
  if (Object.values(removal.draft.images).some((record) => record.parent === id)) {
    return conflict(true, 'image has dependent child images');
  }
  const users = removal.users.filter((user) => user.imageId === id);
  const running = users.find((user) => user.running);
  if (running !== undefined) {
    return conflict(true, `image is being used by running container ${running.containerId.slice(0, 12)}`);
  }
  if (!question.soft) return undefined;
  if (question.references && referencesOf(removal.draft, id).length > 0) {
    return conflict(false, 'image is referenced in multiple repositories');
  }
  const stopped = users[0];
  if (stopped === undefined) return undefined;
  return conflict(false, `image is being used by stopped container ${stopped.containerId.slice(0, 12)}`);
}

function checkConflicts(removal: Removal, id: Digest, question: ConflictQuestion): void {
  const conflict = findConflict(removal, id, question);
  if (conflict !== undefined) throw conflict;
}

function deleteImage(
  removal: Removal,
  id: Digest,
  options: { readonly force: boolean; readonly prune: boolean; readonly quiet: boolean },
): void {
  const record = removal.draft.images[id];
  if (record === undefined) return;
  const conflict = findConflict(removal, id, { soft: !options.force, references: true });
  if (conflict !== undefined) {
    // A name was removed: that the image stays for somebody else's sake is no news.
    if (options.quiet) return;
    throw conflict;
  }
  for (const reference of referencesOf(removal.draft, id)) untag(removal, id, reference);
  const content = contentOfImage(removal.view.blobs, id, record);
  for (const digest of content.blobs) removal.freed.blobs.add(digest);
  removal.freed.layers.push(...content.layers);
  delete removal.draft.images[id];
  removal.items.push({ Deleted: id });
  removal.events.push({ action: 'delete', id, attributes: { name: id } });
  for (const layer of releasedLayers(removal, content.layers))
    removal.items.push({ Deleted: `sha256:${layer}` });
  if (options.prune && record.parent !== undefined) {
    deleteImage(removal, record.parent, { force: false, prune: true, quiet: true });
  }
}

/** Layers that no other image and no container stands on, topmost first. */
function releasedLayers(removal: Removal, layers: readonly string[]): string[] {
  const held = new Set(removal.users.flatMap((user) => user.layerIds));
  for (const [id, record] of Object.entries(removal.draft.images)) {
    for (const layer of contentOfImage(removal.view.blobs, id, record).layers) held.add(layer);
  }
  return layers.filter((layer) => !held.has(layer));
}

async function sweep(deps: ImageDeps, removal: Removal, blobs: BlobStore): Promise<void> {
  const { freed, draft, users } = removal;
  if (freed.blobs.size === 0 && freed.layers.length === 0) return;
  const needed = markContent(
    deps.paths,
    blobs,
    draft,
    users.flatMap((user) => user.layerIds),
  );
  const layers = [...new Set(freed.layers)].filter((layer) => !needed.layers.has(layer));
  if (layers.length > 0) {
    const { layers: store } = await deps.host();
    for (const layer of layers) await store.remove(layer);
  }
  for (const digest of freed.blobs) {
    if (!needed.blobs.has(digest)) blobs.remove(digest);
  }
}

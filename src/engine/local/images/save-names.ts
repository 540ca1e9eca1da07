import { PortholeError } from '../../../errors/porthole-error.ts';
import type { Digest } from '../../../image/digest.ts';
import {
  canonicalName,
  canonicalString,
  familiarName,
  parseIdentifier,
  parseReference,
} from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { noSuchImage } from './index-view.ts';
import type { ImageIndexView } from './index-view.ts';

export interface ImageToSave {
  readonly id: Digest;
  /** The names that go with it. */
  readonly references: readonly Reference[];
}

/**
 * What is meant, as Docker takes it: `name:tag` is one name, `name` all tags of the repository, an ID or digest the image
 * without a name. Each image once, in the order of the arguments. Unknown: `reference does not exist`, or `No such image: x`
 * for what may have been an ID.
 */
export function imagesToSave(view: ImageIndexView, names: readonly string[]): ImageToSave[] {
  if (names.length === 0) throw new PortholeError('invalid', 'NO_IMAGE', 'no image specified');
  const found = new Map<Digest, Map<string, Reference>>();
  const add = (id: Digest, reference: Reference | undefined): void => {
    const references = found.get(id) ?? new Map<string, Reference>();
    if (reference?.tag !== undefined) references.set(canonicalString(reference), reference);
    found.set(id, references);
  };
  for (const name of names) for (const { id, reference } of meantBy(view, name)) add(id, reference);
  return [...found].map(([id, references]) => ({ id, references: [...references.values()] }));
}

function meantBy(view: ImageIndexView, name: string): { id: Digest; reference?: Reference }[] {
  if (parseIdentifier(name)?.complete === true) return [view.require(name)];
  const reference = parseReference(name);
  if (familiarName(reference) === 'sha256') return [view.require(name)];
  if (reference.tag === undefined && reference.digest === undefined) {
    const tagged = Object.entries(view.index.references)
      .map(([text, { image }]) => ({ id: image, reference: parseReference(text) }))
      .filter((one) => canonicalName(one.reference) === canonicalName(reference));
    if (tagged.length > 0)
      return tagged.sort((a, b) => (canonicalString(a.reference) < canonicalString(b.reference) ? -1 : 1));
    const byPrefix = parseIdentifier(name) === undefined ? undefined : view.find(name);
    if (byPrefix === undefined) throw noSuchImage(name);
    return [{ id: byPrefix.id }];
  }
  const named = view.index.references[canonicalString(reference)];
  if (named === undefined)
    throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', 'reference does not exist', {
      hint: `there is no image ${name}: porthole images shows what there is`,
    });
  return [{ id: named.image, reference }];
}

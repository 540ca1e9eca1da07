/**
 * Which images there are and what they are called: `images/refs.json`, one file, replaced in one step under the lock
 * `locks/images.lock`. Everything about an image that isn't in its own documents is here. Reading takes no lock.
 */
import { join } from 'node:path';
import type { PlatformFields } from '../image/descriptor.ts';
import type { Digest } from '../image/digest.ts';
import { mediaTypes } from '../image/media-types.ts';
import { canonicalString, familiarString, parseReference } from '../image/reference.ts';
import type { Reference } from '../image/reference.ts';
import { damaged, readJsonIfExists, writeJsonAtomic } from '../state/atomic-file.ts';
import { newerFormat } from '../state/collection.ts';
import { withLock } from '../state/lock.ts';
import type { DataPaths } from '../state/paths.ts';
import { writeLayoutIndex } from './layout.ts';
import type { NamedDescriptor } from './layout.ts';

export interface ImageRecord {
  /** The manifest that this engine has for the image, and its exact size in bytes. */
  readonly manifest: Digest;
  readonly manifestType: string;
  readonly manifestSize: number;
  /** The OCI form of a Docker manifest, which `index.json` names instead. Absent when the manifest is OCI itself. */
  readonly layoutManifest?: { readonly digest: Digest; readonly size: number };
  readonly platform: PlatformFields;
  /** Unpacked bytes of each layer, bottom first. */
  readonly layerSizes: readonly number[];
  /** Image ID that it was built on, here. */
  readonly parent?: Digest;
  /** RFC 3339, of the last tag given here. */
  readonly lastTagTime?: string;
}

export interface ReferenceRecord {
  readonly image: Digest;
  /** What the registry calls by this name: a manifest, or the list that it was chosen from. */
  readonly target: Digest;
}

export interface ImageIndexDocument {
  readonly format: 1;
  /** Image ID -> record. */
  readonly images: Readonly<Record<Digest, ImageRecord>>;
  /** Canonical reference with tag or digest -> image. */
  readonly references: Readonly<Record<string, ReferenceRecord>>;
}

/** A copy to change; what is left in it is written. */
export interface ImageIndexDraft {
  readonly images: Record<Digest, ImageRecord>;
  readonly references: Record<string, ReferenceRecord>;
}

type IndexPaths = Pick<DataPaths, 'imageState' | 'oci' | 'locks'>;

const format = 1;
const empty: ImageIndexDocument = { format, images: {}, references: {} };

export function imagesLock(paths: Pick<DataPaths, 'locks'>): string {
  return join(paths.locks, 'images.lock');
}

/** A damaged file: kind `internal`, code `STATE_DAMAGED`. One from a newer version: code `STATE_FORMAT_NEWER`. */
export function readImageIndex(paths: Pick<DataPaths, 'imageState'>): ImageIndexDocument {
  const path = indexPath(paths);
  const document = readJsonIfExists<ImageIndexDocument>(path);
  if (document === undefined) return empty;
  if (typeof document !== 'object' || document === null || typeof document.format !== 'number')
    throw damaged(path);
  if (document.format > format) throw newerFormat('the image index', document.format, format);
  const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null;
  if (!isMap(document.images) || !isMap(document.references)) throw damaged(path);
  return document;
}

export interface IndexChangeOptions<T> {
  readonly signal?: AbortSignal | undefined;
  /** Runs under the lock too, when the index is written: the place to remove what it no longer names. */
  readonly afterWrite?: (result: T) => Promise<void>;
}

/** Runs `change` under the lock; the files are written when it returns, and not when it throws. */
export async function changeImageIndex<T>(
  paths: IndexPaths,
  change: (draft: ImageIndexDraft) => T | Promise<T>,
  options: IndexChangeOptions<T> = {},
): Promise<T> {
  const { signal } = options;
  return withLock(
    imagesLock(paths),
    async () => {
      const current = readImageIndex(paths);
      const draft: ImageIndexDraft = { images: { ...current.images }, references: { ...current.references } };
      const result = await change(draft);
      writeJsonAtomic(indexPath(paths), { format, ...draft }, { durable: true });
      writeLayoutIndex(paths, layoutEntries(draft));
      await options.afterWrite?.(result);
      return result;
    },
    signal === undefined ? {} : { signal },
  );
}

/** References that name an image, in canonical order. */
export function referencesOf(index: Pick<ImageIndexDocument, 'references'>, image: Digest): Reference[] {
  return Object.entries(index.references)
    .filter(([, record]) => record.image === image)
    .map(([name]) => name)
    .sort()
    .map(parseReference);
}

function indexPath(paths: Pick<DataPaths, 'imageState'>): string {
  return join(paths.imageState, 'refs.json');
}

/** One entry a tag, and one without a name for images that have no tag: other tools see all that is kept. */
function layoutEntries(draft: ImageIndexDraft): NamedDescriptor[] {
  const entries: NamedDescriptor[] = [];
  for (const [id, record] of Object.entries(draft.images).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const descriptor = {
      mediaType: mediaTypes.ociManifest,
      digest: record.layoutManifest?.digest ?? record.manifest,
      size: record.layoutManifest?.size ?? record.manifestSize,
      platform: record.platform,
    };
    const tagged = referencesOf(draft, id).filter((reference) => reference.tag !== undefined);
    if (tagged.length === 0) entries.push(descriptor);
    for (const reference of tagged) {
      entries.push({
        ...descriptor,
        fullName: canonicalString(reference),
        refName: familiarString(reference),
      });
    }
  }
  return entries;
}

/** One reading of the image index with its look-ups. Documents are read from the blob store when asked for, once. */
import { BlobStore } from '../../../content/blobs.ts';
import { readImageIndex, referencesOf } from '../../../content/image-index.ts';
import type { ImageIndexDocument, ImageRecord } from '../../../content/image-index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { layerIdsOf } from '../../../image/chain-id.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { ImageConfig } from '../../../image/config.ts';
import type { Digest } from '../../../image/digest.ts';
import {
  canonicalString,
  familiarString,
  parseIdentifier,
  parseReference,
  withDefaultTag,
} from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import type { ImageReadDeps } from './deps.ts';
import type { ResolvedImage } from './resolve.ts';

export interface FoundImage {
  readonly id: Digest;
  readonly record: ImageRecord;
}

export class ImageIndexView {
  readonly index: ImageIndexDocument;
  readonly blobs: BlobStore;
  readonly #configs = new Map<Digest, ImageConfig>();

  constructor(index: ImageIndexDocument, blobs: BlobStore) {
    this.index = index;
    this.blobs = blobs;
  }

  /**
   * The image by full ID, by reference, or by unique ID prefix, in Docker's order. Undefined when there is none; a bad
   * reference is kind `invalid`.
   */
  find(name: string): FoundImage | undefined {
    const identifier = parseIdentifier(name);
    if (identifier?.complete === true) return this.get(`sha256:${identifier.hex}`);
    const byName = this.index.references[canonicalString(withDefaultTag(parseReference(name)))];
    if (byName !== undefined) return this.get(byName.image);
    if (identifier === undefined) return undefined;
    const matches = Object.keys(this.index.images).filter((id) => id.startsWith(`sha256:${identifier.hex}`));
    return matches.length === 1 ? this.get(matches[0]!) : undefined;
  }

  /** As `find`. None: kind `notFound`, code `IMAGE_NOT_FOUND`, `No such image: x:latest`. */
  require(name: string): FoundImage {
    const found = this.find(name);
    if (found !== undefined) return found;
    throw noSuchImage(name, this.#ambiguity(name));
  }

  get(id: Digest): FoundImage | undefined {
    const record = this.index.images[id];
    return record === undefined ? undefined : { id, record };
  }

  config(id: Digest): ImageConfig {
    let config = this.#configs.get(id);
    if (config === undefined) {
      config = parseImageConfig(this.blobs.read(id));
      this.#configs.set(id, config);
    }
    return config;
  }

  references(id: Digest): Reference[] {
    return referencesOf(this.index, id);
  }

  children(id: Digest): Digest[] {
    return Object.entries(this.index.images)
      .filter(([, record]) => record.parent === id)
      .map(([child]) => child);
  }

  resolve(name: string): ResolvedImage {
    const { id, record } = this.require(name);
    const config = this.config(id);
    return {
      id,
      config,
      layerIds: layerIdsOf(config.rootfs.diff_ids),
      manifestDigest: record.manifest,
      repoTags: this.references(id)
        .filter((reference) => reference.tag !== undefined)
        .map(familiarString),
    };
  }

  #ambiguity(name: string): string | undefined {
    const hex = parseIdentifier(name)?.hex;
    if (hex === undefined) return undefined;
    const count = Object.keys(this.index.images).filter((id) => id.startsWith(`sha256:${hex}`)).length;
    return count > 1 ? `${count} images have an ID that starts with ${hex}: give more digits` : undefined;
  }
}

export function openImageIndex(deps: Pick<ImageReadDeps, 'paths'>): ImageIndexView {
  return new ImageIndexView(readImageIndex(deps.paths), new BlobStore(deps.paths));
}

export function noSuchImage(name: string, hint?: string): PortholeError {
  const shown =
    parseIdentifier(name)?.complete === true ? name : familiarString(withDefaultTag(parseReference(name)));
  return new PortholeError(
    'notFound',
    'IMAGE_NOT_FOUND',
    `No such image: ${shown}`,
    hint === undefined ? {} : { hint },
  );
}

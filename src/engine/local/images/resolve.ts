import type { ImageConfig } from '../../../image/config.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ImageReadDeps } from './deps.ts';

export interface ResolvedImage {
  /** `sha256:…` of the configuration. */
  readonly id: string;
  readonly config: ImageConfig;
  /** chainID hex of every layer, topmost first: `LayerStore` ids and `parents`. Empty for an image without layers. */
  readonly layerIds: readonly string[];
  /** `sha256:…` of the manifest in the OCI layout. */
  readonly manifestDigest: string;
  /** Familiar references, such as `nanoserver:ltsc2022`. */
  readonly repoTags: readonly string[];
}

/**
 * An image by reference, ID or unique ID prefix. Errors: `notFound` code `IMAGE_NOT_FOUND` `No such image: x:latest`;
 * `invalid` for a bad reference; `conflict` for a prefix of several.
 */
export async function resolveImage(deps: ImageReadDeps, name: string): Promise<ResolvedImage> {
  throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `No such image: ${name}`, {
    cause: deps.paths.imageState,
  });
}

import type { ImageConfig } from '../../../image/config.ts';
import type { ImageReadDeps } from './deps.ts';
import { openImageIndex } from './index-view.ts';

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
 * An image by full ID, by reference or by unique ID prefix. Errors: `notFound` code `IMAGE_NOT_FOUND` `No such image:
 * x:latest`; `invalid` for a bad reference; `internal` code `BLOB_DAMAGED` when its configuration can't be trusted.
 */
export async function resolveImage(deps: Pick<ImageReadDeps, 'paths'>, name: string): Promise<ResolvedImage> {
  return openImageIndex(deps).resolve(name);
}

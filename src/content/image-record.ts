import type { ImageConfig } from '../image/config.ts';
import type { ImageManifest } from '../image/manifest.ts';
import { sha256 } from '../image/digest.ts';
import type { Digest } from '../image/digest.ts';
import { asOciManifest } from '../image/mutate.ts';
import type { BlobStore } from './blobs.ts';
import type { ImageRecord } from './image-index.ts';

/** The blobs that `storeManifest` makes. */
export function manifestBlobs(manifest: ImageManifest): Digest[] {
  const oci = asOciManifest(manifest);
  return [manifest.digest, ...(oci === undefined ? [] : [sha256(oci)])];
}

/** Stores an image's manifest (and its OCI form, where that is another) and gives what the index keeps of it. */
export function storeManifest(
  blobs: BlobStore,
  manifest: ImageManifest,
  config: ImageConfig,
): Pick<ImageRecord, 'manifest' | 'manifestType' | 'manifestSize' | 'layoutManifest' | 'platform'> {
  blobs.put(manifest.bytes);
  const oci = asOciManifest(manifest);
  const { architecture, os, 'os.version': osVersion } = config;
  return {
    manifest: manifest.digest,
    manifestType: manifest.mediaType,
    manifestSize: manifest.bytes.length,
    ...(oci === undefined ? {} : { layoutManifest: { digest: blobs.put(oci), size: oci.length } }),
    platform: { architecture, os, ...(osVersion === undefined ? {} : { 'os.version': osVersion }) },
  };
}

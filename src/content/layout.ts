/**
 * The OCI image layout of the data root (images-and-registries.md 8.1), readable by other tools as `oci:<root>/oci:<name>`.
 * `index.json` is derived from the image index; blobs may be missing, which a layout allows.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Descriptor } from '../image/descriptor.ts';
import { mediaTypes } from '../image/media-types.ts';
import { readTextIfExists, writeFileAtomic } from '../state/atomic-file.ts';
import type { DataPaths } from '../state/paths.ts';

export interface NamedDescriptor extends Descriptor {
  /** Full name with tag, such as `docker.io/library/x:1`; absent for an image without one. */
  readonly fullName?: string;
  /** The name that `oci:<root>/oci:<name>` takes. */
  readonly refName?: string;
}

/** Rewrites `index.json` in one step and makes sure that the folder is a layout. */
export function writeLayoutIndex(paths: Pick<DataPaths, 'oci'>, entries: readonly NamedDescriptor[]): void {
  ensureLayout(paths);
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: entries.map(({ fullName, refName, ...descriptor }) => ({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      ...(fullName === undefined && refName === undefined
        ? {}
        : {
            annotations: {
              ...(fullName === undefined ? {} : { 'io.containerd.image.name': fullName }),
              ...(refName === undefined ? {} : { 'org.opencontainers.image.ref.name': refName }),
            },
          }),
      ...(descriptor.platform === undefined ? {} : { platform: descriptor.platform }),
    })),
  };
  writeFileAtomic(join(paths.oci, 'index.json'), JSON.stringify(document), { durable: true, mode: 0o644 });
}

export function ensureLayout(paths: Pick<DataPaths, 'oci'>): void {
  const marker = join(paths.oci, 'oci-layout');
  if (readTextIfExists(marker) !== undefined) return;
  mkdirSync(join(paths.oci, 'blobs', 'sha256'), { recursive: true, mode: 0o755 });
  writeFileAtomic(marker, '{"imageLayoutVersion":"1.0.0"}', { mode: 0o644 });
}

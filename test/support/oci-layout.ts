import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface LayoutLayer extends Descriptor {
  readonly diffId: string;
}

/** One image in an OCI image layout on disk. `skopeo` reads it as `oci:<folder>:<tag>`. */
export interface LayoutImage {
  readonly folder: string;
  readonly tag: string;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  /** Base first. */
  readonly layers: readonly LayoutLayer[];
  readonly blobPath: (digest: string) => string;
}

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstdLayer: 'application/vnd.oci.image.layer.v1.tar+zstd',
  tarLayer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Writes `blobs/`, one image at a time. */
export class OciLayout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  }

  readonly blobPath = (digest: string): string => join(this.folder, 'blobs', ...digest.split(':'));

  blob(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes);
    writeFileSync(this.blobPath(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Takes over a file that was hashed while it was written. */
  adopt(mediaType: string, path: string, digest: string, size: number): Descriptor {
    renameSync(path, this.blobPath(digest));
    return { mediaType, digest, size };
  }

  /** Configuration and manifest for `layers`, tagged in `index.json`. `config` gets its rootfs here. */
  image(
    tag: string,
    platform: { readonly os: string; readonly architecture: string; readonly 'os.version': string },
    config: Record<string, unknown>,
    layers: readonly LayoutLayer[],
  ): LayoutImage {
    const rootfs = { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) };
    const configBlob = this.blob(
      mediaTypes.config,
      Buffer.from(JSON.stringify({ ...config, ...platform, rootfs })),
    );
    const manifest = this.blob(
      mediaTypes.manifest,
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: mediaTypes.manifest,
          config: configBlob,
          layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
        }),
      ),
    );
    const annotations = { 'org.opencontainers.image.ref.name': tag };
    const index = {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...manifest, platform, annotations }],
    };
    writeFileSync(join(this.folder, 'index.json'), JSON.stringify(index));
    return { folder: this.folder, tag, manifest, config: configBlob, layers, blobPath: this.blobPath };
  }
}

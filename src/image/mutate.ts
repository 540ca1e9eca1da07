/**
 * New image documents out of old ones. Configurations are changed on the parsed JSON object, so keys that we don't know
 * survive; they are written with top-level keys sorted, as Docker does, so that equal content gives equal bytes.
 */
import type { ImageConfigSection, HistoryEntry } from './config.ts';
import type { Descriptor } from './descriptor.ts';
import type { Digest } from './digest.ts';
import { mediaTypes, ociLayerType } from './media-types.ts';
import type { ImageManifest } from './manifest.ts';

export interface ConfigChange {
  /** RFC 3339; of the image and of the history entry. */
  readonly created: string;
  readonly history: Omit<HistoryEntry, 'created' | 'empty_layer'>;
  /** Diff ID of the layer put on top; absent = configuration only. */
  readonly diffId?: Digest;
  /** Replaces the whole `config` section. */
  readonly config?: ImageConfigSection;
  readonly container?: string;
  readonly containerConfig?: ImageConfigSection;
  readonly author?: string;
}

/** The object of a configuration without layers, for an image from nothing. */
export function emptyConfig(platform: {
  os: string;
  architecture: string;
  osVersion?: string;
}): Record<string, unknown> {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.osVersion === undefined ? {} : { 'os.version': platform.osVersion }),
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}

/**
 * Bytes of the configuration that follows from `base` (parsed JSON of the parent's, or `emptyConfig`). `os.version` and
 * `os.features` are inherited: without them nobody can select or check the image.
 */
export function changeConfig(base: Readonly<Record<string, unknown>>, change: ConfigChange): Buffer {
  const rootfs = base['rootfs'] as { diff_ids?: Digest[] } | undefined;
  const diffIds = [...(rootfs?.diff_ids ?? []), ...(change.diffId === undefined ? [] : [change.diffId])];
  const entry: HistoryEntry = {
    created: change.created,
    ...change.history,
    ...(change.diffId === undefined ? { empty_layer: true } : {}),
  };
  const {
    id: _id,
    parent: _parent,
    container: _container,
    container_config: _containerConfig,
    ...kept
  } = base;
  const next: Record<string, unknown> = {
    ...kept,
    created: change.created,
    ...(change.author === undefined ? {} : { author: change.author }),
    ...(change.config === undefined ? {} : { config: change.config }),
    ...(change.container === undefined ? {} : { container: change.container }),
    ...(change.containerConfig === undefined ? {} : { container_config: change.containerConfig }),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [...((base['history'] as HistoryEntry[] | undefined) ?? []), entry],
  };
  return Buffer.from(JSON.stringify(sortKeys(next)));
}

/**
 * Manifest bytes of a configuration and its layers (bottom first), in the family (Docker or OCI) of `like`; Docker schema 2
 * without it, which every registry and engine accepts.
 */
export function buildManifest(
  config: { readonly digest: Digest; readonly size: number },
  layers: readonly Descriptor[],
  like?: Pick<ImageManifest, 'mediaType'>,
): { readonly mediaType: string; readonly bytes: Buffer } {
  const oci = like?.mediaType === mediaTypes.ociManifest;
  const mediaType = oci ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const document = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: oci ? mediaTypes.ociConfig : mediaTypes.dockerConfig,
      size: config.size,
      digest: config.digest,
    },
    layers: layers.map((layer) => ({
      mediaType: layer.mediaType,
      size: layer.size,
      digest: layer.digest,
      ...(layer.urls === undefined ? {} : { urls: layer.urls }),
      ...(layer.annotations === undefined ? {} : { annotations: layer.annotations }),
    })),
  };
  return { mediaType, bytes: Buffer.from(JSON.stringify(document)) };
}

/**
 * The same image as an OCI manifest, over the same blobs: tools that read OCI layouts pass over Docker's manifest type.
 * Undefined when it is one already.
 */
export function asOciManifest(
  manifest: Pick<ImageManifest, 'mediaType' | 'config' | 'layers'>,
): Buffer | undefined {
  if (manifest.mediaType === mediaTypes.ociManifest) return undefined;
  const layers = manifest.layers.map((layer) => ({ ...layer, mediaType: ociLayerType(layer.mediaType) }));
  return buildManifest(manifest.config, layers, { mediaType: mediaTypes.ociManifest }).bytes;
}

/** The gzip layer type of a manifest's family. */
export function layerTypeLike(manifest: Pick<ImageManifest, 'mediaType'> | undefined): string {
  return manifest?.mediaType === mediaTypes.ociManifest
    ? mediaTypes.ociLayerGzip
    : mediaTypes.dockerLayerGzip;
}

function sortKeys(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Checks between the documents of one image, before any layer byte is fetched (images-and-registries.md 2.2, 2.9, 9.1). */
import { PortholeError } from '../errors/porthole-error.ts';
import type { ImageConfig } from './config.ts';
import { maxLayers } from './manifest.ts';
import type { ImageManifest } from './manifest.ts';
import { isImageConfigType, isLayerType } from './media-types.ts';

/**
 * That the manifest describes a container image this engine can hold. Texts are Docker's: plugins, AI models and other
 * artifacts are refused by name; a chain deeper than 125 is `max depth exceeded`.
 */
export function checkIsImage(manifest: ImageManifest): void {
  const type = manifest.config.mediaType;
  const layerTypes = manifest.layers.map((layer) => layer.mediaType);
  if (
    [type, manifest.artifactType ?? '', ...layerTypes].some((name) =>
      name.startsWith('application/vnd.docker.ai.'),
    )
  ) {
    throw refuse('AI models are not yet supported by the Engine, please use "docker model pull/run" instead');
  }
  if (!isImageConfigType(type)) throw refuse(`Encountered remote "${type}"(${classOf(type)}) when fetching`);
  for (const layerType of layerTypes) {
    if (!isLayerType(layerType)) throw refuse(`unsupported media type ${layerType}`);
  }
  if (manifest.layers.length > maxLayers) throw refuse('max depth exceeded');
}

/** That configuration and manifest belong together: as many layers as diff IDs. */
export function checkLayerCount(manifest: ImageManifest, config: ImageConfig): void {
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    throw new PortholeError(
      'invalid',
      'IMAGE_LAYERS_MISMATCH',
      "layers from manifest don't match image configuration",
    );
  }
}

function classOf(configType: string): string {
  if (configType.startsWith('application/vnd.docker.plugin.')) return 'plugin';
  return configType.startsWith('application/vnd.docker.container.image.') ? 'image' : 'unknown';
}

function refuse(message: string): PortholeError {
  return new PortholeError('invalid', 'NOT_AN_IMAGE', message);
}

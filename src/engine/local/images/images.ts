import type { ImagesRole } from '../../roles/images.ts';
import type { ImageDeps } from './deps.ts';
import { imageHistory } from './history.ts';
import { inspectImage } from './inspect.ts';
import { listImages } from './list.ts';
import { tagImage } from './tag.ts';

/** The images role on the local stores. What talks to registries or removes layers is loaded when it is used. */
export function createImagesRole(deps: ImageDeps): ImagesRole {
  return {
    list: async (options) => listImages(deps, options),
    inspect: async (name, options) => inspectImage(deps, name, options?.platform),
    history: async (name) => imageHistory(deps, name),
    pull: async (reference, options) => (await import('./pull.ts')).pullImage(deps, reference, options),
    push: async (reference, options) => (await import('./push.ts')).pushImage(deps, reference, options),
    platforms: async (name, options) => (await import('./platforms.ts')).imagePlatforms(deps, name, options),
    save: async (names, options) => (await import('./save.ts')).saveImages(deps, names, options),
    load: async (archive, options) => (await import('./load.ts')).loadImages(deps, archive, options),
    tag: async (source, target, options) => tagImage(deps, source, target, options?.signal),
    prune: async (options) => (await import('./prune.ts')).pruneImages(deps, options),
    remove: async (name, options) => (await import('./remove.ts')).removeImage(deps, name, options),
  };
}

import { createHash } from 'node:crypto';
import type { ContainerConfig, ImageConfigSection } from '../../../api/types/index.ts';
import { isKind } from '../../../errors/porthole-error.ts';
import { fileCollection } from '../../../state/file-collection.ts';
import type { Collection } from '../../../state/collection.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import type { CacheSources } from './cache-sources.ts';
import type { StageImage } from './state.ts';

/** One finished step: the image that a parent and a container configuration gave. */
export interface CachedStep {
  readonly imageId: string;
}

/** Fields that the classic builder compares (dockerfile.md 2.8); the others say nothing about the result. */
const comparedFields = [
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'Tty',
  'OpenStdin',
  'StdinOnce',
  'NetworkDisabled',
  'User',
  'Env',
  'Cmd',
  'Entrypoint',
  'Shell',
  'ExposedPorts',
  'Volumes',
  'Labels',
  'OnBuild',
  'WorkingDir',
  'StopSignal',
  'ArgsEscaped',
  'Healthcheck',
] as const;

/**
 * The cache by parent image and step. One record a key: a later build of the same step replaces it, so the newest image
 * wins. After the first miss nothing of a stage is looked up any more.
 */
export class BuildCache {
  readonly #steps: Collection<CachedStep>;
  readonly #resolve: (id: string) => Promise<ResolvedImage>;
  readonly #enabled: boolean;
  readonly #sources: CacheSources | undefined;
  #missed = false;

  constructor(
    steps: Collection<CachedStep>,
    resolve: (id: string) => Promise<ResolvedImage>,
    options: { readonly enabled: boolean; readonly sources?: CacheSources | undefined },
  ) {
    this.#steps = steps;
    this.#resolve = resolve;
    this.#enabled = options.enabled;
    this.#sources = options.sources;
  }

  /** A new stage begins. */
  reset(): void {
    this.#missed = false;
  }

  /** `probe`: what the step is known by. `section`: configuration of the image that it makes. */
  async look(
    parent: StageImage,
    probe: ImageConfigSection,
    section: ImageConfigSection,
  ): Promise<ResolvedImage | undefined> {
    if (!this.#enabled || this.#missed) return undefined;
    const known = await this.#find(cacheKey(parent, probe));
    const sources = this.#sources;
    const image =
      sources === undefined || (known !== undefined && sources.descendFrom(known))
        ? known
        : await sources.restore(parent, probe, section);
    this.#missed = image === undefined;
    return image;
  }

  record(parent: StageImage, config: Partial<ContainerConfig>, imageId: string): void {
    this.#steps.put(cacheKey(parent, config), { imageId });
  }

  async #find(key: string): Promise<ResolvedImage | undefined> {
    let known: CachedStep | undefined;
    try {
      known = this.#steps.get(key)?.value;
    } catch {
      // A damaged record is a miss; the step that follows writes it anew.
      this.#steps.remove(key);
    }
    if (!known) return undefined;
    try {
      return await this.#resolve(known.imageId);
    } catch (error) {
      if (!isKind(error, 'notFound')) throw error;
      // The image was removed since.
      this.#steps.remove(key);
      return undefined;
    }
  }
}

export function openBuildSteps(paths: DataPaths): Collection<CachedStep> {
  return fileCollection<CachedStep>(paths.buildCache, {
    noun: 'build cache record',
    format: 1,
  });
}

/** 64 hex digits. Of a Windows version only major and minor count. */
export function cacheKey(parent: StageImage, config: Partial<ContainerConfig>): string {
  const compared = comparedFields.map((field) => [field, comparable(config[field])]);
  const version = parent.osVersion?.split('.').slice(0, 2).join('.') ?? '';
  const platform = [parent.os, parent.architecture, version];
  return createHash('sha256')
    .update(JSON.stringify([parent.id, platform, compared]))
    .digest('hex');
}

/** Absent, null and empty mean the same; names in objects come in order. */
function comparable(value: unknown): unknown {
  if (value === undefined || value === null || value === false || value === '') return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value;
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? null : entries.map(([key, inner]) => [key, comparable(inner)]);
}

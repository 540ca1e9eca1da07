import type { ImageConfigSection } from '../../../api/types/index.ts';
import type { BuildArgs } from '../../../dockerfile/build-args.ts';
import type { EscapeCharacter } from '../../../dockerfile/expand.ts';
import type { SourceTree } from '../../../build/source-tree.ts';
import type { BuildRequest } from '../../roles/index.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import type { BuildCache } from './cache.ts';
import type { BuildDeps } from './deps.ts';
import type { BuildOutput } from './output.ts';

/** What does not change during one build. */
export interface BuildRun {
  readonly deps: BuildDeps;
  readonly request: BuildRequest;
  readonly output: BuildOutput;
  readonly signal: AbortSignal | undefined;
  readonly cache: BuildCache;
  readonly context: SourceTree;
  /** Folder for downloads and unpacked archives; made on use, removed at the end. */
  readonly workFolder: string;
  readonly escape: EscapeCharacter;
  readonly auth: BuildAuth;
  /** Images whose layers are known to be unpacked. */
  readonly unpacked: Set<string>;
}

export type BuildAuth = NonNullable<Parameters<BuildDeps['pull']>[1]>['auth'];

/** Stages that were built, by index; names are lower case. */
export interface BuiltStage {
  readonly name: string;
  readonly image: StageImage;
}

/** An image as a step sees it. `id` is empty for FROM scratch until something is committed. */
export interface StageImage {
  readonly id: string;
  /** Topmost first. */
  readonly layerIds: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly osVersion: string | undefined;
}

/** A stage while it is built. Steps replace `image` and `config`. */
export interface StageState {
  image: StageImage;
  config: ImageConfigSection;
  author: string;
  cmdSet: boolean;
  readonly args: BuildArgs;
  readonly index: number;
  readonly built: readonly BuiltStage[];
}

export function stageImage(image: ResolvedImage): StageImage {
  return {
    id: image.id,
    layerIds: image.layerIds,
    os: image.config.os,
    architecture: image.config.architecture,
    osVersion: image.config['os.version'],
  };
}

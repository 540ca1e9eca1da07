import type { Readable } from 'node:stream';
import type { ContainerConfig, ImageConfigSection } from '../../../api/types/index.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import { containerConfig } from './container-config.ts';
import { shortId } from './output.ts';
import { stageImage } from './state.ts';
import type { BuildRun, StageState } from './state.ts';

/** A step that runs nothing: what it does to the configuration, and the layer it makes, if any. */
export interface CommittedStep {
  /** Cmd of the container that Docker would commit: the history is its words joined by blanks. */
  readonly command: readonly string[];
  /** Docker makes a container for it and says so. */
  readonly running: boolean;
  /** Called after a cache miss only. Undefined, or answering it: nothing but configuration. */
  readonly layer?: () => Promise<Readable | undefined>;
}

/** Looks the step up in the cache, else makes its image. `state.config` is the new configuration already. */
export async function commitStep(run: BuildRun, state: StageState, step: CommittedStep): Promise<void> {
  const probe: ImageConfigSection = { ...state.config, Cmd: [...step.command] };
  if (await useCache(run, state, probe)) return;
  const containerId = run.deps.environment.newId();
  if (step.running) run.output.out(` ---> Running in ${shortId(containerId)}\n`);
  const layer = await step.layer?.();
  await commit(run, state, { probe, containerId, layer });
  if (step.running && (run.request.remove || run.request.forceRemove)) {
    run.output.out(` ---> Removed intermediate container ${shortId(containerId)}\n`);
  }
}

/** The image that an earlier build made of this step: the stage goes on with it. */
export async function useCache(
  run: BuildRun,
  state: StageState,
  probe: ImageConfigSection,
): Promise<ResolvedImage | undefined> {
  const cached = await run.cache.look(state.image, probe, sectionOf(state));
  if (!cached) return undefined;
  run.output.out(' ---> Using cache\n');
  state.image = stageImage(cached);
  return cached;
}

/** Makes the image of a step and the stage's new state. `probe`: the configuration that the cache knows the step by. */
export async function commit(
  run: BuildRun,
  state: StageState,
  made: {
    readonly probe: ImageConfigSection;
    readonly containerId: string;
    readonly layer: Readable | undefined;
  },
): Promise<void> {
  const parent = state.image;
  const section = sectionOf(state);
  const container = containerConfig({ ...made.probe, Image: parent.id });
  const image = await run.deps.commitImage({
    ...(parent.id === '' ? { platform: platformOf(state) } : { parent: parent.id }),
    ...(made.layer ? { layer: made.layer } : {}),
    config: section,
    history: {
      createdBy: (made.probe.Cmd ?? []).join(' '),
      ...(state.author === '' ? {} : { author: state.author }),
    },
    container: made.containerId,
    containerConfig: container,
    ...(run.signal ? { signal: run.signal } : {}),
  });
  run.cache.record(parent, made.probe, image.id);
  state.image = stageImage(image);
}

/** Docker writes every key of the configuration, and the parent in `Image`. */
function sectionOf({ config, image }: StageState): ContainerConfig {
  return containerConfig({ ...config, Image: image.id });
}

function platformOf(state: StageState): { os: string; architecture: string; osVersion?: string } {
  const { os, architecture, osVersion } = state.image;
  return { os, architecture, ...(osVersion === undefined ? {} : { osVersion }) };
}

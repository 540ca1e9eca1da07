import { isKind, PortholeError } from '../../../errors/porthole-error.ts';
import type { LayerStore } from '../../../host/ports/layers.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import { stageImage } from './state.ts';
import type { BuildRun, StageImage } from './state.ts';

/** The image of FROM or COPY --from: a local one, else (or always, with --pull) the registry's. */
export async function resolveOrPull(run: BuildRun, name: string, platform: string): Promise<ResolvedImage> {
  if (!run.request.pull) {
    const local = await findLocal(run, name);
    if (local) return checkSystem(local);
  }
  await run.deps.pull(name, {
    onProgress: run.output.progress,
    ...(platform === '' ? {} : { platform }),
    ...(run.signal ? { signal: run.signal } : {}),
    ...(run.auth ? { auth: run.auth } : {}),
  });
  return checkSystem(await run.deps.resolveImage(name));
}

export async function getImage(run: BuildRun, name: string): Promise<StageImage> {
  return stageImage(await resolveOrPull(run, name, run.request.platform));
}

/** The layer store with the layers of `image` in it. */
export async function layersOf(run: BuildRun, image: StageImage): Promise<LayerStore> {
  if (image.id !== '' && !run.unpacked.has(image.id)) {
    await run.deps.requireUnpacked(image, run.signal);
    run.unpacked.add(image.id);
  }
  return (await run.deps.host()).layers;
}

async function findLocal(run: BuildRun, name: string): Promise<ResolvedImage | undefined> {
  try {
    return await run.deps.resolveImage(name);
  } catch (error) {
    if (isKind(error, 'notFound')) return undefined;
    throw error;
  }
}

function checkSystem(image: ResolvedImage): ResolvedImage {
  if (image.config.os === 'windows') return image;
  throw new PortholeError('invalid', 'OS_NOT_SUPPORTED', 'operating system is not supported', {
    hint: `the image is for ${image.config.os}; porthole builds Windows images`,
  });
}

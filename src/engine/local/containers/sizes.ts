import { readConfigRecord } from '../../../state/container-files.ts';
import type { ContainerDeps } from './deps.ts';

/** Bytes that the container wrote, and those together with its image's layers. */
export async function containerSizes(
  deps: ContainerDeps,
  id: string,
): Promise<{ readonly SizeRw: number; readonly SizeRootFs: number }> {
  const { layers } = await deps.host();
  const { image } = readConfigRecord(deps.paths, id);
  const { size } = await layers.usage(id);
  let total = size;
  for (const layerId of image.layerIds) total += (await layers.get(layerId))?.size ?? 0;
  return { SizeRw: size, SizeRootFs: total };
}

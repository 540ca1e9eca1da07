import { readConfigRecord } from '../../../state/container-files.ts';
import { listContainers } from '../../../state/container-list.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { ImageUser } from '../images/deps.ts';

/** Containers as image removal asks for them: which image, which layers, running or not. */
export function imageUsers(paths: DataPaths, now: number): ImageUser[] {
  return listContainers(paths, now).containers.map(({ id, record, state }) => ({
    containerId: id,
    imageId: record.card.imageId,
    running: state.Running,
    layerIds: layersOf(paths, id),
  }));
}

function layersOf(paths: DataPaths, id: string): readonly string[] {
  try {
    return readConfigRecord(paths, id).image.layerIds;
  } catch {
    return [];
  }
}

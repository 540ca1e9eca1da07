/** `porthole layer inspect`: the layers that an image or a container stands on, and their disks. */
import { join } from 'node:path';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { noSuchLayer } from '../../../layer/layer-error.ts';
import { readJsonIfExists } from '../../../state/atomic-file.ts';
import { resolveContainer } from '../../../state/container-list.ts';
import { resolveImage } from '../images/resolve.ts';
import { layerDisks } from './disks.ts';
import type { Host } from '../../../host/host.ts';
import type { LayerInfo } from '../../../host/ports/layers.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { LayerReport, LayersRole } from '../../roles/system.ts';

export interface LayersRoleDeps {
  readonly paths: DataPaths;
  readonly host: () => Promise<Pick<Host, 'layers'>>;
}

const layerIdPattern = /^[0-9a-f]{1,64}$/;

export function createLayersRole(deps: LayersRoleDeps): LayersRole {
  return {
    inspect: async (name, options) => {
      const { layers } = await deps.host();
      const found = await findLayers(deps, name);
      options?.signal?.throwIfAborted();
      const reports: LayerReport[] = [];
      if (found.scratch !== undefined) {
        const { size } = await layers.usage(found.scratch);
        reports.push(scratchReport(deps.paths, found.scratch, size));
      }
      for (const id of found.layerIds) {
        options?.signal?.throwIfAborted();
        const layer = await layers.get(id);
        if (layer === undefined) throw noSuchLayer(id);
        reports.push(layerReport(layer));
      }
      return reports;
    },
  };
}

interface FoundLayers {
  readonly scratch?: string;
  /** Topmost first. */
  readonly layerIds: readonly string[];
}

/** A container, an image, or a layer by its ID or a unique prefix of it. */
async function findLayers(deps: LayersRoleDeps, name: string): Promise<FoundLayers> {
  const { layers } = await deps.host();
  const whole = name.length === 64 && layerIdPattern.test(name) ? await layers.get(name) : undefined;
  if (whole !== undefined) return { layerIds: [whole.id, ...whole.parents] };
  const container = unlessMissing(() => resolveContainer(deps.paths, name));
  if (container !== undefined) {
    const mounted = readJsonIfExists<readonly string[] | null>(
      chainPath(scratchFolder(deps.paths, container)),
    );
    return { scratch: container, layerIds: (mounted ?? []).map(layerIdOfPath) };
  }
  try {
    return { layerIds: (await resolveImage(deps, name)).layerIds };
  } catch (error) {
    // What is no image reference may still be the beginning of a layer ID.
    if (!isKind(error, 'notFound') && !isKind(error, 'invalid')) throw error;
  }
  const matches = layerIdPattern.test(name)
    ? (await layers.list()).filter((layer) => layer.id.startsWith(name))
    : [];
  if (matches.length > 1)
    throw new PortholeError('invalid', 'LAYER_AMBIGUOUS', `multiple IDs found with provided prefix: ${name}`);
  const [match] = matches;
  if (match === undefined)
    throw new PortholeError('notFound', 'LAYER_NOT_FOUND', `No such image, container or layer: ${name}`);
  return { layerIds: [match.id, ...match.parents] };
}

function unlessMissing<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (isKind(error, 'notFound')) return undefined;
    throw error;
  }
}

function layerReport(layer: LayerInfo): LayerReport {
  const { id, diffId, path, size, entries, parents } = layer;
  const kind = parents.length === 0 ? 'base' : 'layer';
  return { id, diffId, path, kind, chain: readChain(path), size, entries, disks: layerDisks(path) };
}

function scratchReport(paths: DataPaths, id: string, size: number): LayerReport {
  const path = scratchFolder(paths, id);
  return { id, path, kind: 'scratch', chain: readChain(path), size, disks: layerDisks(path) };
}

function readChain(folder: string): string[] {
  return [...(readJsonIfExists<readonly string[] | null>(chainPath(folder)) ?? [])];
}

function chainPath(folder: string): string {
  return join(folder, 'layerchain.json');
}

function scratchFolder(paths: DataPaths, id: string): string {
  return join(paths.windowsfilter, id);
}

/** Folders of layers are named by their ids, on both systems. */
function layerIdOfPath(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/**
 * The disks of the windowsfilter store: `blank-base.vhdx` and `blank.vhdx` in a base layer, `sandbox.vhdx` in a container's
 * folder (windows-layers.md 2, 6.8). On Linux the container's files are in the overlay's upper directory: the disks carry
 * partition table, size and parentage as Windows' do, but no file system.
 */
import { join } from 'node:path';
import { createDifferencingVhdx, createDynamicVhdx } from './writer.ts';
import { MiB, defaultDiskSize } from './format.ts';
import { formatGpt } from './gpt.ts';
import { guidOfName } from './guid.ts';

export const diskName = { base: 'blank-base.vhdx', template: 'blank.vhdx', scratch: 'sandbox.vhdx' } as const;

/**
 * Makes both disks of a base layer in `folder`, which will be renamed to `finalFolder`. `layerId` decides their GUIDs: the
 * same layer gives the same files.
 */
export function createBaseDisks(
  folder: string,
  layerId: string,
  finalFolder = folder,
  size = defaultDiskSize,
): void {
  const gpt = formatGpt(size, {
    disk: guidOfName(`${layerId}/gpt`),
    reserved: guidOfName(`${layerId}/gpt/reserved`),
    data: guidOfName(`${layerId}/gpt/data`),
  });
  createDynamicVhdx(join(folder, diskName.base), {
    ...guidsOf(layerId, diskName.base),
    identifier: identifierOf(layerId),
    virtualSize: size,
    blocks: new Map([
      [0, gpt.first],
      [size / MiB - 1, gpt.last],
    ]),
  });
  createDifferencingVhdx(join(folder, diskName.template), {
    ...guidsOf(layerId, diskName.template),
    identifier: identifierOf(layerId),
    virtualSize: size,
    parent: {
      dataWriteGuid: guidsOf(layerId, diskName.base).dataWriteGuid,
      relativePath: `.\\${diskName.base}`,
      absolutePath: join(finalFolder, diskName.base),
    },
  });
}

/**
 * Makes `sandbox.vhdx` in a scratch folder: as on Windows, where it is a copy of the base layer's `blank.vhdx`, a child of
 * `blank-base.vhdx`. `size` may exceed the parent's. Both folders lie in one store, so the relative path holds when it moves.
 */
export function createScratchDisk(
  folder: string,
  scratch: { readonly key: string; readonly size: number },
  base: { readonly folder: string; readonly layerId: string },
): void {
  createDifferencingVhdx(join(folder, diskName.scratch), {
    ...guidsOf(scratch.key, diskName.scratch),
    identifier: identifierOf(base.layerId),
    virtualSize: scratch.size,
    parent: {
      dataWriteGuid: guidsOf(base.layerId, diskName.base).dataWriteGuid,
      relativePath: `..\\${base.layerId}\\${diskName.base}`,
      absolutePath: join(base.folder, diskName.base),
    },
  });
}

function guidsOf(owner: string, disk: string): { dataWriteGuid: string; fileWriteGuid: string } {
  return {
    dataWriteGuid: guidOfName(`${owner}/${disk}/data`),
    fileWriteGuid: guidOfName(`${owner}/${disk}/file`),
  };
}

function identifierOf(layerId: string): string {
  return guidOfName(`${layerId}/disk`);
}

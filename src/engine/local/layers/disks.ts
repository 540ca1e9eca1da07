import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../../state/atomic-file.ts';
import { inspectVhdx, parentPaths } from '../../../vhdx/reader.ts';
import type { LayerDisk } from '../../roles/system.ts';

/** Every virtual disk in a layer's folder and its UtilityVM, by name. A damaged one is a `VhdxError` that names the file. */
export function layerDisks(folder: string): LayerDisk[] {
  return ['', 'UtilityVM'].flatMap((below) =>
    diskNames(join(folder, below)).map((name) => describeDisk(join(folder, below, name), join(below, name))),
  );
}

function diskNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.vhdx'))
      .sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function describeDisk(path: string, name: string): LayerDisk {
  const { type, virtualSize, fileSize, blockSize, logicalSectorSize, identifier, locator } =
    inspectVhdx(path);
  const disk = { name, type, virtualSize, fileSize, blockSize, logicalSectorSize, identifier };
  if (locator === undefined) return disk;
  const paths = parentPaths(path, locator);
  const parent = paths.find((candidate) => existsSync(candidate)) ?? paths[0]!;
  return { ...disk, parent: { identifier: locator.linkage, path: parent } };
}

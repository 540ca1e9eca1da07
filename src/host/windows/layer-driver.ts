/**
 * What the layer store needs of Windows, whichever DLL serves it: vmcompute's layer calls or computestorage's. Which files
 * each makes differs by build and is not published, so a layer keeps the driver that made it. Folders are full paths.
 */
import type { LayerDriverName } from '../layer-folders.ts';

/** A layer that is not a base, as its tar left it. */
export interface LayerTransport {
  /** The transport folder (windows-layers.md 2.5). */
  readonly folder: string;
  /** What the layer deletes of its parents: below the layer, with backslashes, `Files\Windows\x`. */
  readonly deletions: readonly string[];
  /** Where its utility VM was restored; nothing is there when it has none. */
  readonly utilityVm: string;
}

export interface LayerDriver {
  readonly name: LayerDriverName;
  /** The GUID that a layer has in documents: of the folder's name alone, the same in every call. */
  guid(folder: string): Promise<string>;
  /** `folder` exists and is empty. Deletions are done, and the utility VM is in its place, when it returns. */
  importLayer(folder: string, layer: LayerTransport, parents: readonly string[]): Promise<void>;
  /** Completes a base layer that was restored in place: hives, and the disks that scratches are made of. */
  processBaseImage(folder: string): Promise<void>;
  /** The disks of a utility VM; `folder` is the one above its files. */
  processUtilityImage(folder: string): Promise<void>;
  /** `sizeBytes`: of a disk that is larger than the image's. */
  createScratch(folder: string, parents: readonly string[], sizeBytes?: number): Promise<void>;
  /** Gives the volume, `\\?\Volume{…}`. Mounted already: the same answer again. */
  mount(folder: string, parents: readonly string[]): Promise<string>;
  /** Where a mounted scratch is. Fails when it is not. */
  mountPath(folder: string): Promise<string>;
  /** Also what is mounted by half or not at all, in peace. */
  unmount(folder: string): Promise<void>;
  /** Writes an unmounted scratch's changes into an empty folder, as a transport folder. */
  exportScratch(folder: string, to: string, parents: readonly string[]): Promise<void>;
  /** False when Windows could not: the caller removes the tree itself. */
  destroy(folder: string): Promise<boolean>;
}

export interface LayerDriverOptions {
  /** Lock file that all processes of this data root share. */
  readonly prepareLock: string;
  /** Milliseconds; injected so that tests need not wait. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

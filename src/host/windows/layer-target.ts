/**
 * Where the objects of a layer go while its tar is read. A base layer is restored in place; any other becomes the transport
 * folder that ImportLayer takes, but for its utility VM, which is restored in place too (windows-layers.md 2.5, 4.5).
 */
import { fileAttribute } from '../../layer/metadata.ts';
import type { LayerRoot } from '../../layer/names.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import { access, status, win32Error } from './ffi/ntdll.ts';
import { HostFileError } from './host-file-error.ts';
import {
  basicInformationOf,
  carryObject,
  copyObject,
  linkOrCopy,
  restoreObject,
  settableAttributes,
} from './layer-objects.ts';
import type { ObjectWriter } from './layer-objects.ts';
import { NtFile } from './nt-file.ts';
import { removeTree } from './remove-tree.ts';
import { directorySuffix } from './transport-folder.ts';

/** Folder names inside a partial folder. */
export const transportName = 'transport';
const bootFolder = 'UtilityVM\\Files\\EFI\\Microsoft\\Boot';
/** Stores that the utility VM's boot changes: kept as they came, so that the layer's tar can be made again. */
const bootStores: readonly (readonly [file: string, kept: string])[] = [
  ['BCD', 'bcd.bak'],
  ['BCD.LOG', 'bcd.log.bak'],
  ['BCD.LOG1', 'bcd.log1.bak'],
  ['BCD.LOG2', 'bcd.log2.bak'],
];

/** Links to directories are symlinks too. */
export type ObjectKind = 'file' | 'directory' | 'symlink';

/** Paths are below the layer, with backslashes: `Files\Windows`. */
export class LayerTarget {
  readonly #root: NtFile;
  readonly #isBase: boolean;
  /** Links to directories: their placeholders would be followed, so they are made last. */
  readonly #linkFolders: string[] = [];

  private constructor(root: NtFile, isBase: boolean) {
    this.#root = root;
    this.#isBase = isBase;
  }

  /** `folder`: the partial folder, which must exist. */
  static async open(folder: string, isBase: boolean): Promise<LayerTarget> {
    const root = await NtFile.open(undefined, folder, { access: access.read | access.write });
    const target = new LayerTarget(root, isBase);
    if (!isBase) await target.#makeFolder(transportName);
    return target;
  }

  /** Makes a directory that nothing has been said of yet. */
  async makeDirectory(path: string): Promise<void> {
    await this.#makeFolder(this.#place(path));
  }

  /** A file, a link (whose stream has a reparse point), or what is said of a directory that was made. */
  async open(path: string, kind: ObjectKind, metadata: WindowsMetadata): Promise<ObjectWriter> {
    if (kind === 'directory')
      return this.#isDirect(path)
        ? restoreObject(this.#root, path, 'directory', metadata)
        : this.#describer(this.#place(path), path, metadata);
    const isDirectory = (metadata.attributes & fileAttribute.directory) !== 0;
    if (this.#isDirect(path)) {
      if (!this.#isBase) await this.removeIfThere(path);
      return restoreObject(
        this.#root,
        path,
        kind === 'symlink' && isDirectory ? 'directory' : 'file',
        metadata,
      );
    }
    const place = this.#place(path);
    if (isHive(path)) return carryObject(this.#root, place, metadata, false);
    if (kind === 'symlink' && isDirectory) {
      this.#linkFolders.push(place);
      return this.#describer(place, path, metadata);
    }
    return carryObject(this.#root, place, metadata, true);
  }

  /** For names that come again, deletions in the utility VM, and files that its clone shares with the parent's. */
  async removeIfThere(path: string): Promise<void> {
    await removeTree(this.#root, this.#place(path));
  }

  /** Names of files that are restored in place; those of the transport folder are given after the import. */
  async link(from: string, to: string): Promise<'linked' | 'copied'> {
    return linkOrCopy(this.#root, from, this.#root, to);
  }

  /** Times of directories that were restored in place, children first: adding a child changes them. */
  async setDirectoryTimes(path: string, metadata: WindowsMetadata): Promise<void> {
    await setDirectoryTimes(this.#root, path, metadata);
  }

  isDirect(path: string): boolean {
    return this.#isDirect(path);
  }

  /** Everything has come: what had to wait. */
  async finish(): Promise<void> {
    for (const place of this.#linkFolders) await this.#makeFolder(place);
  }

  /** Keeps the boot stores of a base layer before anything changes them. */
  async keepBootStores(): Promise<void> {
    for (const [file, kept] of bootStores) {
      const path = `${bootFolder}\\${file}`;
      const found = await NtFile.tryOpen(this.#root, path, { access: access.readAttributes });
      if (!(found instanceof NtFile)) continue;
      await found.close();
      await copyObject(this.#root, path, this.#root, kept, false);
    }
  }

  /**
   * The parent's utility VM for a layer that changes it (windows-layers.md 4.6): directories, links and the boot stores are
   * copied, everything else is shared.
   */
  async cloneUtilityVm(parentFolder: string): Promise<void> {
    await using parent = await NtFile.open(undefined, parentFolder, { access: access.read });
    await this.#makeFolder('UtilityVM');
    await this.#clone(parent, 'UtilityVM\\Files');
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  async #clone(parent: NtFile, path: string): Promise<void> {
    const source = await NtFile.tryOpen(parent, path, { access: access.read });
    if (!(source instanceof NtFile)) return;
    try {
      await copyObject(parent, path, this.#root, path);
      for (const { name, attributes } of await source.list()) {
        const child = `${path}\\${name}`;
        const isLink = (attributes & fileAttribute.reparsePoint) !== 0;
        const isStore = path.toLowerCase() === bootFolder.toLowerCase() && /^BCD(\.LOG[12]?)?$/i.test(name);
        if ((attributes & fileAttribute.directory) !== 0 && !isLink) await this.#clone(parent, child);
        else if (isLink || isStore) await copyObject(parent, child, this.#root, child);
        else await linkOrCopy(parent, child, this.#root, child);
      }
    } finally {
      await source.close();
    }
  }

  async #describer(place: string, path: string, metadata: WindowsMetadata): Promise<ObjectWriter> {
    const file = `${place}${directorySuffix}`;
    // Described again: the last word counts.
    await removeTree(this.#root, file);
    const attributes = metadata.attributes | fileAttribute.directory;
    return isHive(path) ? nowhere : carryObject(this.#root, file, { ...metadata, attributes }, true);
  }

  async #makeFolder(place: string): Promise<void> {
    const made = await NtFile.open(this.#root, place, {
      access: access.readAttributes,
      make: 'openIf',
      kind: 'directory',
    });
    await made.close();
  }

  #isDirect(path: string): boolean {
    return this.#isBase || rootOf(path) === 'UtilityVM';
  }

  #place(path: string): string {
    return this.#isDirect(path) ? path : `${transportName}\\${path}`;
  }
}

const nowhere: ObjectWriter = { write: async () => undefined, close: async () => undefined };

const rootOf = (path: string): LayerRoot => path.split('\\', 1)[0] as LayerRoot;
const isHive = (path: string): boolean => rootOf(path) === 'Hives';

export async function setDirectoryTimes(
  root: NtFile,
  path: string,
  metadata: WindowsMetadata,
): Promise<void> {
  const found = await NtFile.tryOpen(root, path, {
    access: access.readAttributes | access.writeAttributes,
    kind: 'directory',
  });
  if (!(found instanceof NtFile)) {
    if (found === status.nameNotFound || found === status.pathNotFound) return;
    throw new HostFileError('set times of', `${root.path}\\${path}`, win32Error(found));
  }
  try {
    await found.setBasicInformation(basicInformationOf(metadata, settableAttributes(metadata, true)));
  } finally {
    await found.close();
  }
}

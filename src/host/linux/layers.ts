/**
 * The layer store of the embedded backend: Windows' folder layout on a Linux file system (windows-layers.md 7). A layer's
 * `Files` is an overlay's lower directory, a scratch's `diff` its upper; the overlay itself is mounted by the compute adapter
 * inside the container's own mount namespace, so nothing is ever mounted on the host.
 */
import {
  chmodSync,
  createReadStream,
  constants,
  existsSync,
  mkdirSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { ChainView } from '../../layer/chain-view.ts';
import { composeLayerTar } from '../../layer/compose.ts';
import { listChanges, sizeOfTree } from '../../layer/export-changes.ts';
import { exportLayerTar } from '../../layer/export.ts';
import { LayerError, nothingAt } from '../../layer/layer-error.ts';
import { defaultLayerLimits } from '../../layer/limits.ts';
import { fileAttribute } from '../../layer/metadata.ts';
import { paxTimeOfMilliseconds } from '../../layer/pax.ts';
import { sidecarName } from '../../layer/sidecar.ts';
import { errorCode, explainWriteError } from '../../state/atomic-file.ts';
import { emptyTrash, moveToTrash } from '../../state/trash.ts';
import { guidOfName } from '../../vhdx/guid.ts';
import { createBaseDisks, createScratchDisk } from '../../vhdx/layer-disks.ts';
import { FolderLayerApply } from '../folder-layer-apply.ts';
import {
  LayerFolders,
  checkDepth,
  checkId,
  diskSizeOf,
  makePartialFolder,
  recordName,
  scratchExists,
  scratchRecord,
  sweepPartialFolders,
  writeRecords,
} from '../layer-folders.ts';
import { readUpperAttributes } from './overlay-attributes.ts';
import { makeOverlayWhiteouts } from './overlay-whiteouts.ts';
import { walkView } from '../../layer/view.ts';
import type { ChainLayer } from '../../layer/chain-view.ts';
import type { ComposeEntry } from '../../layer/compose-entry.ts';
import type { ExportSource } from '../../layer/export-changes.ts';
import type { LayerLimits } from '../../layer/limits.ts';
import type { LayerView, LayerViewEntry } from '../../layer/view.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { PortCall } from '../ports/compute.ts';
import type {
  LayerApply,
  LayerChange,
  LayerEntry,
  LayerInfo,
  LayerStore,
  MountedScratch,
  TreeEntry,
} from '../ports/layers.ts';

export interface LinuxLayersDeps {
  readonly paths: Pick<DataPaths, 'windowsfilter' | 'trash'>;
  /**
   * `Files` of the Wine template that containers see below their image, so that deletions and renames of its files are
   * exported as such. Undefined while there is none.
   */
  readonly templateFiles?: () => string | undefined;
  readonly limits?: LayerLimits;
}

export function createLinuxLayers(deps: LinuxLayersDeps): LayerStore {
  return new LinuxLayerStore(deps);
}

class LinuxLayerStore implements LayerStore {
  readonly #store: string;
  readonly #trash: string;
  readonly #folders: LayerFolders;
  readonly #deps: LinuxLayersDeps;

  constructor(deps: LinuxLayersDeps) {
    this.#store = deps.paths.windowsfilter;
    this.#folders = new LayerFolders(this.#store);
    this.#trash = deps.paths.trash;
    this.#deps = deps;
  }

  async isPrivileged(): Promise<boolean> {
    return true;
  }

  async openApply(
    id: string | undefined,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply> {
    if (id !== undefined) checkId(id);
    const { parents, signal } = options;
    checkDepth(parents.length + 1);
    this.#folders.requireLayers(parents);
    signal?.throwIfAborted();
    sweepPartialFolders(this.#store, this.#trash);
    try {
      return new FolderLayerApply({
        store: this.#store,
        trash: this.#trash,
        id,
        parents: [...parents],
        view: parents.length === 0 ? undefined : this.#view(parents),
        limits: this.#deps.limits ?? defaultLayerLimits,
        declaredSize: options.declaredSize,
        signal,
        existing: (known) => this.#folders.layer(known),
        makeWhiteouts: makeOverlayWhiteouts,
        makeLink: symlinkSync,
        completeBase: createBaseDisks,
      });
    } catch (error) {
      throw explainWriteError(error, this.#store);
    }
  }

  async get(id: string): Promise<LayerInfo | undefined> {
    checkId(id);
    return this.#folders.layer(id);
  }

  async list(): Promise<LayerInfo[]> {
    return this.#folders.layers();
  }

  async remove(id: string): Promise<void> {
    checkId(id);
    if (existsSync(join(this.#store, id, recordName.scratch)))
      throw new LayerError('LAYER_EXISTS', `${id} is a container's layer`);
    moveToTrash(this.#trash, join(this.#store, id));
  }

  async compose(
    parents: readonly string[],
    entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
    options: PortCall & { now: number },
  ): Promise<Readable> {
    this.#folders.requireLayers(parents);
    return composeLayerTar(entries, { ...options, parents: this.#view(parents) });
  }

  async *readTree(key: string, windowsPath: string, call: PortCall = {}): AsyncIterable<TreeEntry> {
    const view = await this.#viewOf(key, call.signal);
    const root = view.lookup(windowsPath);
    if (root === undefined) throw nothingAt(windowsPath);
    const skipped = root.path === '' ? 0 : root.path.length + 1;
    for (const entry of walkView(view, root)) {
      call.signal?.throwIfAborted();
      yield treeEntry(view, entry, entry.path.slice(skipped));
    }
  }

  async sweep(options: PortCall & { budgetMs?: number } = {}): Promise<void> {
    sweepPartialFolders(this.#store, this.#trash);
    emptyTrash(this.#trash, options.budgetMs);
  }

  async createScratch(
    key: string,
    options: PortCall & { parents: readonly string[]; sizeBytes?: number; osVersion?: string },
  ): Promise<void> {
    checkId(key);
    const { parents } = options;
    checkDepth(parents.length);
    this.#folders.requireLayers(parents);
    const final = join(this.#store, key);
    if (existsSync(final)) throw scratchExists(key);
    const diskSize = diskSizeOf(options.sizeBytes);
    const folder = makePartialFolder(this.#store, key);
    try {
      for (const name of ['diff', 'work', 'Hives']) mkdirSync(join(folder, name), 0o755);
      const base = parents.at(-1);
      if (base !== undefined)
        createScratchDisk(
          folder,
          { key, size: diskSize },
          { folder: join(this.#store, base), layerId: base },
        );
      writeRecords(folder, this.#store, recordName.scratch, scratchRecord(key, diskSize, options));
      renameSync(folder, final);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') throw scratchExists(key);
      throw explainWriteError(error, final);
    }
  }

  async mount(key: string): Promise<MountedScratch> {
    const { parents } = this.#folders.scratch(key);
    this.#folders.requireLayers(parents);
    const folder = join(this.#store, key);
    const layers = parents.map((id) => ({ Id: guidOfName(id), Path: join(this.#store, id) }));
    return { volumePath: folder, folder, layers };
  }

  async unmount(key: string): Promise<void> {
    checkId(key);
  }

  async removeScratch(key: string): Promise<void> {
    checkId(key);
    if (existsSync(join(this.#store, key, recordName.layer)))
      throw new LayerError('LAYER_EXISTS', `${key} is an image's layer`);
    removeOverlayWork(join(this.#store, key));
    moveToTrash(this.#trash, join(this.#store, key));
  }

  async listScratches(): Promise<string[]> {
    return this.#folders.scratches();
  }

  async diff(key: string, call: PortCall = {}): Promise<Readable> {
    return exportLayerTar(await this.#exportSource(key, call.signal), call.signal);
  }

  async changes(key: string, call: PortCall = {}): Promise<LayerChange[]> {
    return listChanges(await this.#exportSource(key, call.signal));
  }

  async usage(key: string): Promise<{ readonly size: number }> {
    this.#folders.scratch(key);
    return { size: sizeOfTree(join(this.#store, key, 'diff')) };
  }

  async stat(key: string, windowsPath: string): Promise<LayerEntry | undefined> {
    const entry = (await this.#viewOf(key)).lookup(windowsPath);
    return entry === undefined ? undefined : { path: entry.path, type: entry.type, size: entry.size };
  }

  #layerFolder(id: string): ChainLayer {
    const folder = join(this.#store, id);
    return { files: join(folder, 'Files'), sidecar: join(folder, sidecarName) };
  }

  #view(layers: readonly string[]): ChainView {
    return new ChainView(layers.map((id) => this.#layerFolder(id)));
  }

  /** What a container on a layer, or the container of a scratch, sees of images and its own changes. */
  async #viewOf(key: string, signal?: AbortSignal): Promise<LayerView> {
    checkId(key);
    const layer = this.#folders.layer(key);
    if (layer !== undefined) return this.#view([key, ...layer.parents]);
    const { parents } = this.#folders.scratch(key);
    const upper = join(this.#store, key, 'diff');
    const { opaque, redirects } = await readUpperAttributes(upper, signal);
    return new ChainView([
      { files: upper, opaque, redirects },
      ...parents.map((id) => this.#layerFolder(id)),
    ]);
  }

  /** Where the compute adapter mounts it (`lowerFolders`): above the system layers, which have a UtilityVM, below the rest. */
  #withTemplate(layers: readonly ChainLayer[], template: string): ChainLayer[] {
    const isSystem = (layer: ChainLayer): boolean => existsSync(join(dirname(layer.files), 'UtilityVM'));
    const system = layers.findLastIndex((layer) => !isSystem(layer)) + 1;
    return layers.toSpliced(system, 0, { files: template, followLinks: true });
  }

  async #exportSource(key: string, signal: AbortSignal | undefined): Promise<ExportSource> {
    const { parents } = this.#folders.scratch(key);
    this.#folders.requireLayers(parents);
    const folder = join(this.#store, key);
    const upper = join(folder, 'diff');
    const attributes = await readUpperAttributes(upper, signal);
    const layers = parents.map((id) => this.#layerFolder(id));
    const template = this.#deps.templateFiles?.();
    const lower = template === undefined ? layers : this.#withTemplate(layers, template);
    return {
      upper,
      attributes,
      parents: new ChainView(layers),
      lower: new ChainView(lower),
      merged: new ChainView([
        { files: upper, opaque: attributes.opaque, redirects: attributes.redirects },
        ...lower,
      ]),
      hives: join(folder, 'Hives'),
    };
  }
}

/** The kernel leaves a folder there without any permission, which ordinary users could not delete with the rest. */
function removeOverlayWork(scratch: string): void {
  const folder = join(scratch, 'work', 'work');
  try {
    chmodSync(folder, 0o700);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return;
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}

function treeEntry(view: LayerView, entry: LayerViewEntry, path: string): TreeEntry {
  const details = view.describe(entry.path);
  const { type, size, hostPath } = entry;
  const attributes = type === 'directory' ? fileAttribute.directory : fileAttribute.archive;
  const modified = hostPath === undefined ? 0 : lstatSync(hostPath).mtimeMs;
  const metadata = details?.metadata ?? { attributes, modified: paxTimeOfMilliseconds(modified) };
  return {
    path,
    type,
    size,
    metadata,
    ...(details?.target === undefined ? {} : { target: details.target }),
    ...(hostPath === undefined ? {} : { hostPath }),
    open: () =>
      type === 'file' && hostPath !== undefined
        ? createReadStream('', { fd: openSync(hostPath, constants.O_RDONLY | constants.O_NOFOLLOW) })
        : Readable.from([]),
  };
}

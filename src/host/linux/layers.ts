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
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { ChainView } from '../../layer/chain-view.ts';
import { composeLayerTar } from '../../layer/compose.ts';
import { listChanges, sizeOfTree } from '../../layer/export-changes.ts';
import { exportLayerTar } from '../../layer/export.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { defaultLayerLimits } from '../../layer/limits.ts';
import { fileAttribute } from '../../layer/metadata.ts';
import { paxTimeOfMilliseconds } from '../../layer/pax.ts';
import { sidecarName } from '../../layer/sidecar.ts';
import { errorCode, explainWriteError, listNames } from '../../state/atomic-file.ts';
import { emptyTrash, moveToTrash } from '../../state/trash.ts';
import { MiB, defaultDiskSize, maxVirtualSize, roundUp } from '../../vhdx/format.ts';
import { guidOfName } from '../../vhdx/guid.ts';
import { createScratchDisk } from '../../vhdx/layer-disks.ts';
import { LinuxLayerApply } from './layer-apply.ts';
import {
  checkId,
  isId,
  makePartialFolder,
  readRecord,
  recordName,
  sweepPartialFolders,
  writeRecords,
} from '../layer-folders.ts';
import { readUpperAttributes } from './overlay-attributes.ts';
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
import type { LayerRecord, ScratchRecord } from '../layer-folders.ts';

export interface LinuxLayersDeps {
  readonly paths: Pick<DataPaths, 'windowsfilter' | 'trash'>;
  /**
   * `Files` of the Wine template that containers see below their image, so that deletions and renames of its files are
   * exported as such. Undefined while there is none.
   */
  readonly templateFiles?: () => string | undefined;
  readonly limits?: LayerLimits;
}

/** Docker's own. */
const maxDepth = 125;

export function createLinuxLayers(deps: LinuxLayersDeps): LayerStore {
  return new LinuxLayerStore(deps);
}

class LinuxLayerStore implements LayerStore {
  readonly #store: string;
  readonly #trash: string;
  readonly #deps: LinuxLayersDeps;

  constructor(deps: LinuxLayersDeps) {
    this.#store = deps.paths.windowsfilter;
    this.#trash = deps.paths.trash;
    this.#deps = deps;
  }

  async openApply(
    id: string | undefined,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply> {
    if (id !== undefined) checkId(id);
    const { parents, signal } = options;
    if (parents.length + 1 > maxDepth) throw new LayerError('LAYER_DEPTH', 'max depth exceeded');
    this.#requireLayers(parents);
    signal?.throwIfAborted();
    sweepPartialFolders(this.#store, this.#trash);
    try {
      return new LinuxLayerApply({
        store: this.#store,
        trash: this.#trash,
        id,
        parents: [...parents],
        view: parents.length === 0 ? undefined : this.#view(parents),
        limits: this.#deps.limits ?? defaultLayerLimits,
        declaredSize: options.declaredSize,
        signal,
        existing: (known) => this.#layer(known),
      });
    } catch (error) {
      throw explainWriteError(error, this.#store);
    }
  }

  async get(id: string): Promise<LayerInfo | undefined> {
    checkId(id);
    return this.#layer(id);
  }

  async list(): Promise<LayerInfo[]> {
    return this.#ids().flatMap((id) => this.#layer(id) ?? []);
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
    this.#requireLayers(parents);
    return composeLayerTar(entries, { ...options, parents: this.#view(parents) });
  }

  async *readTree(key: string, windowsPath: string, call: PortCall = {}): AsyncIterable<TreeEntry> {
    const view = await this.#viewOf(key, call.signal);
    const root = view.lookup(windowsPath);
    if (root === undefined)
      throw new LayerError('LAYER_PATH_NOT_FOUND', `${windowsPath}: no such file or directory`, {
        entry: windowsPath,
      });
    const skipped = root.path === '' ? 0 : root.path.length + 1;
    for (const entry of walk(view, root)) {
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
    if (parents.length > maxDepth) throw new LayerError('LAYER_DEPTH', 'max depth exceeded');
    this.#requireLayers(parents);
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
      const record: ScratchRecord = {
        version: 1,
        key,
        parents: [...parents],
        diskSize,
        ...(options.osVersion === undefined ? {} : { osVersion: options.osVersion }),
      };
      writeRecords(folder, this.#store, recordName.scratch, record);
      renameSync(folder, final);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') throw scratchExists(key);
      throw explainWriteError(error, final);
    }
  }

  async mount(key: string): Promise<MountedScratch> {
    const { parents } = this.#scratch(key);
    this.#requireLayers(parents);
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
    return this.#ids().filter((id) => existsSync(join(this.#store, id, recordName.scratch)));
  }

  async diff(key: string, call: PortCall = {}): Promise<Readable> {
    return exportLayerTar(await this.#exportSource(key, call.signal), call.signal);
  }

  async changes(key: string, call: PortCall = {}): Promise<LayerChange[]> {
    return listChanges(await this.#exportSource(key, call.signal));
  }

  async usage(key: string): Promise<{ readonly size: number }> {
    this.#scratch(key);
    return { size: sizeOfTree(join(this.#store, key, 'diff')) };
  }

  async stat(key: string, windowsPath: string): Promise<LayerEntry | undefined> {
    const entry = (await this.#viewOf(key)).lookup(windowsPath);
    return entry === undefined ? undefined : { path: entry.path, type: entry.type, size: entry.size };
  }

  #ids(): string[] {
    return listNames(this.#store).filter(isId).sort();
  }

  #layer(id: string): LayerInfo | undefined {
    const path = join(this.#store, id);
    const record = readRecord<LayerRecord>(path, recordName.layer);
    if (record === undefined || record.id !== id) return undefined;
    const { diffId, size, entries, parents } = record;
    return { id, diffId, size, entries, parents, path };
  }

  #scratch(key: string): ScratchRecord {
    checkId(key);
    const record = readRecord<ScratchRecord>(join(this.#store, key), recordName.scratch);
    if (record === undefined) throw missing(key);
    return record;
  }

  #requireLayers(ids: readonly string[]): void {
    for (const id of ids) {
      checkId(id);
      if (this.#layer(id) === undefined) throw missing(id);
    }
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
    const layer = this.#layer(key);
    if (layer !== undefined) return this.#view([key, ...layer.parents]);
    const { parents } = this.#scratch(key);
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
    const { parents } = this.#scratch(key);
    this.#requireLayers(parents);
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

function* walk(view: LayerView, entry: LayerViewEntry): Generator<LayerViewEntry> {
  yield entry;
  if (entry.type !== 'directory') return;
  for (const child of view.list(entry.path)) yield* walk(view, child);
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

function diskSizeOf(requested: number | undefined): number {
  if (requested === undefined) return defaultDiskSize;
  if (!Number.isSafeInteger(requested) || requested < defaultDiskSize || requested > maxVirtualSize)
    throw new LayerError(
      'LAYER_SIZE_INVALID',
      `invalid storage size ${requested}: a container's disk has from 20GB to 64TB`,
      {
        hint: 'a disk can be made larger than its image asks for, never smaller',
      },
    );
  return roundUp(requested, MiB);
}

function missing(id: string): LayerError {
  return new LayerError('LAYER_NOT_FOUND', `layer does not exist: ${id}`, {
    hint: 'pull or build the image again: a layer that it needs is not in the store',
  });
}

function scratchExists(key: string): LayerError {
  return new LayerError('LAYER_EXISTS', `mount already exists with name ${key}`);
}

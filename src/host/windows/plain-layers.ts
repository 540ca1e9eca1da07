/**
 * The layer store of a process without an administrator's rights: layers are unpacked as ordinary files, with everything
 * else that Windows knows in their sidecars, which is all that COPY, ADD and WORKDIR need. Nothing can run on them: scratches
 * stay with Windows' own store, which says which right is missing. That store's layers are looked into where they are there.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { composeLayerTar } from '../../layer/compose.ts';
import type { ComposeEntry } from '../../layer/compose-entry.ts';
import { noSuchLayer } from '../../layer/layer-error.ts';
import { defaultLayerLimits } from '../../layer/limits.ts';
import { sidecarName } from '../../layer/sidecar.ts';
import { explainWriteError } from '../../state/atomic-file.ts';
import type { DataPaths } from '../../state/paths.ts';
import { emptyTrash, moveToTrash } from '../../state/trash.ts';
import { FolderLayerApply } from '../folder-layer-apply.ts';
import { LayerFolders, checkDepth, checkId, sweepPartialFolders } from '../layer-folders.ts';
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
import { readRecordedTree } from './recorded-tree.ts';
import { RecordedViews } from './recorded-view.ts';
import type { RecordedView } from './recorded-view.ts';

export interface PlainLayersDeps {
  readonly paths: Pick<DataPaths, 'plainLayers'>;
}

/** `real`: Windows' own store, for everything about scratches. */
export function withPlainLayers(real: LayerStore, deps: PlainLayersDeps): LayerStore {
  return new PlainLayerStore(real, deps.paths.plainLayers);
}

class PlainLayerStore implements LayerStore {
  readonly #real: LayerStore;
  readonly #store: string;
  readonly #trash: string;
  readonly #folders: LayerFolders;
  readonly #views = new RecordedViews();

  constructor(real: LayerStore, store: string) {
    this.#real = real;
    this.#store = store;
    this.#trash = join(store, 'trash');
    this.#folders = new LayerFolders(store);
  }

  async isPrivileged(): Promise<boolean> {
    return false;
  }

  async openApply(
    id: string | undefined,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply> {
    if (id !== undefined) checkId(id);
    const { parents, signal } = options;
    checkDepth(parents.length + 1);
    const view = parents.length === 0 ? undefined : await this.#view(parents);
    signal?.throwIfAborted();
    sweepPartialFolders(this.#store, this.#trash);
    try {
      return new FolderLayerApply({
        store: this.#store,
        trash: this.#trash,
        id,
        parents: [...parents],
        view,
        // Names are held to NTFS's limits when the tar is read.
        limits: { ...defaultLayerLimits, hostPathBytes: Infinity },
        declaredSize: options.declaredSize,
        signal,
        existing: (known) => this.#folders.layer(known),
        // The view is made of the sidecars, which have deletions and links.
        makeWhiteouts: async () => undefined,
        makeLink: () => undefined,
        completeBase: () => undefined,
      });
    } catch (error) {
      throw explainWriteError(error, this.#store);
    }
  }

  async get(id: string): Promise<LayerInfo | undefined> {
    checkId(id);
    return this.#folders.layer(id) ?? this.#real.get(id);
  }

  async list(): Promise<LayerInfo[]> {
    const known = new Map((await this.#real.list()).map((layer) => [layer.id, layer]));
    for (const layer of this.#folders.layers()) known.set(layer.id, layer);
    return [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** What Windows made of the layer stays: only an administrator can remove that. */
  async remove(id: string): Promise<void> {
    checkId(id);
    moveToTrash(this.#trash, join(this.#store, id));
  }

  async compose(
    parents: readonly string[],
    entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
    options: PortCall & { now: number },
  ): Promise<Readable> {
    return composeLayerTar(entries, { ...options, parents: await this.#view(parents) });
  }

  async *readTree(key: string, windowsPath: string, call: PortCall = {}): AsyncIterable<TreeEntry> {
    const layer = await this.get(key);
    if (layer === undefined) {
      yield* this.#real.readTree(key, windowsPath, call);
      return;
    }
    const view = await this.#view([key, ...layer.parents]);
    yield* readRecordedTree(view, windowsPath, (...file) => createReadStream(join(...file)), call);
  }

  async sweep(options: PortCall & { budgetMs?: number } = {}): Promise<void> {
    sweepPartialFolders(this.#store, this.#trash);
    emptyTrash(this.#trash, options.budgetMs);
  }

  createScratch(...call: Parameters<LayerStore['createScratch']>): Promise<void> {
    return this.#real.createScratch(...call);
  }

  mount(key: string, call?: PortCall): Promise<MountedScratch> {
    return this.#real.mount(key, call);
  }

  unmount(key: string, call?: PortCall): Promise<void> {
    return this.#real.unmount(key, call);
  }

  removeScratch(key: string): Promise<void> {
    return this.#real.removeScratch(key);
  }

  listScratches(): Promise<string[]> {
    return this.#real.listScratches();
  }

  diff(key: string, call?: PortCall): Promise<Readable> {
    return this.#real.diff(key, call);
  }

  changes(key: string, call?: PortCall): Promise<LayerChange[]> {
    return this.#real.changes(key, call);
  }

  usage(key: string): Promise<{ readonly size: number }> {
    return this.#real.usage(key);
  }

  async stat(key: string, windowsPath: string): Promise<LayerEntry | undefined> {
    const layer = await this.get(key);
    if (layer === undefined) return this.#real.stat(key, windowsPath);
    const entry = (await this.#view([key, ...layer.parents])).lookup(windowsPath);
    return entry === undefined ? undefined : { path: entry.path, type: entry.type, size: entry.size };
  }

  async #view(ids: readonly string[]): Promise<RecordedView> {
    const layers = [];
    for (const id of ids) {
      const folder = (await this.get(id))?.path;
      if (folder === undefined) throw noSuchLayer(id);
      layers.push({ folder, sidecar: join(folder, sidecarName) });
    }
    return this.#views.of(layers);
  }
}

/**
 * The layer store on Windows: the folders that its layer calls make and read (windows-layers.md 2, 4, 5), with a record and
 * a sidecar beside them. Layers are looked into by their sidecars, scratches through a mounted volume.
 *
 * Needs an administrator: the first call that would change something, or look below a file's rights, says so before it does.
 */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { composeLayerTar } from '../../layer/compose.ts';
import type { ComposeEntry } from '../../layer/compose-entry.ts';
import { LayerError, nothingAt } from '../../layer/layer-error.ts';
import { defaultLayerLimits } from '../../layer/limits.ts';
import type { LayerLimits } from '../../layer/limits.ts';
import { packEntries } from '../../layer/packer.ts';
import { sidecarName } from '../../layer/sidecar.ts';
import { listNames } from '../../state/atomic-file.ts';
import { tryLock, withLock } from '../../state/lock.ts';
import type { DataPaths } from '../../state/paths.ts';
import { moveToTrash } from '../../state/trash.ts';
import { diskName } from '../../vhdx/layer-disks.ts';
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
import type { PortCall } from '../ports/compute.ts';
import type {
  LayerApply,
  LayerChange,
  LayerEntry,
  LayerInfo,
  LayerStore,
  MountedScratch,
  MountOptions,
  TreeEntry,
} from '../ports/layers.ts';
import { detachDisk } from './ffi/virtdisk.ts';
import { access } from './ffi/ntdll.ts';
import { WindowsLayerApply } from './layer-apply.ts';
import { LayerDrivers, requireMadeBy } from './layer-drivers.ts';
import { exportItems, listChanges } from './layer-export.ts';
import { NtFile } from './nt-file.ts';
import { mayMakeLayers, requireLayerPrivileges } from './privileges.ts';
import { readRecordedTree } from './recorded-tree.ts';
import { RecordedViews } from './recorded-view.ts';
import type { RecordedView } from './recorded-view.ts';
import { removeTree } from './remove-tree.ts';
import { VolumeView, readWhole } from './volume-view.ts';

export interface WindowsLayersDeps {
  readonly paths: Pick<DataPaths, 'windowsfilter' | 'plainLayers' | 'trash' | 'locks'>;
  /** Lock file of everybody on this machine who prepares layers; below the data root when there is none. */
  readonly prepareLock?: string;
  readonly limits?: LayerLimits;
  readonly pause?: (ms: number) => Promise<unknown>;
  /** The layer driver that is asked for; by default what the host has. */
  readonly driver?: string;
}

export function createWindowsLayers(deps: WindowsLayersDeps): LayerStore {
  return new WindowsLayerStore(deps);
}

class WindowsLayerStore implements LayerStore {
  readonly #store: string;
  readonly #trash: string;
  readonly #folders: LayerFolders;
  readonly #locks: string;
  readonly #plainLayers: string;
  readonly #limits: LayerLimits;
  readonly #views = new RecordedViews();
  readonly #drivers: LayerDrivers;

  constructor({ paths, limits, pause, prepareLock, driver }: WindowsLayersDeps) {
    this.#store = paths.windowsfilter;
    this.#folders = new LayerFolders(this.#store);
    this.#trash = paths.trash;
    this.#locks = paths.locks;
    this.#plainLayers = paths.plainLayers;
    // Names are held to NTFS's limits when the tar is read.
    this.#limits = { ...(limits ?? defaultLayerLimits), hostPathBytes: Infinity };
    this.#drivers = new LayerDrivers({
      asked: driver,
      prepareLock: prepareLock ?? join(paths.locks, 'windows-layers'),
      ...(pause === undefined ? {} : { pause }),
    });
  }

  async isPrivileged(): Promise<boolean> {
    return mayMakeLayers();
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
    requireLayerPrivileges();
    this.#requireOwn(parents);
    sweepPartialFolders(this.#store, this.#trash);
    return WindowsLayerApply.open({
      store: this.#store,
      lockOf: (name) => this.#lockOf(name),
      id,
      parents: [...parents],
      view: parents.length === 0 ? undefined : this.#view(parents),
      utilityVmParent: parents
        .map((parent) => join(this.#store, parent))
        .find((folder) => existsSync(join(folder, 'UtilityVM', 'Files'))),
      limits: this.#limits,
      declaredSize: options.declaredSize,
      signal,
      driver: this.#drivers.current,
      existing: (known) => this.#folders.layer(known),
      discard: (folder) => this.#discard(folder),
    });
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
    // What a process without rights made of the same layer.
    moveToTrash(this.#trash, join(this.#plainLayers, id));
    if (!existsSync(join(this.#store, id))) return;
    requireLayerPrivileges();
    await this.#discard(join(this.#store, id));
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
    checkId(key);
    const layer = this.#folders.layer(key);
    if (layer !== undefined) {
      const view = this.#view([key, ...layer.parents]);
      yield* readRecordedTree(view, windowsPath, (...file) => Readable.from(readWhole(...file)), call);
      return;
    }
    const scratch = this.#folders.scratch(key);
    await using mounted = await this.#mounted(key, scratch.parents);
    await using volume = await VolumeView.open(mounted.path);
    let isThere = false;
    for await (const entry of volume.tree(windowsPath, call.signal)) {
      isThere = true;
      yield entry;
    }
    if (!isThere) throw nothingAt(windowsPath);
  }

  async sweep(options: PortCall & { budgetMs?: number } = {}): Promise<void> {
    sweepPartialFolders(this.#store, this.#trash);
    for (const id of this.#folders.ids()) {
      const folder = join(this.#store, id);
      const isKnown = [recordName.layer, recordName.scratch].some((name) => existsSync(join(folder, name)));
      // Under its lock somebody is making it; without a record and a lock its maker is gone.
      const lock = isKnown ? undefined : tryLock(this.#lockOf(id));
      if (lock === undefined) continue;
      try {
        moveToTrash(this.#trash, folder);
      } finally {
        lock.release();
      }
    }
    const end = performance.now() + (options.budgetMs ?? Infinity);
    const names = listNames(this.#trash);
    if (names.length > 0) requireLayerPrivileges();
    for (const name of names) {
      if (performance.now() > end || options.signal?.aborted === true) return;
      await this.#destroy(join(this.#trash, name));
    }
  }

  async createScratch(
    key: string,
    options: PortCall & { parents: readonly string[]; sizeBytes?: number; osVersion?: string },
  ): Promise<void> {
    checkId(key);
    const { parents, sizeBytes } = options;
    checkDepth(parents.length);
    this.#folders.requireLayers(parents);
    if (existsSync(join(this.#store, key))) throw scratchExists(key);
    const diskSize = diskSizeOf(sizeBytes);
    requireLayerPrivileges();
    this.#requireOwn(parents);
    const driver = this.#drivers.current;
    await withLock(this.#lockOf(key), async () => {
      const folder = join(this.#store, key);
      if (existsSync(folder)) throw scratchExists(key);
      try {
        mkdirSync(folder, { recursive: true });
        const chain = parents.map((id) => join(this.#store, id));
        await driver.createScratch(folder, chain, sizeBytes === undefined ? undefined : diskSize);
        const record = scratchRecord(key, diskSize, options, driver.name);
        writeRecords(folder, this.#store, recordName.scratch, record);
      } catch (error) {
        await this.#discard(folder);
        throw error;
      }
    });
  }

  async mount(key: string, { attach = true }: MountOptions = {}): Promise<MountedScratch> {
    const { parents } = this.#folders.scratch(key);
    this.#folders.requireLayers(parents);
    requireLayerPrivileges();
    this.#requireOwn(parents, key);
    const folder = join(this.#store, key);
    const chain = parents.map((id) => join(this.#store, id));
    const volumePath = attach ? await this.#attached(folder, chain) : await this.#unattached(key, folder);
    const layers: { Id: string; Path: string }[] = [];
    for (const path of chain) layers.push({ Id: await this.#drivers.current.guid(path), Path: path });
    // Documents of schema 2 want the volume's root (hcs.md 3.2); those of schema 1 take the backslash off again.
    return { volumePath, folder, layers };
  }

  async #attached(folder: string, chain: readonly string[]): Promise<string> {
    const volumePath =
      (await this.#mountedPath(folder)) ?? (await this.#drivers.current.mount(folder, chain));
    writeFileSync(join(folder, mountedName), volumePath, { mode: 0o600 });
    return `${volumePath}\\`;
  }

  /** A disk that an earlier run left mounted on the host is taken off it. */
  async #unattached(key: string, folder: string): Promise<string> {
    if (existsSync(join(folder, mountedName))) await this.unmount(key);
    return '';
  }

  async unmount(key: string): Promise<void> {
    checkId(key);
    const folder = join(this.#store, key);
    if (!existsSync(folder)) return;
    requireLayerPrivileges();
    await this.#drivers.unmount(folder);
    await this.#removeFile(join(folder, mountedName));
  }

  async removeScratch(key: string): Promise<void> {
    checkId(key);
    const folder = join(this.#store, key);
    if (existsSync(join(folder, recordName.layer)))
      throw new LayerError('LAYER_EXISTS', `${key} is an image's layer`);
    if (!existsSync(folder)) return;
    requireLayerPrivileges();
    await this.#drivers.unmount(folder);
    await this.#discard(folder);
  }

  async listScratches(): Promise<string[]> {
    return this.#folders.scratches();
  }

  async diff(key: string, call: PortCall = {}): Promise<Readable> {
    const transport = await this.#export(key);
    const items = exportItems(transport.root, transport.folder, call.signal);
    const chunks = packEntries(items, call.signal);
    let disposed: Promise<void> | undefined;
    const dispose = (): Promise<void> => (disposed ??= transport.dispose());
    // Not a generator: one that was never begun would not come to its `finally` when the stream is destroyed.
    const all: AsyncIterator<Buffer> & AsyncIterable<Buffer> = {
      [Symbol.asyncIterator]: () => all,
      next: async () => {
        const chunk = await chunks.next();
        if (chunk.done === true) await dispose();
        return chunk;
      },
      return: async () => {
        await chunks.return(undefined);
        await dispose();
        return { done: true, value: undefined };
      },
    };
    return Readable.from(all, { objectMode: false, highWaterMark: 1 << 20 });
  }

  async changes(key: string, call: PortCall = {}): Promise<LayerChange[]> {
    const { parents } = this.#folders.scratch(key);
    const transport = await this.#export(key);
    try {
      return await listChanges(transport.root, transport.folder, this.#view(parents), call.signal);
    } finally {
      await transport.dispose();
    }
  }

  /** What the scratch's disk has taken beyond its template, also while it is mounted; Windows takes whole blocks. */
  async usage(key: string): Promise<{ readonly size: number }> {
    const { parents } = this.#folders.scratch(key);
    const base = parents.at(-1);
    const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const own = sizeOf(join(this.#store, key, diskName.scratch));
    const template = base === undefined ? 0 : sizeOf(join(this.#store, base, diskName.template));
    return { size: Math.max(0, own - template) };
  }

  async stat(key: string, windowsPath: string): Promise<LayerEntry | undefined> {
    checkId(key);
    const layer = this.#folders.layer(key);
    if (layer !== undefined) {
      const entry = this.#view([key, ...layer.parents]).lookup(windowsPath);
      return entry === undefined ? undefined : { path: entry.path, type: entry.type, size: entry.size };
    }
    const { parents } = this.#folders.scratch(key);
    await using mounted = await this.#mounted(key, parents);
    await using volume = await VolumeView.open(mounted.path);
    return await volume.stat(windowsPath);
  }

  /** The scratch's volume: as it is mounted already, or for as long as the caller keeps what this gives. */
  async #mounted(
    key: string,
    parents: readonly string[],
  ): Promise<AsyncDisposable & { readonly path: string }> {
    requireLayerPrivileges();
    const folder = join(this.#store, key);
    const there = await this.#mountedPath(folder);
    if (there !== undefined) return { path: there, [Symbol.asyncDispose]: async () => undefined };
    this.#requireOwn(parents, key);
    const driver = this.#drivers.current;
    const path = await driver.mount(
      folder,
      parents.map((id) => join(this.#store, id)),
    );
    return { path, [Symbol.asyncDispose]: () => driver.unmount(folder) };
  }

  /** Where a scratch is mounted, perhaps by another process. A restart of Windows unmounts all: then the marker is wrong. */
  async #mountedPath(folder: string): Promise<string | undefined> {
    if (!existsSync(join(folder, mountedName))) return undefined;
    try {
      const path = await this.#drivers.maker(folder).mountPath(folder);
      await using volume = await VolumeView.open(path);
      return (await volume.stat('')) === undefined ? undefined : path;
    } catch {
      return undefined;
    }
  }

  /** Lets Windows write the scratch's changes to a folder of our own. */
  async #export(
    key: string,
  ): Promise<{ readonly root: NtFile; readonly folder: string; dispose(): Promise<void> }> {
    const { parents } = this.#folders.scratch(key);
    this.#folders.requireLayers(parents);
    requireLayerPrivileges();
    this.#requireOwn(parents, key);
    const scratch = join(this.#store, key);
    const chain = parents.map((id) => join(this.#store, id));
    if ((await this.#mountedPath(scratch)) !== undefined)
      throw new LayerError('LAYER_MOUNTED', `windows does not support diff of a running container: ${key}`);
    const folder = makePartialFolder(this.#store, key);
    try {
      await this.#drivers.current.exportScratch(scratch, folder, chain);
      const root = await NtFile.open(undefined, folder, { access: access.read });
      return {
        root,
        folder,
        dispose: async () => {
          await root.close();
          await this.#discard(folder);
        },
      };
    } catch (error) {
      await this.#discard(folder);
      throw error;
    }
  }

  /** Gone from the store in one step; then deleted, as far as Windows lets it now. What is left is swept later. */
  async #discard(folder: string): Promise<void> {
    if (!existsSync(folder)) return;
    try {
      moveToTrash(this.#trash, folder);
    } catch (error) {
      // A disk that is still attached keeps its folder (windows-layers.md 4.5).
      await this.#drivers.unmount(folder);
      if (!(await detachDisk(join(folder, diskName.scratch)))) throw error;
      moveToTrash(this.#trash, folder);
    }
    for (const name of listNames(this.#trash))
      if (name.startsWith(`${basename(folder)}.`)) await this.#destroy(join(this.#trash, name));
  }

  /** Deletes a tree of the trash: by Windows, else by ourselves. Failing is no error: it stays for the next sweep. */
  async #destroy(folder: string): Promise<void> {
    const name = basename(folder);
    try {
      if (/^[0-9a-f]{64}\./.test(name) && (await this.#drivers.destroy(folder)) && !existsSync(folder))
        return;
      await using trash = await NtFile.open(undefined, this.#trash, { access: access.read });
      await removeTree(trash, name);
    } catch {
      return;
    }
  }

  async #removeFile(path: string): Promise<void> {
    await using folder = await NtFile.open(undefined, join(path, '..'), { access: access.read });
    await removeTree(folder, basename(path));
  }

  #requireOwn(layers: readonly string[], scratch?: string): void {
    requireMadeBy(this.#drivers.current.name, this.#store, layers, scratch);
  }

  #lockOf(id: string): string {
    return join(this.#locks, `layer-${id}`);
  }

  #view(layers: readonly string[]): RecordedView {
    const recorded = layers.map((id) => {
      const folder = join(this.#store, id);
      return { folder, sidecar: join(folder, sidecarName) };
    });
    return this.#views.of(recorded);
  }
}

/** Says that a scratch is mounted, and where: whoever only looks then leaves it so. */
const mountedName = 'mounted';

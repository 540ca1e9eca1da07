/**
 * Layers by computestorage.dll and disks that are attached here (windows-layers.md 4.3, 4.5): base layers are restored in place
 * and set up, others imported from a whole transport folder; a scratch is a copy of the base's template, initialized once, and
 * mounted by attaching it for good and the layer filter to its volume.
 */
import { copyFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join, win32 } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from '../../state/lock.ts';
import { defaultDiskSize } from '../../vhdx/format.ts';
import { guidOfName } from '../../vhdx/guid.ts';
import { diskName } from '../../vhdx/layer-disks.ts';
import { bounded } from './bounded.ts';
import * as storage from './ffi/computestorage.ts';
import type { StorageLayer } from './ffi/computestorage.ts';
import { access, share, version as systemVersion } from './ffi/ntdll.ts';
import type { FileHandle } from './ffi/ntdll.ts';
import { HostFileError, LayerCallError, win32Of } from './host-file-error.ts';
import {
  called,
  check,
  inTime,
  isFailure,
  isGone,
  mounted,
  patiently,
  pauseMs,
  prepareLockMs,
  quickMs,
  slowMs,
  timedOut,
} from './layer-calls.ts';
import type { Pause } from './layer-calls.ts';
import type { LayerDriver, LayerDriverOptions, LayerTransport } from './layer-driver.ts';
import { moveIfThere } from './move-if-there.ts';
import { NtFile } from './nt-file.ts';
import { removeTree } from './remove-tree.ts';
import { extendVolume, growPartitionOf } from './scratch-volume.ts';
import { VirtualDisk } from './virtual-disk.ts';
import { grantVmGroup, vmRights } from './vm-group-access.ts';
import { completeTransport } from './whole-transport.ts';

const utilityVmDisks = { base: 'SystemTemplateBase.vhdx', template: 'SystemTemplate.vhdx' } as const;
/** From here on a disk is formatted by its own handle, before by its device's. */
const formatsByDisk = 18_362;
/** ERROR_FLT_DO_NOT_DETACH: what ran on the volume has not let go of all yet. */
const doNotDetach = 0x801f_0010;
const busy = [5, 32, 170];
const detachAttempts = 10;
const noVolume = 1005;

export interface ComputestorageLayerDriverOptions extends LayerDriverOptions {
  readonly version?: () => { readonly major: number; readonly minor: number; readonly build: number };
}

export class ComputestorageLayerDriver implements LayerDriver {
  readonly name = 'computestorage';
  readonly #prepareLock: string;
  readonly #pause: Pause;
  readonly #version: NonNullable<ComputestorageLayerDriverOptions['version']>;

  constructor(options: ComputestorageLayerDriverOptions) {
    this.#prepareLock = options.prepareLock;
    this.#pause = options.pause ?? ((ms) => delay(ms));
    this.#version = options.version ?? systemVersion;
  }

  /** HCS only wants it to be the same everywhere: here it is ours, since NameToGuid is vmcompute's. */
  async guid(folder: string): Promise<string> {
    return guidOfName(win32.basename(folder));
  }

  async importLayer(folder: string, layer: LayerTransport, parents: readonly string[]): Promise<void> {
    await completeTransport(layer, this.#version());
    const chain = this.#layers(parents);
    await patiently('HcsImportLayer', folder, this.#pause, () =>
      storage.importLayer(folder, layer.folder, chain),
    );
    // Not told of: whether it takes part in an import is nowhere written.
    moveIfThere(layer.utilityVm, join(folder, 'UtilityVM'));
  }

  async processBaseImage(folder: string): Promise<void> {
    const base = join(folder, diskName.base);
    {
      await using disk = await VirtualDisk.create(base, { sizeBytes: defaultDiskSize });
      await this.#format(disk);
    }
    // Only now: it wants a disk that nobody has open.
    await patiently('HcsSetupBaseOSLayer', folder, this.#pause, async () => {
      await using root = await NtFile.open(undefined, folder, { access: access.read });
      for (const name of ['Hives', 'layout']) await removeTree(root, name);
      return storage.setupBaseOsLayer(folder, null, 'Container');
    });
    await this.#template(base, join(folder, diskName.template));
  }

  async processUtilityImage(folder: string): Promise<void> {
    const base = join(folder, utilityVmDisks.base);
    {
      await using disk = await VirtualDisk.create(base, { sizeBytes: defaultDiskSize });
      await disk.attach();
      try {
        const work = disk.use((handle) => storage.setupBaseOsLayer(folder, handle, 'Vm'));
        await called('HcsSetupBaseOSLayer', folder, work, slowMs);
      } finally {
        await disk.detach();
      }
    }
    await this.#template(base, join(folder, utilityVmDisks.template));
  }

  async createScratch(folder: string, parents: readonly string[], sizeBytes?: number): Promise<void> {
    const path = join(folder, diskName.scratch);
    const base = parents.at(-1);
    if (base === undefined) throw new TypeError('a scratch has parents');
    await copyFile(join(base, diskName.template), path, constants.COPYFILE_EXCL);
    await grantVmGroup(path, vmRights.write);
    await using disk = await VirtualDisk.open(path);
    if (sizeBytes !== undefined) await disk.resize(sizeBytes);
    await disk.attach();
    try {
      const volume = await this.#volumeOf(disk);
      if (sizeBytes !== undefined) {
        await growPartitionOf(volume, sizeBytes);
        await extendVolume(volume);
      }
      await called(
        'HcsInitializeWritableLayer',
        folder,
        storage.initializeWritableLayer(`${volume}\\`, this.#layers(parents)),
      );
    } finally {
      await disk.detach();
    }
  }

  mount(folder: string, parents: readonly string[]): Promise<string> {
    return mounted(
      this.#pause,
      (error) =>
        error instanceof LayerCallError
          ? (error.win32 ?? NaN)
          : error instanceof HostFileError
            ? error.win32
            : undefined,
      () => this.#mountOnce(folder, parents),
      () => this.unmount(folder),
    );
  }

  async mountPath(folder: string): Promise<string> {
    await using disk = await VirtualDisk.open(join(folder, diskName.scratch));
    return await this.#volumeOf(disk);
  }

  async unmount(folder: string): Promise<void> {
    try {
      await using disk = await VirtualDisk.open(join(folder, diskName.scratch));
      const { hresult, path } = await this.#askVolume(disk);
      // Below a filter that somebody uses, what was written last would be lost: the next try gets rid of both.
      if (!isFailure(hresult) && (path === '' || (await this.#detachFilter(path)))) await disk.detach();
    } catch {
      // Not attached, or not there.
    }
  }

  async exportScratch(folder: string, to: string, parents: readonly string[]): Promise<void> {
    const volume = await this.mount(folder, parents);
    try {
      const work = storage.exportLayer(`${volume}\\`, to, this.#layers(parents), true);
      await called('HcsExportLayer', folder, work, slowMs);
    } finally {
      await this.unmount(folder);
    }
  }

  async destroy(folder: string): Promise<boolean> {
    return isGone(await inTime(storage.destroyLayer(folder), slowMs));
  }

  async #mountOnce(folder: string, parents: readonly string[]): Promise<string> {
    await using disk = await VirtualDisk.open(join(folder, diskName.scratch));
    // Whoever mounts is not who unmounts.
    await disk.attach({ permanent: true });
    try {
      const volume = await this.#volumeOf(disk);
      const filter = (): Promise<void> =>
        called(
          'HcsAttachLayerStorageFilter',
          folder,
          storage.attachLayerStorageFilter(`${volume}\\`, this.#layers(parents)),
        );
      await withLock(this.#prepareLock, filter, { timeoutMs: prepareLockMs });
      return volume;
    } catch (error) {
      // Ours, and without a filter: nobody uses it.
      await disk.detach().catch(() => undefined);
      throw error;
    }
  }

  /** The end of a container is not yet the end of all that had its files open. False: somebody still has. */
  async #detachFilter(volume: string): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const hresult = await inTime(storage.detachLayerStorageFilter(`${volume}\\`));
      const isBusy = hresult === doNotDetach || busy.includes(win32Of(hresult) ?? NaN);
      if (!isBusy || attempt >= detachAttempts) return !isBusy;
      await this.#pause(pauseMs * 2 ** Math.min(attempt, 4));
    }
  }

  async #template(base: string, template: string): Promise<void> {
    const disk = await VirtualDisk.create(template, { parent: base });
    await disk.close();
    for (const path of [base, template]) await grantVmGroup(path, vmRights.read);
  }

  async #format(disk: VirtualDisk): Promise<void> {
    const format = (handle: FileHandle): Promise<void> =>
      called('HcsFormatWritableLayerVhd', disk.path, storage.formatWritableLayerVhd(handle));
    if (this.#version().build >= formatsByDisk) return disk.use(format);
    await disk.attach();
    try {
      await using device = await NtFile.open(undefined, await disk.devicePath(), {
        access: access.read | access.write,
        share: share.read | share.write,
      });
      await format(device.handle);
    } finally {
      await disk.detach();
    }
  }

  #askVolume(disk: VirtualDisk): Promise<{ hresult: number; path: string }> {
    const late = { hresult: timedOut, path: '' };
    return bounded(disk.use(storage.layerVhdMountPath), quickMs, () => late);
  }

  async #volumeOf(disk: VirtualDisk): Promise<string> {
    const { hresult, path } = await this.#askVolume(disk);
    check('HcsGetLayerVhdMountPath', disk.path, hresult);
    // Success without one: Windows mounts no volume for who lacks the rights.
    if (path === '') throw new HostFileError('find the volume of', disk.path, noVolume);
    return path;
  }

  #layers(folders: readonly string[]): StorageLayer[] {
    return folders.map((folder) => ({ Id: guidOfName(win32.basename(folder)), Path: folder }));
  }
}

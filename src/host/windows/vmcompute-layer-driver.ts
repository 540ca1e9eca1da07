/**
 * vmcompute's layer calls with their rules (windows-layers.md 4.1, 4.5): PrepareLayer one at a time on the whole host, another
 * try where a disk was not ready yet or a scanner held a file.
 */
import { join, win32 } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from '../../state/lock.ts';
import { diskName } from '../../vhdx/layer-disks.ts';
import { bounded } from './bounded.ts';
import { access } from './ffi/ntdll.ts';
import * as wclayer from './ffi/wclayer.ts';
import type { Guid, LayerDescriptor, LayerVerb } from './ffi/wclayer.ts';
import { LayerCallError } from './host-file-error.ts';
import {
  called,
  check,
  inTime,
  isGone,
  mounted,
  patiently,
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
import { growVolume } from './scratch-volume.ts';

export class VmcomputeLayerDriver implements LayerDriver {
  readonly name = 'vmcompute';
  readonly #prepareLock: string;
  readonly #pause: Pause;
  readonly #guids = new Map<string, Guid>();

  constructor(options: LayerDriverOptions) {
    this.#prepareLock = options.prepareLock;
    this.#pause = options.pause ?? ((ms) => delay(ms));
  }

  /** Only the DLL knows the rule. */
  async guid(folder: string): Promise<string> {
    return guidText(await this.#guid(folder));
  }

  async importLayer(folder: string, layer: LayerTransport, parents: readonly string[]): Promise<void> {
    moveIfThere(layer.utilityVm, join(folder, 'UtilityVM'));
    const chain = await this.#descriptors(parents);
    await patiently('ImportLayer', folder, this.#pause, () =>
      wclayer.importLayer(folder, layer.folder, chain),
    );
    // It knows no deletions: it brings everything of the parents back.
    await using root = await NtFile.open(undefined, folder, { access: access.read | access.write });
    for (const path of layer.deletions) await removeTree(root, path);
  }

  processBaseImage(folder: string): Promise<void> {
    return patiently('ProcessBaseImage', folder, this.#pause, () => wclayer.processBaseImage(folder));
  }

  processUtilityImage(folder: string): Promise<void> {
    return patiently('ProcessUtilityImage', folder, this.#pause, () => wclayer.processUtilityImage(folder));
  }

  async createScratch(folder: string, parents: readonly string[], sizeBytes?: number): Promise<void> {
    const chain = await this.#descriptors(parents);
    await called('CreateSandboxLayer', folder, wclayer.createSandboxLayer(folder, chain));
    if (sizeBytes === undefined) return;
    await called('ExpandSandboxSize', folder, wclayer.expandSandboxSize(folder, sizeBytes));
    await growVolume(join(folder, diskName.scratch), () => this.mountPath(folder));
  }

  mount(folder: string, parents: readonly string[]): Promise<string> {
    return mounted(
      this.#pause,
      (error) => (error instanceof LayerCallError ? (error.win32 ?? NaN) : undefined),
      async () => {
        await this.#mountOnce(folder, parents);
        return await this.mountPath(folder);
      },
      () => this.unmount(folder),
    );
  }

  async mountPath(folder: string): Promise<string> {
    const late = { hresult: timedOut, path: '' };
    const { hresult, path } = await bounded(wclayer.layerMountPath(folder), quickMs, () => late);
    check('GetLayerMountPath', folder, hresult);
    return path.replace(/\\+$/, '');
  }

  /** Both calls are made, and fail in peace. */
  async unmount(folder: string): Promise<void> {
    await inTime(wclayer.layerVerb('UnprepareLayer', folder));
    await inTime(wclayer.layerVerb('DeactivateLayer', folder));
  }

  /** ExportLayer wants a scratch that is active but not filtered. Preparing first makes it complete. */
  async exportScratch(folder: string, to: string, parents: readonly string[]): Promise<void> {
    await this.mount(folder, parents);
    try {
      await this.#verb('UnprepareLayer', folder);
      const chain = await this.#descriptors(parents);
      await called('ExportLayer', folder, wclayer.exportLayer(folder, to, chain), slowMs);
    } finally {
      await inTime(wclayer.layerVerb('DeactivateLayer', folder));
    }
  }

  async destroy(folder: string): Promise<boolean> {
    return isGone(await inTime(wclayer.layerVerb('DestroyLayer', folder), slowMs));
  }

  async #mountOnce(folder: string, parents: readonly string[]): Promise<void> {
    const descriptors = await this.#descriptors(parents);
    await this.#verb('ActivateLayer', folder);
    await withLock(
      this.#prepareLock,
      () => called('PrepareLayer', folder, wclayer.prepareLayer(folder, descriptors)),
      { timeoutMs: prepareLockMs },
    );
  }

  async #verb(verb: LayerVerb, folder: string): Promise<void> {
    await called(verb, folder, wclayer.layerVerb(verb, folder));
  }

  async #descriptors(folders: readonly string[]): Promise<LayerDescriptor[]> {
    const descriptors: LayerDescriptor[] = [];
    for (const folder of folders)
      descriptors.push({ LayerId: await this.#guid(folder), Flags: 0, Path: folder });
    return descriptors;
  }

  async #guid(folder: string): Promise<Guid> {
    const name = win32.basename(folder);
    const known = this.#guids.get(name);
    if (known !== undefined) return known;
    const { hresult, guid } = await wclayer.nameToGuid(name);
    check('NameToGuid', name, hresult);
    this.#guids.set(name, guid);
    return guid;
  }
}

function guidText({ Data1, Data2, Data3, Data4 }: Guid): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = Buffer.from(Data4).toString('hex');
  return `${hex(Data1, 8)}-${hex(Data2, 4)}-${hex(Data3, 4)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

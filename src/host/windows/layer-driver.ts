/**
 * vmcompute's layer calls with their rules (windows-layers.md 4.1, 4.5): failures in Docker's words, PrepareLayer one at a
 * time on the whole host, another try where a disk was not ready yet or a scanner held a file. Folders are full paths.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { win32 } from 'node:path';
import { withLock } from '../../state/lock.ts';
import { bounded } from './bounded.ts';
import * as wclayer from './ffi/wclayer.ts';
import type { Guid, LayerDescriptor, LayerVerb } from './ffi/wclayer.ts';
import { LayerCallError, isHeldByOthers, win32Of } from './host-file-error.ts';

const notReady = 21;
const notConnected = 1167;
const fileNotFound = 2;
const pathNotFound = 3;
const mountAttempts = 5;
const mountPauseMs = 100;
const processAttempts = 5;
/** Preparing is quick, but others may wait for the same lock. */
const prepareLockMs = 120_000;

/** Past these the service hangs. What reads or writes whole layers takes as long as they are large. */
const quickMs = 240_000;
const slowMs = 3_600_000;
const timedOut = 0x8007_05b4;

const isFailure = (hresult: number): boolean => hresult >= 0x8000_0000;

export interface LayerDriverOptions {
  /** Lock file that all processes of this data root share. */
  readonly prepareLock: string;
  /** Milliseconds; injected so that tests need not wait. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

export class LayerDriver {
  readonly #prepareLock: string;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #guids = new Map<string, Guid>();

  constructor(options: LayerDriverOptions) {
    this.#prepareLock = options.prepareLock;
    this.#pause = options.pause ?? ((ms) => delay(ms));
  }

  /** The GUID that Windows gives a layer: only the DLL knows the rule, and it sees the folder's name alone. */
  async guid(folder: string): Promise<string> {
    return guidText(await this.#guid(folder));
  }

  async importLayer(folder: string, from: string, parents: readonly string[]): Promise<void> {
    const chain = await this.#descriptors(parents);
    await this.#patiently('ImportLayer', folder, () => wclayer.importLayer(folder, from, chain));
  }

  async exportLayer(folder: string, to: string, parents: readonly string[]): Promise<void> {
    const chain = await this.#descriptors(parents);
    await called('ExportLayer', folder, wclayer.exportLayer(folder, to, chain), slowMs);
  }

  processBaseImage(folder: string): Promise<void> {
    return this.#patiently('ProcessBaseImage', folder, () => wclayer.processBaseImage(folder));
  }

  processUtilityImage(folder: string): Promise<void> {
    return this.#patiently('ProcessUtilityImage', folder, () => wclayer.processUtilityImage(folder));
  }

  async createScratch(folder: string, parents: readonly string[]): Promise<void> {
    const chain = await this.#descriptors(parents);
    await called('CreateSandboxLayer', folder, wclayer.createSandboxLayer(folder, chain));
  }

  async expandScratch(folder: string, bytes: number): Promise<void> {
    await called('ExpandSandboxSize', folder, wclayer.expandSandboxSize(folder, bytes));
  }

  /** Gives what GetLayerMountPath says: `\\?\Volume{…}` for a scratch. Mounted already: the same answer again. */
  async mount(folder: string, parents: readonly string[]): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#mountOnce(folder, parents);
        return await this.mountPath(folder);
      } catch (error) {
        await this.unmount(folder);
        if (!(error instanceof LayerCallError) || attempt >= mountAttempts) throw error;
        // What an earlier owner left half mounted is gone now: one more try for any reason.
        if (error.win32 !== notReady && error.win32 !== notConnected && attempt > 1) throw error;
      }
      await this.#pause(mountPauseMs);
    }
  }

  async mountPath(folder: string): Promise<string> {
    const late = { hresult: timedOut, path: '' };
    const { hresult, path } = await bounded(wclayer.layerMountPath(folder), quickMs, () => late);
    check('GetLayerMountPath', folder, hresult);
    return path.replace(/\\+$/, '');
  }

  /** Also what is mounted by half or not at all: both calls are made, and fail in peace. */
  async unmount(folder: string): Promise<void> {
    await inTime(wclayer.layerVerb('UnprepareLayer', folder));
    await inTime(wclayer.layerVerb('DeactivateLayer', folder));
  }

  /** Runs `work` while a scratch is active but not filtered: what ExportLayer wants. Preparing first makes it complete. */
  async whileExportable<T>(folder: string, parents: readonly string[], work: () => Promise<T>): Promise<T> {
    await this.mount(folder, parents);
    try {
      await this.#verb('UnprepareLayer', folder);
      return await work();
    } finally {
      await inTime(wclayer.layerVerb('DeactivateLayer', folder));
    }
  }

  /** False when Windows could not: the caller removes the tree itself. */
  async destroy(folder: string): Promise<boolean> {
    const hresult = await inTime(wclayer.layerVerb('DestroyLayer', folder), slowMs);
    const code = win32Of(hresult);
    return !isFailure(hresult) || code === fileNotFound || code === pathNotFound;
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

  /** Scanners let go of fresh files after a moment (users.md P09). */
  async #patiently(call: string, folder: string, work: () => Promise<number>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const hresult = await inTime(work(), slowMs);
      const code = win32Of(hresult);
      const isWorthIt = isFailure(hresult) && code !== undefined && isHeldByOthers(code);
      if (!isWorthIt || attempt >= processAttempts) return check(call, folder, hresult);
      await this.#pause(mountPauseMs * 2 ** (attempt - 1));
    }
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

function inTime(work: Promise<number>, milliseconds = quickMs): Promise<number> {
  return bounded(work, milliseconds, () => timedOut);
}

async function called(
  call: string,
  folder: string,
  work: Promise<number>,
  milliseconds?: number,
): Promise<void> {
  check(call, folder, await inTime(work, milliseconds));
}

function check(call: string, folder: string, hresult: number): void {
  if (isFailure(hresult)) throw new LayerCallError(call, hresult, folder);
}

function guidText({ Data1, Data2, Data3, Data4 }: Guid): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = Buffer.from(Data4).toString('hex');
  return `${hex(Data1, 8)}-${hex(Data2, 4)}-${hex(Data3, 4)}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

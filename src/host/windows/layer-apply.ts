import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../../errors/porthole-error.ts';
import { chainIdOf, checkDiffId } from '../../layer/chain-id.ts';
import { LayerError } from '../../layer/layer-error.ts';
import { sidecarName } from '../../layer/sidecar.ts';
import type { LayerLimits } from '../../layer/limits.ts';
import { errorCode, renameRetrying } from '../../state/atomic-file.ts';
import { withLock } from '../../state/lock.ts';
import { driverMark, makePartialFolder, recordName, writeRecords } from '../layer-folders.ts';
import type { LayerRecord } from '../layer-folders.ts';
import type { LayerApply, LayerInfo } from '../ports/layers.ts';
import { access } from './ffi/ntdll.ts';
import type { LayerDriver } from './layer-driver.ts';
import { linkOrCopy } from './layer-objects.ts';
import { LayerTarget, setDirectoryTimes, transportName } from './layer-target.ts';
import { LayerUnpacker, inOrder } from './layer-unpacker.ts';
import type { UnpackedLayer } from './layer-unpacker.ts';
import { NtFile } from './nt-file.ts';
import type { RecordedView } from './recorded-view.ts';
import { removeTree } from './remove-tree.ts';

export interface LayerApplyOptions {
  readonly store: string;
  /** Lock file of a layer's name. */
  readonly lockOf: (id: string) => string;
  readonly id: string | undefined;
  readonly parents: readonly string[];
  readonly view: RecordedView | undefined;
  readonly utilityVmParent: string | undefined;
  readonly limits: LayerLimits;
  readonly declaredSize: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly driver: LayerDriver;
  readonly existing: (id: string) => LayerInfo | undefined;
  /** Makes a folder of the store disappear, and deletes it as soon as Windows lets it. */
  readonly discard: (folder: string) => Promise<void>;
}

/** Post-processing of a base layer takes minutes on slow disks; whoever waits for the same layer waits that long. */
const publishMs = 30 * 60_000;

/**
 * A layer on its way into the store. The tar goes to a partial folder; only when its digest is right the layer's own folder
 * is made, which Windows then completes where it stays: the disks that it makes name their parents by absolute path.
 */
export class WindowsLayerApply implements LayerApply {
  readonly #options: LayerApplyOptions;
  readonly #folder: string;
  readonly #target: LayerTarget;
  readonly #unpacker: LayerUnpacker;
  #failure: Error | undefined;
  #isOver = false;

  private constructor(options: LayerApplyOptions, folder: string, target: LayerTarget) {
    this.#options = options;
    this.#folder = folder;
    this.#target = target;
    this.#unpacker = new LayerUnpacker({
      folder,
      target,
      parents: options.view,
      utilityVmParent: options.utilityVmParent,
      limits: options.limits,
      declaredSize: options.declaredSize,
    });
  }

  static async open(options: LayerApplyOptions): Promise<WindowsLayerApply> {
    const folder = makePartialFolder(options.store, options.id);
    let target: LayerTarget | undefined;
    try {
      target = await LayerTarget.open(folder, options.parents.length === 0);
      return new WindowsLayerApply(options, folder, target);
    } catch (error) {
      await target?.close();
      await options.discard(folder);
      throw error;
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#check();
    try {
      await this.#unpacker.write(
        Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length),
      );
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async commit(expectedDiffId?: string): Promise<LayerInfo> {
    this.#check();
    try {
      const unpacked = await this.#unpacker.finish();
      checkDiffId(expectedDiffId, unpacked.diffId);
      this.#options.signal?.throwIfAborted();
      const id = this.#options.id ?? chainIdOf(this.#options.parents[0], unpacked.diffId);
      const info = await withLock(this.#options.lockOf(id), () => this.#publish(id, unpacked), {
        timeoutMs: publishMs,
        ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
      });
      this.#isOver = true;
      return info;
    } catch (error) {
      const failure = this.#fail(error);
      await this.abort();
      throw failure;
    }
  }

  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure ??= new LayerError('LAYER_NOT_FOUND', 'the layer was given up');
    await this.#unpacker.abandon();
    await this.#target.close();
    await this.#options.discard(this.#folder);
  }

  async #publish(id: string, unpacked: UnpackedLayer): Promise<LayerInfo> {
    const { store, parents, existing, discard } = this.#options;
    const final = join(store, id);
    const known = existing(id);
    if (known !== undefined) {
      await this.#target.close();
      await discard(this.#folder);
      return known;
    }
    // Without a record that can be read it is no layer: what another writer left is replaced.
    await discard(final);
    try {
      if (parents.length === 0) await this.#completeBase(final, unpacked);
      else await this.#importChild(final, unpacked);
      const { diffId, size, entries } = unpacked;
      const mark = driverMark(this.#options.driver.name);
      const record: LayerRecord = { version: 1, id, diffId, size, entries, parents, ...mark };
      writeRecords(final, store, recordName.layer, record);
      return { id, diffId, size, entries, parents, path: final };
    } catch (error) {
      await discard(final);
      throw error;
    }
  }

  async #completeBase(final: string, unpacked: UnpackedLayer): Promise<void> {
    const { driver } = this.#options;
    if (unpacked.hasUtilityVm) await this.#target.keepBootStores();
    // Windows makes them, and fails where they are.
    for (const name of ['Hives', 'layout']) await this.#target.removeIfThere(name);
    await this.#target.close();
    renameRetrying(this.#folder, final);
    await driver.processBaseImage(final);
    if (unpacked.hasUtilityVm) await driver.processUtilityImage(join(final, 'UtilityVM'));
  }

  async #importChild(final: string, unpacked: UnpackedLayer): Promise<void> {
    const { driver, store, parents, discard } = this.#options;
    await this.#target.close();
    mkdirSync(final, 0o755);
    const transport = {
      folder: join(this.#folder, transportName),
      deletions: unpacked.whiteouts,
      utilityVm: join(this.#folder, 'UtilityVM'),
    };
    await driver.importLayer(
      final,
      transport,
      parents.map((id) => join(store, id)),
    );
    {
      await using layer = await NtFile.open(undefined, final, { access: access.read | access.write });
      await this.#link(layer, unpacked);
      for (const [path, metadata] of unpacked.directories) await setDirectoryTimes(layer, path, metadata);
    }
    if (unpacked.hasUtilityVm) await driver.processUtilityImage(join(final, 'UtilityVM'));
    renameSync(join(this.#folder, sidecarName), join(final, sidecarName));
    await discard(this.#folder);
  }

  /** ImportLayer knows no further names of files: they are given to what it made, or to the parents' files. */
  async #link(layer: NtFile, unpacked: UnpackedLayer): Promise<void> {
    for (const link of inOrder(unpacked.links)) {
      await removeTree(layer, link.to);
      const found = link.inherited ? this.#options.view?.fileOf(link.source) : undefined;
      if (link.inherited && found === undefined)
        throw new LayerError(
          'LAYER_LINK_INVALID',
          `failed to find link target for '${link.to}' -> '${link.source}'`,
        );
      await using owner =
        found === undefined ? undefined : await NtFile.open(undefined, found.folder, { access: access.read });
      const how = await linkOrCopy(owner ?? layer, found?.path ?? link.source, layer, link.to);
      if (how === 'copied' && !link.inherited) link.copied();
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#options.signal?.throwIfAborted();
  }

  #fail(error: unknown): Error {
    this.#failure ??= explained(error);
    return this.#failure;
  }
}

function explained(error: unknown): Error {
  const cause = asError(error);
  if (errorCode(error) !== 'ENOSPC') return cause;
  return new LayerError('LAYER_NO_SPACE', 'failed to unpack layer: no space left on device', {
    hint: 'free some space (porthole image prune, porthole container prune) or use another --data-root',
    cause,
  });
}

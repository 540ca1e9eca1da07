import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../errors/porthole-error.ts';
import { LayerApplier } from '../layer/applier.ts';
import { chainIdOf, checkDiffId } from '../layer/chain-id.ts';
import { LayerError } from '../layer/layer-error.ts';
import { errorCode } from '../state/atomic-file.ts';
import { moveToTrash } from '../state/trash.ts';
import { makePartialFolder, recordName, writeRecords } from './layer-folders.ts';
import type { AppliedLayer } from '../layer/applier.ts';
import type { LayerLimits } from '../layer/limits.ts';
import type { LayerView } from '../layer/view.ts';
import type { LayerApply, LayerInfo } from './ports/layers.ts';
import type { LayerRecord } from './layer-folders.ts';

export interface LayerApplyOptions {
  readonly store: string;
  readonly trash: string;
  readonly id: string | undefined;
  readonly parents: readonly string[];
  readonly view: LayerView | undefined;
  readonly limits: LayerLimits;
  readonly declaredSize: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** A committed layer of that id, if there is one. */
  readonly existing: (id: string) => LayerInfo | undefined;
  /** Makes what hides names of the layers below: absolute paths in `folder` that do not exist yet. */
  readonly makeWhiteouts: (folder: string, paths: readonly string[]) => Promise<void>;
  /** Makes a symbolic link, where links are kept as such. */
  readonly makeLink: (target: string, path: string) => void;
  /** Adds what a base layer has besides its files. `final`: the folder's name to be. */
  readonly completeBase: (folder: string, id: string, final: string) => void;
}

/** Trees of more entries than this are left to the trash: deleting them here would keep the user waiting. */
const deleteAtOnce = 2000;

/** A layer on its way into a store of folders. The first error decides: whatever is called afterwards fails with it. */
export class FolderLayerApply implements LayerApply {
  readonly #options: LayerApplyOptions;
  readonly #folder: string;
  readonly #applier: LayerApplier;
  #failure: Error | undefined;
  #isOver = false;

  constructor(options: LayerApplyOptions) {
    this.#options = options;
    this.#folder = makePartialFolder(options.store, options.id);
    try {
      this.#applier = new LayerApplier({
        folder: this.#folder,
        parents: options.view,
        limits: options.limits,
        declaredSize: options.declaredSize,
        makeWhiteouts: (paths) => options.makeWhiteouts(this.#folder, paths),
        makeLink: options.makeLink,
      });
    } catch (error) {
      rmSync(this.#folder, { recursive: true, force: true });
      throw explained(error);
    }
  }

  write(chunk: Uint8Array): void {
    this.#check();
    try {
      this.#applier.write(
        Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length),
      );
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async commit(expectedDiffId?: string): Promise<LayerInfo> {
    this.#check();
    try {
      const applied = await this.#applier.finish();
      checkDiffId(expectedDiffId, applied.diffId);
      this.#options.signal?.throwIfAborted();
      const info = this.#publish(applied);
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
    this.#applier.abandon();
    if (this.#applier.entries > deleteAtOnce) moveToTrash(this.#options.trash, this.#folder);
    else rmSync(this.#folder, { recursive: true, force: true });
  }

  #publish(applied: AppliedLayer): LayerInfo {
    const { store, parents } = this.#options;
    const { diffId, size, entries } = applied;
    const id = this.#options.id ?? chainIdOf(parents[0], diffId);
    const final = join(store, id);
    if (parents.length === 0) this.#options.completeBase(this.#folder, id, final);
    const record: LayerRecord = { version: 1, id, diffId, size, entries, parents };
    writeRecords(this.#folder, store, recordName.layer, record);
    for (;;) {
      try {
        renameSync(this.#folder, final);
        return { id, diffId, size, entries, parents, path: final };
      } catch (error) {
        if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
        const existing = this.#options.existing(id);
        if (existing !== undefined) {
          moveToTrash(this.#options.trash, this.#folder);
          return existing;
        }
        // Without a record that can be read it is no layer: a damaged one is replaced.
        moveToTrash(this.#options.trash, final);
      }
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

/** Errors of the file system in words; anything else as it is. */
function explained(error: unknown): Error {
  const cause = asError(error);
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new LayerError('LAYER_NO_SPACE', 'failed to unpack layer: no space left on device', {
        hint: 'free some space (porthole image prune, porthole container prune) or use another --data-root',
        cause,
      });
    case 'ENAMETOOLONG':
      return new LayerError('LAYER_PATH_TOO_LONG', 'failed to unpack layer: file name too long', { cause });
    default:
      return cause;
  }
}

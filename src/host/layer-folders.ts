/** Folders of the windowsfilter store: who owns which name, and what a dead writer leaves (windows-layers.md 2). */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LayerError, noSuchLayer } from '../layer/layer-error.ts';
import { listNames, readTextIfExists } from '../state/atomic-file.ts';
import { isAbandonedName, ownedName } from '../state/owned-name.ts';
import { moveToTrash } from '../state/trash.ts';
import { MiB, defaultDiskSize, maxVirtualSize, roundUp } from '../vhdx/format.ts';
import type { LayerInfo } from './ports/layers.ts';

/** Which of Windows' DLLs made a layer. Which files each makes is not published, so neither touches the other's. */
export const layerDriverNames = ['vmcompute', 'computestorage'] as const;
export type LayerDriverName = (typeof layerDriverNames)[number];

/** `layer.json` of a read-only layer, written last before the layer becomes visible. */
export interface LayerRecord {
  readonly version: 1;
  readonly id: string;
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  /** Layer ids, topmost first. */
  readonly parents: readonly string[];
  /** Windows; absent: vmcompute. */
  readonly driver?: LayerDriverName;
}

/** `scratch.json` of a container's folder. */
export interface ScratchRecord {
  readonly version: 1;
  readonly key: string;
  readonly parents: readonly string[];
  /** Bytes of the virtual disk. */
  readonly diskSize: number;
  /** The image's `os.version`. */
  readonly osVersion?: string;
  /** Windows; absent: vmcompute. */
  readonly driver?: LayerDriverName;
}

export const recordName = { layer: 'layer.json', scratch: 'scratch.json', chain: 'layerchain.json' } as const;

const idPattern = /^[0-9a-f]{64}$/;
const partialSubject = /^(?:[0-9a-f]{64}|new)$/;
const partial = '.partial';

/** Ids become folder names: nothing else may. */
export function checkId(id: string): void {
  if (!idPattern.test(id))
    throw new LayerError('LAYER_PATH_INVALID', `invalid layer id ${JSON.stringify(id)}`);
}

/** Makes a folder that is this process's own until it is renamed: `<id>.<pid>.<start time>.<n>.partial`. */
export function makePartialFolder(store: string, id: string | undefined): string {
  const path = join(store, ownedName(id ?? 'new', partial));
  mkdirSync(store, { recursive: true, mode: 0o700 });
  mkdirSync(path, 0o755);
  return path;
}

/** Moves what writers left who are gone to the trash. */
export function sweepPartialFolders(store: string, trash: string): void {
  for (const name of listNames(store)) {
    if (isAbandonedName(name, partialSubject, partial)) moveToTrash(trash, join(store, name));
  }
}

/** The parsed record of a folder; undefined when it is missing, damaged or of another format. */
export function readRecord<T extends LayerRecord | ScratchRecord>(
  folder: string,
  name: string,
): T | undefined {
  const text = readTextIfExists(join(folder, name));
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as T;
    return record.version === 1 && Array.isArray(record.parents) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What a record says of the DLL that made its layer. */
export function driverMark(name: LayerDriverName): { readonly driver?: LayerDriverName } {
  return name === 'vmcompute' ? {} : { driver: name };
}

/** Who made the layer or scratch of a folder; undefined where no record tells. */
export function driverOf(folder: string): LayerDriverName | undefined {
  const record =
    readRecord<LayerRecord>(folder, recordName.layer) ??
    readRecord<ScratchRecord>(folder, recordName.scratch);
  return record === undefined ? undefined : (record.driver ?? 'vmcompute');
}

/** Writes a record and `layerchain.json` (absolute paths, topmost first; `null` for a base layer) into a partial folder. */
export function writeRecords(
  folder: string,
  store: string,
  name: string,
  record: LayerRecord | ScratchRecord,
): void {
  const chain = record.parents.length === 0 ? null : record.parents.map((id) => join(store, id));
  writeFileSync(join(folder, recordName.chain), JSON.stringify(chain), { mode: 0o600, flag: 'wx' });
  writeFileSync(join(folder, name), `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
}

/** Layers of one image, a container's own included; Docker's. */
const maxDepth = 125;

export function checkDepth(layers: number): void {
  if (layers > maxDepth) throw new LayerError('LAYER_DEPTH', 'max depth exceeded');
}

/** The store's folders as their records tell of them. */
export class LayerFolders {
  readonly #store: string;

  constructor(store: string) {
    this.#store = store;
  }

  /** Names of everything that may be a layer or a scratch, sorted. */
  ids(): string[] {
    return listNames(this.#store)
      .filter((name) => idPattern.test(name))
      .sort();
  }

  layers(): LayerInfo[] {
    return this.ids().flatMap((id) => this.layer(id) ?? []);
  }

  scratches(): string[] {
    return this.ids().filter((id) => existsSync(join(this.#store, id, recordName.scratch)));
  }

  layer(id: string): LayerInfo | undefined {
    const path = join(this.#store, id);
    const record = readRecord<LayerRecord>(path, recordName.layer);
    if (record === undefined || record.id !== id) return undefined;
    const { diffId, size, entries, parents } = record;
    return { id, diffId, size, entries, parents, path };
  }

  /** Errors: `LAYER_NOT_FOUND`. */
  scratch(key: string): ScratchRecord {
    checkId(key);
    const record = readRecord<ScratchRecord>(join(this.#store, key), recordName.scratch);
    if (record === undefined) throw noSuchLayer(key);
    return record;
  }

  /** Errors: `LAYER_NOT_FOUND`. */
  requireLayers(ids: readonly string[]): void {
    for (const id of ids) {
      checkId(id);
      if (this.layer(id) === undefined) throw noSuchLayer(id);
    }
  }
}

/** Bytes of a container's disk; refused (`LAYER_SIZE_INVALID`) below the image's or above what a VHDX holds. */
export function diskSizeOf(requested: number | undefined): number {
  if (requested === undefined) return defaultDiskSize;
  if (!Number.isSafeInteger(requested) || requested < defaultDiskSize || requested > maxVirtualSize)
    throw new LayerError(
      'LAYER_SIZE_INVALID',
      `invalid storage size ${requested}: a container's disk has from 20GB to 64TB`,
      { hint: 'a disk can be made larger than its image asks for, never smaller' },
    );
  return roundUp(requested, MiB);
}

export function scratchRecord(
  key: string,
  diskSize: number,
  { parents, osVersion }: { readonly parents: readonly string[]; readonly osVersion?: string },
  driver: LayerDriverName = 'vmcompute',
): ScratchRecord {
  return {
    version: 1,
    key,
    parents: [...parents],
    diskSize,
    ...(osVersion === undefined ? {} : { osVersion }),
    ...driverMark(driver),
  };
}

export function scratchExists(key: string): LayerError {
  return new LayerError('LAYER_EXISTS', `mount already exists with name ${key}`);
}

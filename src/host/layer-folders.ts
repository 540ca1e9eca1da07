/** Folders of the windowsfilter store: who owns which name, and what a dead writer leaves (windows-layers.md 2). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LayerError } from '../layer/layer-error.ts';
import { listNames, readTextIfExists } from '../state/atomic-file.ts';
import { isAlive, ownIdentity } from '../state/process-identity.ts';
import { moveToTrash } from '../state/trash.ts';

/** `layer.json` of a read-only layer, written last before the layer becomes visible. */
export interface LayerRecord {
  readonly version: 1;
  readonly id: string;
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  /** Layer ids, topmost first. */
  readonly parents: readonly string[];
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
}

export const recordName = { layer: 'layer.json', scratch: 'scratch.json', chain: 'layerchain.json' } as const;

const idPattern = /^[0-9a-f]{64}$/;
const partialPattern = /^(?:[0-9a-f]{64}|new)\.(\d+)\.([^/]*)\.\d+\.partial$/;
let counter = 0;

/** Ids become folder names: nothing else may. */
export function checkId(id: string): void {
  if (!idPattern.test(id))
    throw new LayerError('LAYER_PATH_INVALID', `invalid layer id ${JSON.stringify(id)}`);
}

export function isId(name: string): boolean {
  return idPattern.test(name);
}

/** Makes a folder that is this process's own until it is renamed: `<id>.<pid>.<start time>.<n>.partial`. */
export function makePartialFolder(store: string, id: string | undefined): string {
  const { pid, startTime } = ownIdentity();
  counter += 1;
  const path = join(store, `${id ?? 'new'}.${pid}.${startTime}.${counter}.partial`);
  mkdirSync(store, { recursive: true, mode: 0o700 });
  mkdirSync(path, 0o755);
  return path;
}

/** Moves what writers left who are gone to the trash. */
export function sweepPartialFolders(store: string, trash: string): void {
  for (const name of listNames(store)) {
    const match = partialPattern.exec(name);
    if (match === null || isAlive({ pid: Number(match[1]), startTime: match[2]! })) continue;
    moveToTrash(trash, join(store, name));
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

/**
 * What other processes can know of a compute system: `<run>/<id>/system.json`, written by its owner. Nothing in the folder
 * outlives the system, except after a crash, until `cleanup`.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '../../state/atomic-file.ts';
import { isAlive, type ProcessIdentity } from '../../state/process-identity.ts';
import type { HiveSource } from './hives.ts';

export interface SystemRecord {
  readonly format: 1;
  readonly id: string;
  readonly owner: string;
  readonly state: 'Created' | 'Running' | 'Paused';
  /** The process that holds the system. */
  readonly monitor: ProcessIdentity;
  /** The helper outside and the first process inside, once started. */
  readonly helper?: ProcessIdentity;
  readonly sandbox?: ProcessIdentity;
  /** What the registry was made of, to save its changes after a crash. */
  readonly hives?: HiveSource;
  /** Drive C: is mounted there by fuse-overlayfs. */
  readonly fuse?: ProcessIdentity & { readonly mountPoint: string };
}

export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly prefix: string;
  /** Fifos; /io in the sandbox. */
  readonly io: string;
  /** Short links to lower layers, `upper` and `work`. */
  readonly links: string;
  /** Mount point of the sandbox's root. */
  readonly root: string;
  readonly merged: string;
  readonly log: string;
}

export function runFolder(run: string, id: string): RunFolder {
  const path = join(run, id);
  return {
    path,
    record: join(path, 'system.json'),
    prefix: join(path, 'pfx'),
    io: join(path, 'io'),
    links: join(path, 'links'),
    root: join(path, 'root'),
    merged: join(path, 'merged'),
    log: join(path, 'wine.log'),
  };
}

/** False when the ID is taken. */
export function claimRunFolder(run: string, id: string): boolean {
  mkdirSync(run, { recursive: true, mode: 0o700 });
  try {
    mkdirSync(join(run, id), { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function writeRecord(folder: RunFolder, record: SystemRecord): void {
  writeJsonAtomic(folder.record, record);
}

/** Undefined when there is none or it cannot be read: the owner died before or while it wrote. */
export function readRecord(folder: RunFolder): SystemRecord | undefined {
  try {
    return JSON.parse(readFileSync(folder.record, 'utf8')) as SystemRecord;
  } catch {
    return undefined;
  }
}

export function isSystemAlive(record: SystemRecord): boolean {
  return isAlive(record.monitor) && (record.sandbox === undefined || isAlive(record.sandbox));
}

/** Records of systems whose processes live. */
export function liveRecords(run: string): SystemRecord[] {
  let names: string[];
  try {
    names = readdirSync(run);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const record = readRecord(runFolder(run, name));
    return record !== undefined && isSystemAlive(record) ? [record] : [];
  });
}

import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { PortholeError } from '../errors/porthole-error.ts';
import { damaged, readJsonIfExists, writeJsonAtomic } from './atomic-file.ts';
import { newerFormat } from './collection.ts';
import { containerFormat } from './container-record.ts';
import type {
  ContainerConfigRecord,
  ContainerStateRecord,
  CreatingRecord,
  ExitRecord,
  HealthRecord,
} from './container-record.ts';
import type { DataPaths } from './paths.ts';

/** Names inside `containers/<id>/`, said once. */
export const containerFiles = {
  creating: 'creating.json',
  config: 'config.json',
  state: 'state.json',
  exit: 'exit.json',
  health: 'health.json',
  /** Unix socket of the monitor; on Windows the pipe has its own name space. */
  socket: 'monitor.sock',
  log: (id: string): string => `${id}-json.log`,
} as const;

export function readConfigRecord(paths: DataPaths, id: string): ContainerConfigRecord {
  const record = read<ContainerConfigRecord>(paths, id, containerFiles.config);
  if (record === undefined) {
    throw new PortholeError('internal', 'STATE_DAMAGED', `container ${id} has no configuration file`, {
      hint: `porthole rm -f ${id.slice(0, 12)} removes what is left of it`,
    });
  }
  return record;
}

export function readStateRecord(paths: DataPaths, id: string): ContainerStateRecord | undefined {
  const record = read<ContainerStateRecord>(paths, id, containerFiles.state);
  if (record !== undefined && (typeof record.card !== 'object' || typeof record.phase !== 'string')) {
    throw damaged(join(paths.container(id), containerFiles.state));
  }
  return record;
}

export function readExitRecord(paths: DataPaths, id: string): ExitRecord | undefined {
  // A running container has none: asking first costs a tenth of the error that reading would throw.
  if (!existsSync(paths.container(id) + sep + containerFiles.exit)) return undefined;
  return read<ExitRecord>(paths, id, containerFiles.exit);
}

export function readHealthRecord(paths: DataPaths, id: string): HealthRecord | undefined {
  return read<HealthRecord>(paths, id, containerFiles.health);
}

export function readCreatingRecord(paths: DataPaths, id: string): CreatingRecord | undefined {
  return read<CreatingRecord>(paths, id, containerFiles.creating);
}

/** Written once, so worth the fsync. */
export function writeConfigRecord(paths: DataPaths, record: ContainerConfigRecord): void {
  writeJsonAtomic(join(paths.container(record.id), containerFiles.config), record, { durable: true });
}

/** Replaces the state with a changed copy; the caller is its one writer. Gives what was written. */
export function writeStateRecord(
  paths: DataPaths,
  id: string,
  current: ContainerStateRecord,
  change: Partial<ContainerStateRecord> = {},
): ContainerStateRecord {
  const next = { ...current, ...change, format: containerFormat, revision: current.revision + 1 };
  writeJsonAtomic(join(paths.container(id), containerFiles.state), next);
  return next;
}

export function writeExitRecord(paths: DataPaths, id: string, record: Omit<ExitRecord, 'format'>): void {
  writeJsonAtomic(join(paths.container(id), containerFiles.exit), { format: containerFormat, ...record });
}

export function writeHealthRecord(paths: DataPaths, id: string, record: Omit<HealthRecord, 'format'>): void {
  writeJsonAtomic(join(paths.container(id), containerFiles.health), { format: containerFormat, ...record });
}

export function writeCreatingRecord(
  paths: DataPaths,
  id: string,
  record: Omit<CreatingRecord, 'format'>,
): void {
  writeJsonAtomic(join(paths.container(id), containerFiles.creating), { format: containerFormat, ...record });
}

/** True while anything of the container is in its place, finished or not. */
export function containerFolderExists(paths: DataPaths, id: string): boolean {
  return existsSync(paths.container(id));
}

/** Held for its whole life by the monitor, or by a command that starts, removes or repairs a container without one. */
export function monitorLockPath(paths: DataPaths, id: string): string {
  return join(paths.locks, `container-${id}.monitor`);
}

function read<T extends { readonly format: number }>(
  paths: DataPaths,
  id: string,
  file: string,
): T | undefined {
  // Put together by hand: lists do this for every container, and `join` takes longer than the read.
  const path = paths.container(id) + sep + file;
  const record = readJsonIfExists<T>(path);
  if (record === undefined) return undefined;
  if (typeof record !== 'object' || record === null || typeof record.format !== 'number') throw damaged(path);
  if (record.format > containerFormat)
    throw newerFormat(`container ${id.slice(0, 12)}`, record.format, containerFormat);
  return record;
}

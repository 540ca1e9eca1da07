import { join } from 'node:path';
import type { Volume } from '../../../api/types/index.ts';
import type { Environment } from '../../../environment.ts';
import { isKind, PortholeError } from '../../../errors/porthole-error.ts';
import { checkVolumeName } from '../../../hcs/volume-name.ts';
import { tryLock } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { VolumesRole } from '../../roles/volumes.ts';
import { folderBytes } from './folder-bytes.ts';
import { volumeStore, type VolumeRecord } from './store.ts';
import { listFilter, pruneFilter } from './volume-filters.ts';

export interface VolumesRoleDeps {
  readonly environment: Pick<Environment, 'newId' | 'now'>;
  readonly paths: DataPaths;
}

/** By which Docker knows what nobody named. */
const anonymousLabel = 'com.docker.volume.anonymous';

/** Docker's volume verbs over the folders of the data root. */
export function createVolumesRole({ environment, paths }: VolumesRoleDeps): VolumesRole {
  const store = volumeStore({ paths, now: environment.now });

  const labelsOf = ({ labels, anonymous }: VolumeRecord): Readonly<Record<string, string>> =>
    anonymous ? { ...labels, [anonymousLabel]: '' } : labels;

  const inspected = (record: VolumeRecord): Volume => ({
    // Docker's local driver tells whole seconds.
    CreatedAt: record.created.replace(/\.\d+Z$/, 'Z'),
    Driver: record.driver,
    Labels: orNull(labelsOf(record)),
    Mountpoint: store.folder(record.name),
    Name: record.name,
    Options: orNull(record.options),
    Scope: 'local',
  });

  /** A damaged record is told by who asks for it, and hides no other. */
  const readable = (): VolumeRecord[] =>
    store.names().flatMap((name) => {
      try {
        return store.get(name) ?? [];
      } catch {
        return [];
      }
    });

  const find = (name: string): VolumeRecord => {
    const record = store.get(name);
    if (record !== undefined) return record;
    throw new PortholeError('notFound', 'VOLUME_NOT_FOUND', `get ${name}: no such volume`);
  };

  return {
    async create({ Name: name = '', Driver: driver = '', DriverOpts: options = {}, Labels: labels = {} }) {
      if (name !== '') checkVolumeName(name);
      const settings = { driver, options, labels };
      return inspected(
        name === ''
          ? store.ensure(environment.newId(), { ...settings, anonymous: true })
          : store.ensure(name, settings),
      );
    },

    async list({ filters = {} } = {}) {
      const records = readable().map((record) => ({ ...record, labels: labelsOf(record) }));
      const mounted = store.mounted();
      const wanted = listFilter<VolumeRecord>(filters, ({ name }) => mounted.has(name));
      return { Volumes: records.filter(wanted).map(inspected), Warnings: null };
    },

    async inspect(name) {
      return inspected(find(name));
    },

    async remove(name, { force = false } = {}) {
      try {
        store.remove(find(name).name);
      } catch (error) {
        if (!force || !isKind(error, 'notFound')) throw error;
      }
      emptyTrash(paths.trash);
    },

    async prune({ filters = {}, dryRun = false, signal } = {}) {
      const wanted = pruneFilter(filters);
      const lock = tryLock(join(paths.locks, 'prune-volumes'));
      if (lock === undefined)
        throw new PortholeError('conflict', 'PRUNE_RUNNING', 'a prune operation is already running');
      try {
        const mounted = store.mounted();
        const deleted: string[] = [];
        let reclaimed = 0;
        for (const record of readable()) {
          signal?.throwIfAborted();
          if (!wanted({ ...record, labels: labelsOf(record) }) || mounted.has(record.name)) continue;
          const size = await folderBytes(store.folder(record.name));
          if (!dryRun && !removed(record.name)) continue;
          deleted.push(record.name);
          reclaimed += size;
        }
        if (!dryRun) emptyTrash(paths.trash);
        return { VolumesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
      } finally {
        lock.release();
      }
    },
  };

  /** False when a container has taken it meanwhile, or somebody removed it. */
  function removed(name: string): boolean {
    try {
      store.remove(name);
      return true;
    } catch (error) {
      if (isKind(error, 'conflict') || isKind(error, 'notFound')) return false;
      throw error;
    }
  }
}

function orNull(record: Readonly<Record<string, string>>): Record<string, string> | null {
  return Object.keys(record).length === 0 ? null : { ...record };
}

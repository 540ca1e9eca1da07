import type { Volume } from '../../../api/types/index.ts';
import type { Environment } from '../../../environment.ts';
import { isKind } from '../../../errors/porthole-error.ts';
import { checkVolumeName } from '../../../hcs/volume-name.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { VolumesRole } from '../../roles/volumes.ts';
import { pruneAlone, removedUnlessTaken } from '../prune.ts';
import { folderBytes } from './folder-bytes.ts';
import { volumeStore, type VolumeRecord } from './store.ts';
import { listFilter, pruneFilter } from './volume-filters.ts';

export interface VolumesRoleDeps {
  readonly environment: Pick<Environment, 'newId' | 'now'>;
  readonly paths: DataPaths;
}

/** Docker's volume verbs over the folders of the data root. */
export function createVolumesRole({ environment, paths }: VolumesRoleDeps): VolumesRole {
  const store = volumeStore({ paths, now: environment.now });

  const inspected = (record: VolumeRecord): Volume => ({
    // Docker's local driver tells whole seconds.
    CreatedAt: record.created.replace(/\.\d+Z$/, 'Z'),
    Driver: record.driver,
    Labels: orNull(record.labels),
    Mountpoint: store.folder(record.name),
    Name: record.name,
    Options: orNull(record.options),
    Scope: 'local',
  });

  /** A damaged record is told by who asks for it, and hides no other. */
  const readable = (): VolumeRecord[] =>
    store.names().flatMap((name) => {
      try {
        const record = store.get(name);
        return record === undefined ? [] : [asDocker(record)];
      } catch {
        return [];
      }
    });

  return {
    async create({ Name: name = '', Driver: driver = '', DriverOpts: options = {}, Labels: labels = {} }) {
      if (name !== '') checkVolumeName(name);
      const settings = { driver, options, labels };
      const record =
        name === ''
          ? store.ensure(environment.newId(), { ...settings, anonymous: true })
          : store.ensure(name, settings);
      return inspected(asDocker(record));
    },

    async list({ filters = {} } = {}) {
      const mounted = store.mounted();
      const wanted = listFilter<VolumeRecord>(filters, ({ name }) => mounted.has(name));
      return { Volumes: readable().filter(wanted).map(inspected), Warnings: null };
    },

    async inspect(name) {
      return inspected(asDocker(store.find(name)));
    },

    async remove(name, { force = false } = {}) {
      try {
        store.remove(store.find(name).name);
      } catch (error) {
        if (!force || !isKind(error, 'notFound')) throw error;
      }
      emptyTrash(paths.trash);
    },

    async prune({ filters = {}, dryRun = false, signal } = {}) {
      const wanted = pruneFilter(filters);
      return pruneAlone(paths, 'prune-volumes', async () => {
        const mounted = store.mounted();
        const deleted: string[] = [];
        let reclaimed = 0;
        for (const record of readable()) {
          signal?.throwIfAborted();
          const { name } = record;
          if (!wanted(record) || mounted.has(name)) continue;
          const size = await folderBytes(store.folder(name));
          if (!dryRun && !(await removedUnlessTaken(() => store.remove(name)))) continue;
          deleted.push(name);
          reclaimed += size;
        }
        if (!dryRun) emptyTrash(paths.trash);
        return { VolumesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
      });
    },
  };
}

/** With the label by which Docker knows what nobody named. */
function asDocker(record: VolumeRecord): VolumeRecord {
  return record.anonymous
    ? { ...record, labels: { ...record.labels, 'com.docker.volume.anonymous': '' } }
    : record;
}

function orNull(record: Readonly<Record<string, string>>): Record<string, string> | null {
  return Object.keys(record).length === 0 ? null : { ...record };
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { listNames, readJsonIfExists, writeJsonAtomic } from '../../../state/atomic-file.ts';
import { listContainerIds } from '../../../state/container-list.ts';
import { readConfigRecord } from '../../../state/container-files.ts';
import { appendEvent } from '../../../state/event-log.ts';
import { isVolumeName } from '../../../hcs/volume-name.ts';
import { newerFormat } from '../../../state/collection.ts';
import { withLockSync } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { rfc3339 } from '../../../state/timestamp.ts';
import { moveToTrash } from '../../../state/trash.ts';

const volumeFormat = 1;

/** One volume as stored in `volumes/<name>/volume.json`; its content is in `_data` beside it. */
export interface VolumeRecord {
  readonly format: number;
  readonly name: string;
  readonly driver: string;
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made for one container without a name: goes with `rm -v`. */
  readonly anonymous: boolean;
}

export interface VolumeStoreDeps {
  readonly paths: DataPaths;
  readonly now: () => number;
}

export interface VolumeStore {
  /** Host folder of the content. */
  folder(name: string): string;
  /** Undefined also for what cannot be a volume's name. */
  get(name: string): VolumeRecord | undefined;
  /** As `get`; throws Docker's text for what is not there. */
  find(name: string): VolumeRecord;
  /** The volume of that name, made when missing. Only the driver `local` without options exists. */
  ensure(
    name: string,
    options?: {
      readonly anonymous?: boolean;
      readonly driver?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly options?: Readonly<Record<string, string>>;
    },
  ): VolumeRecord;
  /** Names of volumes that containers mount, with the containers' IDs. */
  mounted(): ReadonlyMap<string, readonly string[]>;
  /** Removes it unless it is in use (by others than `exceptContainer`). */
  remove(name: string, exceptContainer?: string): void;
  /** Sorted; what is in them may be damaged. */
  names(): string[];
}

/** Docker's `local` driver: folders under the data root. */
export function volumeStore(deps: VolumeStoreDeps): VolumeStore {
  const { paths } = deps;
  const home = (name: string): string => join(paths.volumes, name);
  const folder = (name: string): string => join(home(name), '_data');
  const lock = (name: string): string => join(paths.locks, `volume-${name}`);
  const get = (name: string): VolumeRecord | undefined => {
    if (!isVolumeName(name)) return undefined;
    const record = readJsonIfExists<VolumeRecord>(join(home(name), 'volume.json'));
    if (record !== undefined && record.format > volumeFormat) {
      throw newerFormat(`volume ${name}`, record.format, volumeFormat);
    }
    return record;
  };
  const find = (name: string): VolumeRecord => {
    const record = get(name);
    if (record !== undefined) return record;
    throw new PortholeError('notFound', 'VOLUME_NOT_FOUND', `get ${name}: no such volume`);
  };
  const mounted = (): Map<string, string[]> => {
    const found = new Map<string, string[]>();
    for (const id of listContainerIds(paths)) {
      for (const name of new Set(volumesOf(paths, id))) found.set(name, [...(found.get(name) ?? []), id]);
    }
    return found;
  };
  const emit = (action: string, name: string): void =>
    appendEvent(
      paths.events,
      { type: 'volume', action, id: name, attributes: { driver: 'local' } },
      deps.now(),
    );

  return {
    folder,
    get,
    find,
    mounted,
    ensure(name, options = {}) {
      const driver = options.driver ?? 'local';
      if (driver !== 'local' && driver !== '') {
        throw new PortholeError(
          'notFound',
          'VOLUME_DRIVER',
          `error looking up volume plugin ${driver}: plugin "${driver}" not found`,
        );
      }
      if (Object.keys(options.options ?? {}).length > 0) {
        throw new PortholeError('invalid', 'VOLUME_OPTIONS', 'options are not supported on this platform');
      }
      return withLockSync(lock(name), () => {
        const existing = get(name);
        if (existing !== undefined) return existing;
        const record: VolumeRecord = {
          format: volumeFormat,
          name,
          driver: 'local',
          created: rfc3339(deps.now()),
          labels: options.labels ?? {},
          options: {},
          anonymous: options.anonymous ?? false,
        };
        mkdirSync(folder(name), { recursive: true, mode: 0o755 });
        writeJsonAtomic(join(home(name), 'volume.json'), record, { durable: true });
        emit('create', name);
        return record;
      });
    },
    remove(name, exceptContainer) {
      withLockSync(lock(name), () => {
        find(name);
        const inUse = (mounted().get(name) ?? []).filter((id) => id !== exceptContainer);
        if (inUse.length > 0) {
          throw new PortholeError(
            'conflict',
            'VOLUME_IN_USE',
            `remove ${name}: volume is in use - [${inUse.join(', ')}]`,
          );
        }
        moveToTrash(paths.trash, home(name));
        emit('destroy', name);
      });
    },
    names: () => listNames(paths.volumes).sort(),
  };
}

/** None for a container that is going, or whose record is damaged. */
function volumesOf(paths: DataPaths, id: string): string[] {
  try {
    const { mounts } = readConfigRecord(paths, id);
    return mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== undefined ? [Name] : []));
  } catch {
    return [];
  }
}

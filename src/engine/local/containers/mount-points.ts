import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MountPoint } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { MountPlan } from '../../../hcs/mounts.ts';
import { readConfigRecord } from '../../../state/container-files.ts';
import { resolveContainer } from '../../../state/container-list.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { VolumeStore } from '../volumes/store.ts';

export interface ResolvedMounts {
  readonly mounts: readonly MountPoint[];
  readonly anonymousVolumes: readonly string[];
  /** Makes the volumes that are missing. Called once the container's record names them, so that a kill loses none. */
  readonly makeVolumes: () => void;
}

/**
 * Mount plans -> mount points with host paths. Checks that bound folders exist (Docker on Windows makes none). Mounts of
 * `--volumes-from` come last and give way to the container's own.
 */
export function resolveMounts(
  plans: readonly MountPlan[],
  volumesFrom: readonly string[] | null,
  deps: { readonly paths: DataPaths; readonly volumes: VolumeStore; readonly newId: () => string },
): ResolvedMounts {
  for (const plan of plans) if (plan.type === 'bind') checkBindSource(plan.source);
  const inherited = inheritedMounts(volumesFrom ?? [], deps.paths);
  const anonymousVolumes: string[] = [];
  const making: (() => void)[] = [];
  const mounts = plans.map((plan): MountPoint => {
    const shared = { Destination: plan.destination, Mode: plan.mode, RW: !plan.readOnly, Propagation: '' };
    if (plan.type !== 'volume') return { Type: plan.type, Source: plan.source, ...shared };
    const anonymous = plan.source === '';
    // Windows finds `data` under `Data` too: it is in use under the name that it has.
    const name = anonymous ? deps.newId() : (deps.volumes.get(plan.source)?.name ?? plan.source);
    if (anonymous) anonymousVolumes.push(name);
    making.push(() => void deps.volumes.ensure(name, volumeOptions(plan, anonymous)));
    const source = withinVolume(deps.volumes.folder(name), plan.volumeOptions?.['Subpath']);
    return { Type: 'volume', Name: name, Source: source, Driver: 'local', ...shared };
  });
  const taken = new Set(mounts.map((mount) => mount.Destination.toLowerCase()));
  const added = inherited.filter((mount) => !taken.has(mount.Destination.toLowerCase()));
  return {
    mounts: [...mounts, ...added].map(ordered),
    anonymousVolumes,
    makeVolumes: () => making.forEach((make) => make()),
  };
}

/** A folder of a volume, which must be there and must be reached without links: what is in a volume is a container's doing. */
function withinVolume(folder: string, subpath: unknown): string {
  if (typeof subpath !== 'string' || subpath === '') return folder;
  let path = folder;
  for (const name of subpath.split(/[\\/]/).filter((each) => each !== '' && each !== '.')) {
    path = join(path, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw invalid(`cannot access path ${path}: no such file or directory`);
    if (!found.isDirectory()) throw invalid(`cannot access path ${path}: not a directory`);
  }
  return path;
}

function volumeOptions(plan: MountPlan, anonymous: boolean): Parameters<VolumeStore['ensure']>[1] {
  const options = (plan.volumeOptions ?? {}) as {
    readonly Labels?: Record<string, string>;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Record<string, string> };
  };
  return {
    anonymous,
    labels: options.Labels ?? {},
    ...(options.DriverConfig?.Name === undefined ? {} : { driver: options.DriverConfig.Name }),
    ...(options.DriverConfig?.Options === undefined ? {} : { options: options.DriverConfig.Options }),
  };
}

/** Inspect's key order: `Type (Name) Source Destination (Driver) Mode RW Propagation`. */
function ordered(mount: MountPoint): MountPoint {
  return {
    Type: mount.Type,
    ...(mount.Name === undefined ? {} : { Name: mount.Name }),
    Source: mount.Source,
    Destination: mount.Destination,
    ...(mount.Driver === undefined ? {} : { Driver: mount.Driver }),
    Mode: mount.Mode,
    RW: mount.RW,
    Propagation: mount.Propagation,
  };
}

/** `container[:ro|rw]` each. */
function inheritedMounts(specs: readonly string[], paths: DataPaths): MountPoint[] {
  const mounts: MountPoint[] = [];
  for (const spec of specs) {
    const [reference = '', mode = ''] = spec.split(':');
    if (reference === '') throw invalid(`malformed volumes-from specification: ${spec}`);
    if (mode !== '' && mode !== 'ro' && mode !== 'rw') throw invalid(`invalid mode: ${mode}`);
    const id = resolveContainer(paths, reference);
    for (const mount of readConfigRecord(paths, id).mounts) {
      const readOnly = mode === 'ro' || !mount.RW;
      mounts.push({ ...mount, Mode: mode === '' ? mount.Mode : mode, RW: !readOnly });
    }
  }
  return mounts;
}

function checkBindSource(source: string): void {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw invalid(
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
      'make the folder first',
    );
  }
  if (!stat.isDirectory()) {
    throw invalid(
      `invalid mount config for type "bind": source path must be a directory`,
      'Windows containers take folders, not single files',
    );
  }
}

function invalid(message: string, hint?: string): PortholeError {
  return new PortholeError('invalid', 'MOUNT_INVALID', message, hint === undefined ? {} : { hint });
}

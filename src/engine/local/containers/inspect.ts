import { join } from 'node:path';
import type { ContainerInspect, ContainerState } from '../../../api/types/index.ts';
import { containerFiles, readConfigRecord, readHealthRecord } from '../../../state/container-files.ts';
import type { ContainerConfigRecord, HealthRecord } from '../../../state/container-record.ts';
import { lookAt, noSuchContainer, resolveContainer } from '../../../state/container-list.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import type { CallOptions } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';

/** The role's `inspect`: two or three small reads and a pure function. */
export async function inspectContainer(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions & { size?: boolean } = {},
): Promise<ContainerInspect> {
  const { paths } = deps;
  const id = resolveContainer(paths, reference);
  const found = await lookInOrder(deps, id, reference);
  const config = readConfigRecord(paths, id);
  const view = await deps.networkView();
  const settings = view.settings(id, found.state.Running ? (found.record.bound ?? []) : undefined);
  const health = config.config.Healthcheck === undefined ? undefined : readHealthRecord(paths, id);
  const sizes =
    options.size === true ? await (await import('./sizes.ts')).containerSizes(deps, id) : undefined;
  return inspectDocument(found, config, {
    settings,
    health,
    sizes,
    logPath:
      config.hostConfig.LogConfig.Type === 'none' ? '' : join(paths.container(id), containerFiles.log(id)),
    scratchFolder: join(paths.windowsfilter, id),
  });
}

async function lookInOrder(deps: ContainerDeps, id: string, reference: string): Promise<ListedContainer> {
  const found = lookAt(deps.paths, id, deps.environment.now());
  if (found !== undefined && !found.needsRepair) return found;
  const { findContainer } = await import('./lifecycle.ts');
  if (found === undefined) throw noSuchContainer(reference);
  try {
    return await findContainer(deps, id);
  } catch (error) {
    const again = lookAt(deps.paths, id, deps.environment.now());
    if (again === undefined) throw error;
    return again;
  }
}

export interface InspectParts {
  readonly settings: ContainerInspect['NetworkSettings'];
  readonly health: HealthRecord | undefined;
  readonly sizes: { readonly SizeRw: number; readonly SizeRootFs: number } | undefined;
  readonly logPath: string;
  readonly scratchFolder: string;
}

/** Docker's document in Docker's order (engine-api.md 4.3). Pure. */
export function inspectDocument(
  found: ListedContainer,
  config: ContainerConfigRecord,
  parts: InspectParts,
): ContainerInspect {
  const { record } = found;
  return {
    Id: found.id,
    Created: config.created,
    Path: config.path,
    Args: [...config.args],
    State: stateWithHealth(found, parts.health),
    Image: config.image.id,
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: parts.logPath,
    Name: `/${record.card.name}`,
    RestartCount: record.restartCount,
    Driver: 'windowsfilter',
    Platform: 'windows',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: found.state.Running && (record.execIds?.length ?? 0) > 0 ? [...record.execIds!] : null,
    HostConfig: config.hostConfig,
    GraphDriver: { Data: { dir: parts.scratchFolder }, Name: 'windowsfilter' },
    ...(parts.sizes === undefined ? {} : parts.sizes),
    Mounts: [...config.mounts],
    Config: config.config,
    NetworkSettings: parts.settings,
  };
}

function stateWithHealth(found: ListedContainer, health: HealthRecord | undefined): ContainerState {
  const { record, state } = found;
  if (record.health === undefined) return state;
  return {
    ...state,
    Health: {
      Status: record.health.status,
      FailingStreak: record.health.failingStreak,
      Log: health?.run === record.run ? [...health.log] : [],
    },
  };
}

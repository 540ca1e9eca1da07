import { mkdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  MountPoint,
} from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { resolveSpec } from '../../../hcs/resolve-spec.ts';
import type { ResolvedSpec } from '../../../hcs/resolve-spec.ts';
import { containerEvent } from '../../../monitor/container-event.ts';
import { parseLogOptions } from '../../../monitor/log-options.ts';
import {
  explainWriteError,
  removeIfExists,
  renameRetrying,
  writeJsonAtomic,
} from '../../../state/atomic-file.ts';
import { containerFiles, writeConfigRecord, writeStateRecord } from '../../../state/container-files.ts';
import { containerFormat } from '../../../state/container-record.ts';
import type { ContainerConfigRecord, ImageFacts } from '../../../state/container-record.ts';
import { preparedFolder } from '../../../state/container-list.ts';
import { appendEvent } from '../../../state/event-log.ts';
import { releaseName } from '../../../state/names.ts';
import { ownIdentity } from '../../../state/process-identity.ts';
import { rfc3339, zeroTime } from '../../../state/timestamp.ts';
import { moveToTrash } from '../../../state/trash.ts';
import { ramInBytes } from '../../../text/size.ts';
import { volumeStore } from '../volumes/store.ts';
import { commandText } from './command-text.ts';
import type { ContainerDeps } from './deps.ts';
import { resolveMounts } from './mount-points.ts';
import { checkContainerName, takeGeneratedName, takeName } from './names.ts';

/** What a container stands on: an image of the store, or a build step's chain of layers. */
export interface CreationBase extends ImageFacts {
  readonly config: Parameters<typeof resolveSpec>[0]['image']['config'];
}

export interface CreationOptions {
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes a container that is not started: checks first, then folder, name, scratch layer, volumes, records, in an order that
 * any later command can undo. On an error nothing is left.
 */
export async function createContainer(
  deps: ContainerDeps,
  request: ContainerCreateRequest,
  base: CreationBase,
  options: CreationOptions = {},
): Promise<ContainerCreateResponse> {
  const { environment, paths } = deps;
  const chosenName =
    options.name === undefined || options.name === '' ? undefined : checkContainerName(options.name);
  const id = environment.newId();
  const host = await deps.host();
  const spec = resolveSpec({
    containerId: id,
    request,
    image: {
      config: base.config,
      os: base.os,
      ...(base.osVersion === undefined ? {} : { osVersion: base.osVersion }),
    },
    host: {
      ...(await host.compute.host()),
      cpus: cpus().length,
      hostPaths: environment.platform === 'win32' ? 'windows' : 'posix',
    },
  });
  parseLogOptions(spec.hostConfig.LogConfig);
  const sizeBytes = scratchSize(spec.hostConfig.StorageOpt);
  options.signal?.throwIfAborted();

  const undo: (() => Promise<void> | void)[] = [];
  try {
    openFolder(deps, id, chosenName ?? '');
    undo.push(() => void moveToTrash(paths.trash, paths.container(id)));
    if (chosenName !== undefined) takeName(paths, chosenName, id);
    const name = chosenName ?? takeGeneratedName(paths, id);
    undo.push(() => releaseName(paths.names, name, id));
    const networks = await deps.networks();
    const { networkMode, warnings } = await networks.configure({
      containerId: id,
      containerName: name,
      hostname: spec.config.Hostname,
      isolation: spec.isolation,
      hostConfig: spec.hostConfig,
      exposedPorts: Object.keys(spec.config.ExposedPorts ?? {}),
      endpoints: request.NetworkingConfig?.EndpointsConfig ?? null,
      ...(request.MacAddress === undefined ? {} : { macAddress: request.MacAddress }),
    });
    const volumes = volumeStore({ paths, now: environment.now });
    const resolved = resolveMounts(spec.mounts, spec.hostConfig.VolumesFrom, {
      paths,
      volumes,
      newId: environment.newId,
    });
    const record: ContainerConfigRecord = {
      ...configRecord(id, environment.now(), base, spec, networkMode, resolved.mounts),
      anonymousVolumes: resolved.anonymousVolumes,
    };
    writeConfigRecord(paths, record);
    undo.push(() => {
      for (const volume of resolved.anonymousVolumes) volumes.remove(volume, id);
    });
    resolved.makeVolumes();
    undo.push(() => host.layers.removeScratch(id));
    await host.layers.createScratch(id, {
      parents: base.layerIds,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(base.osVersion === undefined ? {} : { osVersion: base.osVersion }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    writeFirstState(deps, record, name);
    return { Id: id, Warnings: [...spec.warnings, ...warnings] };
  } catch (error) {
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch {
        // The next command finds the unfinished folder and tries again; the first error is the one to tell.
      }
    }
    throw explainWriteError(error, paths.container(id));
  }
}

/** The folder appears with its owner inside, so that nobody takes it for an abandoned one. */
function openFolder(deps: ContainerDeps, id: string, name: string): void {
  const { paths } = deps;
  const prepared = join(paths.containers, preparedFolder(id));
  try {
    mkdirSync(prepared, { recursive: true, mode: 0o700 });
    writeJsonAtomic(join(prepared, containerFiles.creating), {
      format: containerFormat,
      owner: ownIdentity(),
      name,
    });
    renameRetrying(prepared, paths.container(id));
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    throw explainWriteError(error, paths.containers);
  }
}

function configRecord(
  id: string,
  now: number,
  base: CreationBase,
  spec: ResolvedSpec,
  networkMode: string,
  mounts: readonly MountPoint[],
): Omit<ContainerConfigRecord, 'anonymousVolumes'> {
  const { isolation, process, limits, devices, credentialSpec } = spec;
  return {
    format: containerFormat,
    id,
    created: rfc3339(now),
    path: spec.path,
    args: spec.args,
    image: {
      id: base.id,
      layerIds: base.layerIds,
      os: base.os,
      ...(base.osVersion === undefined ? {} : { osVersion: base.osVersion }),
    },
    config: spec.config,
    hostConfig: { ...spec.hostConfig, NetworkMode: networkMode },
    spec: {
      isolation,
      process,
      limits,
      devices,
      ...(credentialSpec === undefined ? {} : { credentialSpec }),
    },
    mounts,
  };
}

function writeFirstState(deps: ContainerDeps, record: ContainerConfigRecord, name: string): void {
  const { paths, environment } = deps;
  const card = {
    name,
    image: record.config.Image,
    imageId: record.image.id,
    command: commandText(record.path, record.args),
    created: Date.parse(record.created),
    labels: record.config.Labels ?? {},
    networkMode: record.hostConfig.NetworkMode,
    isolation: record.hostConfig.Isolation,
    autoRemove: record.hostConfig.AutoRemove,
    mounts: record.mounts,
    exposed: Object.keys(record.config.ExposedPorts ?? {}),
  };
  writeStateRecord(paths, record.id, {
    format: containerFormat,
    revision: 0,
    card,
    phase: 'created',
    run: 0,
    pid: 0,
    exitCode: 0,
    error: '',
    oomKilled: false,
    startedAt: zeroTime,
    finishedAt: zeroTime,
    restartCount: 0,
    stoppedByUser: false,
  });
  removeIfExists(join(paths.container(record.id), containerFiles.creating));
  appendEvent(paths.events, containerEvent('create', record.id, card), environment.now());
}

/** `--storage-opt size=…`, the only option of the windowsfilter driver. */
function scratchSize(options: Readonly<Record<string, string>> | undefined): number | undefined {
  for (const key of Object.keys(options ?? {})) {
    if (key.toLowerCase() !== 'size') {
      throw new PortholeError('invalid', 'STORAGE_OPTION', `unknown storage option: ${key}`);
    }
  }
  const size = Object.entries(options ?? {}).find(([key]) => key.toLowerCase() === 'size')?.[1];
  if (size === undefined) return undefined;
  try {
    return ramInBytes(size);
  } catch (cause) {
    throw new PortholeError('invalid', 'STORAGE_OPTION', (cause as Error).message, { cause });
  }
}

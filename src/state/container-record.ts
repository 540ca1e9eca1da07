/**
 * What a container is on disk (ARCHITECTURE.md 6). One folder `containers/<id>/`:
 *
 * - `creating.json` owner of an unfinished creation; gone once the container exists
 * - `config.json`   ContainerConfigRecord, written once by `create`
 * - `state.json`    ContainerStateRecord, written by `create`, then by whoever holds the monitor lock (the monitor, or a
 *                   command that removes or repairs a container without one)
 * - `exit.json`     ExitRecord, written once a run by the monitor: the final word on that run
 * - `health.json`   results of health checks, written by the monitor
 * - `<id>-json.log`, `.1` … the log, written by the monitor
 *
 * A container exists when `state.json` does. "Running" is never stored as a fact: it is recorded phase + live owner.
 */
import type { ContainerConfig, HealthLog, HostConfig, MountPoint } from '../api/types/index.ts';
import type { ResolvedSpec } from '../hcs/resolve-spec.ts';
import type { PortForward } from '../host/ports/network.ts';
import type { ProcessIdentity } from './process-identity.ts';

export const containerFormat = 1;

export interface ImageFacts {
  /** `sha256:…`. */
  readonly id: string;
  /** Topmost first; what the scratch stands on. */
  readonly layerIds: readonly string[];
  readonly os: string;
  readonly osVersion?: string;
}

export type ContainerRunSpec = Pick<
  ResolvedSpec,
  'isolation' | 'process' | 'limits' | 'devices' | 'credentialSpec'
>;

export interface ContainerConfigRecord {
  readonly format: number;
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  /** Program and arguments as inspect shows them. */
  readonly path: string;
  readonly args: readonly string[];
  readonly image: ImageFacts;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** What documents are built from, decided once by `create`. */
  readonly spec: ContainerRunSpec;
  readonly mounts: readonly MountPoint[];
  /** Names of the volumes that were made for this container alone. */
  readonly anonymousVolumes: readonly string[];
}

/** What lists print, kept in `state.json` so that `ps` reads one small file a container. */
export interface ContainerCard {
  readonly name: string;
  /** Reference as given. */
  readonly image: string;
  readonly imageId: string;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly networkMode: string;
  readonly isolation: string;
  readonly autoRemove: boolean;
  readonly mounts: readonly MountPoint[];
  /** `80/tcp` … */
  readonly exposed: readonly string[];
}

export type Phase =
  'created' | 'starting' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead';

export interface ContainerStateRecord {
  readonly format: number;
  readonly revision: number;
  readonly card: ContainerCard;
  readonly phase: Phase;
  /** Process that answers for the phases starting, running, paused, restarting and removing. */
  readonly owner?: ProcessIdentity;
  /** Counts starts; ties `exit.json` to one of them. */
  readonly run: number;
  readonly pid: number;
  readonly exitCode: number;
  readonly error: string;
  readonly oomKilled: boolean;
  /** RFC 3339, or Go's zero time. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly restartCount: number;
  /** Stopped by a person: `unless-stopped` respects it. */
  readonly stoppedByUser: boolean;
  readonly health?: { readonly status: string; readonly failingStreak: number };
  /** Execs that have not finished. */
  readonly execIds?: readonly string[];
  /** Published ports as really bound; present while it runs. */
  readonly bound?: readonly PortForward[];
}

export interface ExitRecord {
  readonly format: number;
  readonly run: number;
  /** Unsigned 32-bit. */
  readonly exitCode: number;
  readonly finishedAt: string;
  readonly oomKilled: boolean;
  readonly error: string;
}

export interface HealthRecord {
  readonly format: number;
  readonly run: number;
  /** The last five. */
  readonly log: readonly HealthLog[];
}

export interface CreatingRecord {
  readonly format: number;
  readonly owner: ProcessIdentity;
  readonly name: string;
}

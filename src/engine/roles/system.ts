import type {
  EventMessage,
  InfoResponse,
  LoginResponse,
  RegistryAuth,
  VersionResponse,
} from '../../api/types/index.ts';
import type { CallOptions, Filters } from './containers.ts';

export interface SystemRole {
  version(options?: CallOptions): Promise<VersionResponse>;
  info(options?: CallOptions): Promise<InfoResponse>;
  /**
   * `POST /auth`: asks the registry `serveraddress` whether the credentials are good (images-and-registries.md 3.3) and stores
   * nothing. Refused: kind `unauthorized`, `Get "https://<host>/v2/": unauthorized: incorrect username or password`.
   */
  login(auth: RegistryAuth, options?: CallOptions): Promise<LoginResponse>;
  /** Which host this is, without starting anything. */
  host(options?: CallOptions): Promise<HostIdentity>;
  /** Looks at this host and data root without starting anything. `fix` repairs first what can be repaired safely. */
  diagnose(options?: CallOptions & { fix?: boolean }): Promise<Diagnosis>;
  events(
    options?: CallOptions & { since?: string; until?: string; filters?: Filters },
  ): AsyncIterable<EventMessage>;
}

/** What decides the isolation of containers on this host. Porthole's own. */
export interface HostIdentity {
  /** `Windows Server 2022 Datacenter`, `Wine 8.0 on Debian GNU/Linux 12` */
  name: string;
  /** `10.0.20348.2700`; empty where containers run under Wine. */
  osVersion: string;
  sku: 'server' | 'client';
  hypervAvailable: boolean;
  processIsolationAvailable: boolean;
  backend: 'hcs' | 'wine' | 'memory';
  /** `amd64` */
  architecture: string;
}

/** One thing that `porthole doctor` looked at. Porthole's own: Docker has no such command. */
export interface DoctorCheck {
  /** Stable: `wine`, `service-hns`. */
  id: string;
  status: 'pass' | 'warn' | 'fail' | 'skip';
  fact: string;
  /** What to type or do, in this order. */
  fix: string[];
  /** What `--fix` would do about it; absent when that is left to people. */
  repair?: string;
}

export interface Diagnosis {
  /** One line that says which host this is. */
  host: string;
  checks: DoctorCheck[];
  /** What was done before these checks ran; absent unless asked for. */
  repairs?: DoctorRepair[];
}

export interface DoctorRepair {
  check: string;
  text: string;
  done: boolean;
  error?: string;
}

/** One layer of a chain as `porthole layer inspect` shows it. Porthole's own: Docker has no such command. */
export interface LayerReport {
  id: string;
  diffId?: string;
  path: string;
  kind: 'base' | 'layer' | 'scratch';
  /** Paths of layerchain.json, topmost first. */
  chain: string[];
  size: number;
  entries?: number;
  disks: LayerDisk[];
}

export interface LayerDisk {
  name: string;
  type: 'dynamic' | 'differencing' | 'fixed';
  virtualSize: number;
  fileSize: number;
  blockSize: number;
  logicalSectorSize: number;
  identifier: string;
  parent?: { identifier: string; path: string };
}

export interface LayersRole {
  /** `name`: image reference or ID, container, or layer ID. Topmost first. */
  inspect(name: string, options?: CallOptions): Promise<LayerReport[]>;
}

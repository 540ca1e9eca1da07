import type { BuildRole } from './build.ts';
import type { ContainersRole, ExecRole } from './containers.ts';
import type { ImagesRole } from './images.ts';
import type { NetworksRole } from './networks.ts';
import type { LayersRole, SystemRole } from './system.ts';
import type { VolumesRole } from './volumes.ts';

export type * from './build.ts';
export type * from './containers.ts';
export type * from './images.ts';
export type * from './networks.ts';
export type * from './system.ts';
export type * from './volumes.ts';

/** What commands and the API server call. Every engine (local, remote, Kubernetes) is one value of this shape. */
export interface Engine {
  readonly name: string;
  readonly containers: ContainersRole;
  readonly exec: ExecRole;
  readonly images: ImagesRole;
  readonly networks: NetworksRole;
  readonly volumes: VolumesRole;
  readonly build: BuildRole;
  readonly system: SystemRole;
  readonly layers: LayersRole;
}

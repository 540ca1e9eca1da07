import type {
  Volume,
  VolumeCreateRequest,
  VolumesListResponse,
  VolumesPruneResponse,
} from '../../api/types/index.ts';
import type { CallOptions, Filters } from './containers.ts';

/** Volumes by their whole names. Unknown: `get x: no such volume`. */
export interface VolumesRole {
  /** The volume of that name, made when it is not there. */
  create(request: VolumeCreateRequest, options?: CallOptions): Promise<Volume>;
  list(options?: CallOptions & { filters?: Filters }): Promise<VolumesListResponse>;
  inspect(name: string, options?: CallOptions): Promise<Volume>;
  /** Never one that a container mounts. With `force` a missing one is no error. */
  remove(name: string, options?: CallOptions & { force?: boolean }): Promise<void>;
  /** Removes anonymous volumes that no container mounts; with the filter `all=true` named ones too. `dryRun`: only tells. */
  prune(options?: CallOptions & { filters?: Filters; dryRun?: boolean }): Promise<VolumesPruneResponse>;
}

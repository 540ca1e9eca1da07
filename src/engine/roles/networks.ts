import type {
  NetworkConnectRequest,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkInspect,
  NetworksPruneResponse,
} from '../../api/types/index.ts';
import type { CallOptions, Filters } from './containers.ts';

/** Networks by name, ID or unique ID prefix. Unknown: `network x not found`. */
export interface NetworksRole {
  create(request: NetworkCreateRequest, options?: CallOptions): Promise<NetworkCreateResponse>;
  list(options?: CallOptions & { filters?: Filters }): Promise<NetworkInspect[]>;
  inspect(name: string, options?: CallOptions & { verbose?: boolean }): Promise<NetworkInspect>;
  remove(name: string, options?: CallOptions): Promise<void>;
  connect(name: string, request: NetworkConnectRequest, options?: CallOptions): Promise<void>;
  disconnect(
    name: string,
    request: { Container: string; Force: boolean },
    options?: CallOptions,
  ): Promise<void>;
  /** Removes user-defined networks without endpoints. Filters and `dryRun` as for containers. */
  prune(options?: CallOptions & { filters?: Filters; dryRun?: boolean }): Promise<NetworksPruneResponse>;
}

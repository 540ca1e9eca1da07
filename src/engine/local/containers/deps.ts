import type { Environment } from '../../../environment.ts';
import type { Host } from '../../../host/host.ts';
import type { DataPaths } from '../../../state/paths.ts';

/** What reading containers needs: no host, nothing to load. */
export interface ContainerReadDeps {
  readonly environment: Environment;
  readonly paths: DataPaths;
}

/** What the containers service works with. `host` is opened on first use only. */
export interface ContainerDeps extends ContainerReadDeps {
  readonly host: () => Promise<Host>;
}

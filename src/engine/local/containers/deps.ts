import type { Environment } from '../../../environment.ts';
import type { Host } from '../../../host/host.ts';
import type { MonitorLauncher } from '../../../monitor/launcher.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { CommitRequest, CommittedImage } from '../images/commit.ts';
import type { ResolvedImage } from '../images/resolve.ts';
import type { ContainerNetworks } from '../networks/endpoints.ts';

/** What reading containers needs: no host, nothing to load. */
export interface ContainerReadDeps {
  readonly environment: Environment;
  readonly paths: DataPaths;
  /** What containers are connected to, read from files only. */
  readonly networkView: () => Promise<Pick<ContainerNetworks, 'settings' | 'endpointSettings'>>;
  /** ID of the image that a reference names now; undefined when it names none. For lists, so never an error. */
  readonly imageIdOf: (reference: string) => Promise<string | undefined>;
}

/** What the containers service works with. Everything heavy is opened on first use only. */
export interface ContainerDeps extends ContainerReadDeps {
  readonly host: () => Promise<Host>;
  readonly monitors: MonitorLauncher;
  readonly networks: () => Promise<ContainerNetworks>;
  readonly resolveImage: (name: string) => Promise<ResolvedImage>;
  /** Brings the layers of a local image into the layer store, where that was put off. */
  readonly requireUnpacked: (
    image: Pick<ResolvedImage, 'id' | 'layerIds'>,
    signal?: AbortSignal,
  ) => Promise<void>;
  readonly commitImage: (request: CommitRequest) => Promise<CommittedImage>;
}

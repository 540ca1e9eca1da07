import type { Environment } from '../../../environment.ts';
import type { Host } from '../../../host/host.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { ImagesRole } from '../../roles/index.ts';
import type { FinishedStep, StepRequest } from '../containers/step.ts';
import type { CommitRequest, CommittedImage } from '../images/commit.ts';
import type { ResolvedImage } from '../images/resolve.ts';

/** What a build needs of the other services, each already bound to its own dependencies. */
export interface BuildDeps {
  readonly environment: Pick<Environment, 'platform' | 'arch' | 'now' | 'newId' | 'env'>;
  readonly paths: DataPaths;
  readonly host: () => Promise<Pick<Host, 'layers' | 'compute'>>;
  readonly resolveImage: (name: string) => Promise<ResolvedImage>;
  /** Brings the layers of a local image into the layer store, where that was put off. */
  readonly requireUnpacked: (
    image: Pick<ResolvedImage, 'id' | 'layerIds'>,
    signal?: AbortSignal,
  ) => Promise<void>;
  readonly commitImage: (request: CommitRequest) => Promise<CommittedImage>;
  readonly runStep: (request: StepRequest) => Promise<FinishedStep>;
  readonly pull: ImagesRole['pull'];
  readonly tag: ImagesRole['tag'];
}

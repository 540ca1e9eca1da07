import type { Environment } from '../../../environment.ts';
import type { Host } from '../../../host/host.ts';
import type { DataPaths } from '../../../state/paths.ts';

/** A container as image removal and garbage collection see it. */
export interface ImageUser {
  readonly containerId: string;
  /** `sha256:…` of the image it was created from. */
  readonly imageId: string;
  readonly running: boolean;
  /** Layer ids its scratch stands on, topmost first. */
  readonly layerIds: readonly string[];
}

/** Docker's image events (engine-api.md 5.3). */
export interface ImageEvent {
  readonly action: 'create' | 'pull' | 'push' | 'tag' | 'untag' | 'delete' | 'save' | 'load';
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What reading images needs: no host, nothing to load. */
export interface ImageReadDeps {
  readonly environment: Pick<Environment, 'platform' | 'arch' | 'env' | 'now' | 'dataRoot'>;
  readonly paths: DataPaths;
}

export interface ImageDeps extends ImageReadDeps {
  /** Opened only by what unpacks or removes layers, so that `images` and `inspect` load no adapter. */
  readonly host: () => Promise<Pick<Host, 'layers' | 'compute'>>;
  /** The engine's containers. Absent = none. */
  readonly users?: () => Promise<readonly ImageUser[]>;
  readonly emit?: (event: ImageEvent) => void | Promise<void>;
}

import type { Readable } from 'node:stream';
import type { ProgressListener } from '../../api/types/index.ts';
import type { CallOptions } from './containers.ts';
import type { TransferOptions } from './images.ts';

/** Where a build's files come from: a folder (walked in place, `.dockerignore` applied) or a tar stream. */
export type BuildContext =
  | { readonly kind: 'directory'; readonly path: string; readonly ignore: string | undefined }
  | { readonly kind: 'tar'; readonly stream: Readable };

/** `POST /build` parameters that mean something for Windows containers (engine-api.md 6.1). */
export interface BuildRequest {
  /** Path of the Dockerfile inside the context, or its text when it lies outside. */
  readonly dockerfile: { readonly path: string } | { readonly text: string; readonly name: string };
  readonly tags: readonly string[];
  /** A null value = taken from the client's environment and unset there. */
  readonly buildArgs: Readonly<Record<string, string | null>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string;
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly remove: boolean;
  readonly forceRemove: boolean;
  readonly platform: string;
  readonly isolation: string;
  readonly networkMode: string;
  readonly memory: number;
  readonly cpuShares: number;
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  readonly cacheFrom: readonly string[];
  readonly extraHosts: readonly string[];
  readonly shmSize: number;
  readonly squash: boolean;
  /** `credentialspec=…` for RUN's containers; other options are refused as in container create. */
  readonly securityOpt?: readonly string[];
}

export interface BuildRole {
  /**
   * Runs the classic builder. The first message tells the size of the context, which the engine learns by its one walk:
   * `{ status: 'Sending build context to Docker daemon', progressDetail: { current: <bytes it takes as a tar> } }`; commands show
   * it as Docker's client shows its upload, and an API server drops it. Then Docker's `stream` messages line for line
   * (dockerfile.md 2.6) and one `aux` message `{ ID: 'sha256:…' }`. A failed RUN line is kind `invalid`, `exitCode` = the command's code.
   */
  build(
    request: BuildRequest,
    context: BuildContext,
    options?: CallOptions & { onProgress?: ProgressListener; auth?: TransferOptions['auth'] },
  ): Promise<{ imageId: string }>;
}

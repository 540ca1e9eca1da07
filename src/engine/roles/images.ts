import type { Readable } from 'node:stream';
import type {
  HistoryItem,
  ImageDeleteItem,
  ImageInspect,
  ImageSummary,
  ImagesPruneResponse,
  ProgressListener,
  RegistryAuth,
} from '../../api/types/index.ts';
import type { CallOptions, Filters } from './containers.ts';

export interface TransferOptions extends CallOptions {
  readonly platform?: string;
  /** Credentials by registry host, looked up only when the registry asks. */
  readonly auth?: (registry: string) => Promise<RegistryAuth | undefined>;
  readonly onProgress?: ProgressListener;
}

/** One image that a reference offers. Versions and variants as its documents say. */
export interface ImagePlatform {
  /** Of its manifest. */
  digest: string;
  os: string;
  architecture: string;
  variant?: string;
  osVersion?: string;
  osFeatures?: string[];
}

export interface ImagePlatforms {
  /** Familiar name with its tag; an ID stays as it was given. */
  reference: string;
  source: 'local' | 'registry';
  /** A list of several platforms, or one image. */
  kind: 'index' | 'manifest';
  digest: string;
  platforms: ImagePlatform[];
}

export interface PlatformsOptions extends CallOptions {
  readonly auth?: TransferOptions['auth'];
  /** Ask the registry even when the image is here. */
  readonly registry?: boolean;
}

export interface LoadOptions extends CallOptions {
  /** Only images for that platform. */
  readonly platform?: string;
  /** No `Loading layer` messages. */
  readonly quiet?: boolean;
  readonly onProgress?: ProgressListener;
}

/** Images by reference (`windows/nanoserver:ltsc2022`, `name@sha256:…`) or ID (prefix). Unknown: `No such image: x`. */
export interface ImagesRole {
  list(
    options?: CallOptions & { all?: boolean; digests?: boolean; filters?: Filters },
  ): Promise<ImageSummary[]>;
  inspect(name: string, options?: CallOptions & { platform?: string }): Promise<ImageInspect>;
  history(name: string, options?: CallOptions): Promise<HistoryItem[]>;
  /** Emits Docker's pull messages, the last one `Status: …`. Nothing half-pulled becomes visible. */
  pull(reference: string, options?: TransferOptions & { allTags?: boolean }): Promise<void>;
  push(reference: string, options?: TransferOptions & { allTags?: boolean }): Promise<void>;
  /** For which platforms it is offered: the image in the store, else the registry's documents. Fetches no layer. */
  platforms(name: string, options?: PlatformsOptions): Promise<ImagePlatforms>;
  /**
   * An archive of the images: names, IDs, or a repository for all its tags. A tar that is an OCI image layout and a
   * docker-archive at once, the same bytes for the same images. Unknown names reject before there is a stream.
   */
  save(names: readonly string[], options?: CallOptions & { platform?: string }): Promise<Readable>;
  /**
   * Reads an archive (tar, perhaps in gzip or zstd) to its end. Says in `stream` messages what was loaded: `Loaded image: x:1`,
   * `Loaded image ID: sha256:…`. Nothing of an archive that is refused is kept.
   */
  load(archive: Readable, options?: LoadOptions): Promise<void>;
  tag(source: string, target: string, options?: CallOptions): Promise<void>;
  remove(
    name: string,
    options?: CallOptions & { force?: boolean; noPrune?: boolean },
  ): Promise<ImageDeleteItem[]>;
  /**
   * Removes images without a name, with `dangling=false` in the filters all that no container uses, and, without filters that
   * choose among images, what interrupted commands left: layers, blobs and parts of blobs that nothing needs. A second call
   * meanwhile is kind `conflict`, `a prune operation is already running`. `dryRun` only tells what would go.
   */
  prune(options?: CallOptions & { filters?: Filters; dryRun?: boolean }): Promise<ImagesPruneResponse>;
}

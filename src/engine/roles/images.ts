import type {
  HistoryItem,
  ImageDeleteItem,
  ImageInspect,
  ImageSummary,
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
  tag(source: string, target: string, options?: CallOptions): Promise<void>;
  remove(
    name: string,
    options?: CallOptions & { force?: boolean; noPrune?: boolean },
  ): Promise<ImageDeleteItem[]>;
}

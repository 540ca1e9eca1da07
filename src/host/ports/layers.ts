/**
 * The layer port: read-only layers and scratch layers of the windowsfilter store (windows-layers.md 2 and 7).
 *
 * Vocabulary: a *layer* is read-only and named by the hex of its chainID; a *scratch* is writable and named by a container
 * ID (or a build step's). `parents` are layer ids, topmost first, base last, excluding the layer itself (layerchain.json).
 *
 * A layer becomes visible (`get`, `list`) only by `LayerApply.commit`, after its diffID was verified; until then it is
 * `<id>.partial` and is swept when its writer is gone. `remove*` renames to the trash folder first, so it is atomic.
 *
 * Example: import `const apply = await layers.openApply(id, { parents }); for await (const c of tar) await apply.write(c);
 * await apply.commit(diffId)`; run `await layers.createScratch(cid, [id, ...parents]); const m = await layers.mount(cid)`;
 * commit `const tar = await layers.diff(cid)`.
 */
import type { Readable } from 'node:stream';
import type { ComposeEntry } from '../../layer/compose-entry.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import type { PortCall } from './compute.ts';

export interface LayerInfo {
  readonly id: string;
  /** `sha256:…` of the uncompressed tar. */
  readonly diffId: string;
  /** Bytes of regular file content. */
  readonly size: number;
  readonly entries: number;
  readonly parents: readonly string[];
  readonly path: string;
}

/** A layer being unpacked. Violations throw `LayerError` and poison it. */
export interface LayerApply {
  /**
   * May return synchronously (undefined) on the hot path. Nothing of the chunk is used any more when it returns or its
   * promise settles: the caller may give its memory back.
   */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Verifies the diffID (kind `invalid`, code `LAYER_DIFF_ID_MISMATCH`) and makes the layer visible. */
  commit(expectedDiffId?: string): Promise<LayerInfo>;
  abort(): Promise<void>;
}

export interface MountOptions {
  /**
   * False: nothing is mounted, it is only told where things are, and `volumePath` is empty. A utility VM takes the disk for
   * itself, and cannot while the host has it (hcs.md 6.3).
   */
  readonly attach?: boolean;
}

export interface MountedScratch {
  /** What goes into `Container.Storage.Path`: a volume path on Windows, the scratch folder on Linux. */
  readonly volumePath: string;
  /** What goes into `Container.Storage.Layers`, topmost first. */
  readonly layers: readonly { readonly Id: string; readonly Path: string }[];
  /** Scratch layer folder (v1 `LayerFolderPath`). */
  readonly folder: string;
}

export interface LayerChange {
  readonly path: string;
  readonly kind: 'added' | 'modified' | 'deleted';
}

/** One object that `readTree` found, with what is needed to put it into another layer. */
export interface TreeEntry {
  /** Relative to the path asked for, `/` between names, spelled as stored; empty for the object asked for itself. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly size: number;
  readonly metadata: WindowsMetadata;
  /** What a symbolic link or junction points at, as Windows shows it. */
  readonly target?: string;
  /** Absolute path on this host where the bytes can be read directly. */
  readonly hostPath?: string;
  /** The content of a file; an empty stream for anything else. */
  open(): Readable;
}

export interface LayerStore {
  /**
   * `id` undefined: the layer is named at commit, by the chainID of its parents and its diffID (a build step's layer).
   * All `parents` must exist (kind `notFound`, code `LAYER_NOT_FOUND`). More than 125 layers: `max depth exceeded`.
   * `declaredSize`: bytes of the compressed blob, against which the decompression ratio is held. Several processes may
   * apply the same layer at once: the first to commit wins, the others get its `LayerInfo`.
   */
  openApply(
    id: string | undefined,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply>;
  /**
   * False where this process lacks the rights that scratches and layers for running need (Windows without an
   * administrator's). Such a process can look into layers, and compose and apply those that builds copy together, in a store
   * of its own; scratch calls are refused with code `HOST_NOT_ELEVATED`, before anything was changed.
   */
  isPrivileged(): Promise<boolean>;
  /** Undefined too when the layer's record is damaged: pulling it again replaces it. */
  get(id: string): Promise<LayerInfo | undefined>;
  list(): Promise<LayerInfo[]>;
  remove(id: string): Promise<void>;

  /**
   * A layer tar that puts `entries` on top of `parents`, without running anything (COPY, ADD, WORKDIR): parents'
   * spelling, every parent directory with its metadata (`src/layer/compose.ts`).
   */
  compose(
    parents: readonly string[],
    entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
    options: PortCall & { now: number },
  ): Promise<Readable>;

  /**
   * What a container on a layer or scratch `key` would see at `windowsPath` and below, parents first, names sorted by
   * code units (COPY --from). Links are not followed. Nothing there: kind `notFound`, code `LAYER_PATH_NOT_FOUND`.
   */
  readTree(key: string, windowsPath: string, call?: PortCall): AsyncIterable<TreeEntry>;

  /** Deletes what dead writers left and what was moved to the trash, for at most `budgetMs` milliseconds. Idempotent. */
  sweep(options?: PortCall & { budgetMs?: number }): Promise<void>;

  /**
   * `sizeBytes` grows the disk only (`--storage-opt size=`); smaller than the image's: kind `invalid`. `osVersion` is the
   * image's: what a backend that has no Windows of its own reports when the layers' registry does not tell.
   */
  createScratch(
    key: string,
    options: PortCall & { parents: readonly string[]; sizeBytes?: number; osVersion?: string },
  ): Promise<void>;
  mount(key: string, options?: PortCall & MountOptions): Promise<MountedScratch>;
  unmount(key: string, call?: PortCall): Promise<void>;
  removeScratch(key: string): Promise<void>;
  listScratches(): Promise<string[]>;

  /** The scratch's changes as a Windows layer tar (Files, Hives), whiteouts included; deterministic order. Unmounted only. */
  diff(key: string, call?: PortCall): Promise<Readable>;
  changes(key: string, call?: PortCall): Promise<LayerChange[]>;
  usage(key: string): Promise<{ readonly size: number }>;

  /** The merged content of a chain or scratch as a plain folder view, for COPY's destination look-up. Case-insensitive. */
  stat(key: string, windowsPath: string): Promise<LayerEntry | undefined>;
}

export interface LayerEntry {
  /** Spelled as stored. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly size: number;
}

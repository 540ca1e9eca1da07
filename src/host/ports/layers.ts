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

/** A layer being unpacked. Chunks are consumed before `write` resolves; violations throw `LayerError` and poison it. */
export interface LayerApply {
  /** May return synchronously (undefined) on the hot path. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Verifies the diffID (kind `invalid`, code `LAYER_DIFF_ID_MISMATCH`) and makes the layer visible. */
  commit(expectedDiffId?: string): Promise<LayerInfo>;
  abort(): Promise<void>;
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

export interface LayerStore {
  openApply(
    id: string,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply>;
  get(id: string): Promise<LayerInfo | undefined>;
  list(): Promise<LayerInfo[]>;
  remove(id: string): Promise<void>;

  /** `sizeBytes` grows the disk only (`--storage-opt size=`); smaller than the image's: kind `invalid`. */
  createScratch(key: string, options: PortCall & { parents: readonly string[]; sizeBytes?: number }): Promise<void>;
  mount(key: string, call?: PortCall): Promise<MountedScratch>;
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

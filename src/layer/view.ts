import type { WindowsMetadata } from './metadata.ts';

/** One object of a merged view: what a container on these layers would see under C:. */
export interface LayerViewEntry {
  /** Spelled as stored, `/` between names, no leading slash; empty for the root of C:. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Bytes of content; 0 for anything but files. */
  readonly size: number;
  /** What a symbolic link or junction points at, as Windows shows it. */
  readonly target?: string;
  /** Absolute path of the object on this host, where it has one. Never follow it if it is a link. */
  readonly hostPath?: string;
}

/** Case-insensitive look-ups in a chain of layers, as NTFS and the overlay would merge them. Links are not followed. */
export interface LayerView {
  /** `windowsPath`: any spelling, below C:. Undefined when there is nothing (or a whiteout hides it). */
  lookup(windowsPath: string): LayerViewEntry | undefined;
  /** Spelled as it would be stored: names that exist in their stored spelling, the rest as given. */
  canonical(windowsPath: string): string;
  /** Names below a directory, sorted by code units; none when it is no directory. */
  list(windowsPath: string): LayerViewEntry[];
  /** Sidecar metadata of the given stored paths; paths without any are missing in the result. */
  metadata(paths: ReadonlySet<string>): ReadonlyMap<string, WindowsMetadata>;
}

import type { WindowsMetadata } from './metadata.ts';

export type LayerObjectType = 'file' | 'directory' | 'symlink';

/** One object of a merged view: what a container on these layers would see under C:. */
export interface LayerViewEntry {
  /** Spelled as stored, `/` between names, no leading slash; empty for the root of C:. */
  readonly path: string;
  readonly type: LayerObjectType;
  /** Bytes of content; 0 for anything but files. */
  readonly size: number;
  /** Absolute path of the object on this host, where it has one. Never follow it if it is a link. */
  readonly hostPath?: string;
}

/** What the layer tar said of an object. */
export interface LayerViewDetails {
  readonly metadata: WindowsMetadata;
  /** What a symbolic link or junction points at, as Windows shows it. */
  readonly target?: string;
  /** The tar's own name, where the stored one differs. */
  readonly tarName?: string;
}

/**
 * Case-insensitive look-ups in a chain of layers, as NTFS and the overlay would merge them. Links are not followed.
 * Paths are below C:; *stored* paths are spelled as the view gives them.
 */
export interface LayerView {
  /** `windowsPath`: any spelling. Undefined when there is nothing (or a whiteout hides it). */
  lookup(windowsPath: string): LayerViewEntry | undefined;
  /** Spelled as it would be stored: names that exist in their stored spelling, then well-known ones, the rest as given. */
  canonical(windowsPath: string): string;
  /** What is in the directory of that stored path, by folded name; empty when it is no directory. */
  children(path: string): ReadonlyMap<string, { readonly name: string; readonly type: LayerObjectType }>;
  /** The same with sizes, names sorted by code units. */
  list(path: string): LayerViewEntry[];
  /** Details of the object at a stored path; undefined when no layer tar named it. */
  describe(path: string): LayerViewDetails | undefined;
}

/** An object and everything below it, directories first. */
export function* walkView(view: Pick<LayerView, 'list'>, entry: LayerViewEntry): Generator<LayerViewEntry> {
  yield entry;
  if (entry.type !== 'directory') return;
  for (const child of view.list(entry.path)) yield* walkView(view, child);
}

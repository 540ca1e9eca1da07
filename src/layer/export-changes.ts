/**
 * What a container changed, read from an overlay's upper directory (linux-backend.md 12): deletions, opaque and renamed
 * directories spelled out, untouched directories and the noise of a run left out.
 */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LayerError } from './layer-error.ts';
import { fileAttribute } from './metadata.ts';
import { parseLayerName } from './names.ts';
import { foldName } from './upcase.ts';
import type { BigIntStats } from 'node:fs';
import type { LayerObjectType, LayerView, LayerViewEntry } from './view.ts';

/** What the overlay and Wine keep in extended attributes of an upper directory, by path below C:. */
export interface UpperAttributes {
  readonly opaque: ReadonlySet<string>;
  readonly redirects: ReadonlyMap<string, string>;
  /** Win32 attribute bits that programs set (`user.DOSATTRIB`). */
  readonly attributes: ReadonlyMap<string, number>;
}

export interface ExportSource {
  /** Absolute path of the overlay's upper directory. */
  readonly upper: string;
  readonly attributes: UpperAttributes;
  /** The parents' layers: what the image has. */
  readonly parents: LayerView;
  /** The parents and everything else that the container saw below its own changes (the Wine template). */
  readonly lower: LayerView;
  /** All of it: the upper directory on `lower`. */
  readonly merged: LayerView;
  /** Folder whose files go to `Hives/`; may be missing. */
  readonly hives: string;
}

export interface ChangedObject {
  readonly kind: LayerObjectType;
  /** Below C:, as stored; empty for C: itself. */
  readonly path: string;
  readonly hostPath: string;
  readonly stats: BigIntStats;
  /** The parents have nothing of this type at the path. */
  readonly isNew: boolean;
  /** Below a directory that hides the parents' one of that name. */
  readonly isDetached: boolean;
}

export type Change = ChangedObject | { readonly kind: 'whiteout'; readonly path: string };

/** Directories that a run leaves behind empty without anybody asking. */
const noise = /^(Windows|Users\/[^/]+\/AppData(\/(Roaming|Local|LocalLow))?)$/i;
const settableAttributes = fileAttribute.hidden | fileAttribute.system | fileAttribute.readOnly;

export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Changes below and including C: itself, in tar order: a directory, its whiteouts, its other children. */
export function collectChanges(source: ExportSource): Change[] {
  const root: ChangedObject = {
    kind: 'directory',
    path: '',
    hostPath: source.upper,
    stats: lstatSync(source.upper, { bigint: true }),
    isNew: false,
    isDetached: false,
  };
  return [root, ...changesBelow(source, root, source.attributes.opaque.has(''))];
}

/** The changes as Docker lists them, without C: itself. */
export function listChanges(
  source: ExportSource,
): { path: string; kind: 'added' | 'modified' | 'deleted' }[] {
  const files = collectChanges(source)
    .filter((change) => change.path !== '')
    .map((change) => {
      const kind = change.kind === 'whiteout' ? 'deleted' : change.isNew ? 'added' : 'modified';
      return { path: `Files/${change.path}`, kind } as const;
    });
  const hives = hiveFiles(source.hives).map((name) => ({ path: `Hives/${name}`, kind: 'modified' }) as const);
  return [...files, ...hives];
}

/** Names of the files of a `Hives` folder that hold anything. */
export function hiveFiles(folder: string): string[] {
  try {
    const files = readdirSync(folder, { withFileTypes: true }).filter((dirent) => dirent.isFile());
    return files
      .map((dirent) => dirent.name)
      .filter((name) => lstatSync(join(folder, name)).size > 0)
      .sort(byCodeUnits);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Bytes of regular files below a directory; a file of several names counts once. */
export function sizeOfTree(folder: string): number {
  let size = 0;
  const inodes = new Set<string>();
  const visit = (at: string): void => {
    for (const dirent of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, dirent.name);
      if (dirent.isDirectory()) {
        visit(path);
      } else if (dirent.isFile()) {
        const stats = lstatSync(path);
        const inode = `${stats.dev}:${stats.ino}`;
        if (stats.nlink === 1 || !inodes.has(inode)) size += stats.size;
        if (stats.nlink > 1) inodes.add(inode);
      }
    }
  };
  visit(folder);
  return size;
}

/** `isAll`: nothing of the lower directory shows through, so all of the merged one belongs to this layer. */
function changesBelow(source: ExportSource, directory: ChangedObject, isAll: boolean): Change[] {
  const whiteouts: Change[] = [];
  const changes: Change[] = [];
  const names = new Set<string>();
  const children = isAll ? mergedChildren(source, directory) : upperChildren(source, directory);
  for (const child of children) {
    if (child.kind === 'whiteout') whiteouts.push(child);
    else changes.push(...changesOf(source, child));
    names.add(foldName(child.path.slice(child.path.lastIndexOf('/') + 1)));
  }
  if (isAll)
    for (const [folded, hidden] of source.lower.children(directory.path))
      if (!names.has(folded)) whiteouts.push({ kind: 'whiteout', path: joined(directory.path, hidden.name) });
  whiteouts.sort((a, b) => byCodeUnits(a.path, b.path));
  return [...whiteouts, ...changes];
}

function changesOf(source: ExportSource, child: ChangedObject): Change[] {
  if (child.kind !== 'directory') return [child];
  const { opaque, redirects } = source.attributes;
  const isAll = child.isDetached || opaque.has(child.path) || redirects.has(child.path);
  const inside = changesBelow(source, child, isAll);
  if (inside.length > 0 || isAll) return [child, ...inside];
  const isUntouched =
    isWindowsName(child.path) &&
    source.lower.lookup(child.path)?.type === 'directory' &&
    !hasNewAttributes(source, child.path);
  return isUntouched || noise.test(child.path) ? [] : [child];
}

function hasNewAttributes(source: ExportSource, path: string): boolean {
  const own = source.attributes.attributes.get(path);
  if (own === undefined) return false;
  const inherited = source.parents.describe(path)?.metadata.attributes ?? 0;
  return (own & settableAttributes) !== (inherited & settableAttributes);
}

function upperChildren(source: ExportSource, directory: ChangedObject): Change[] {
  const children: Change[] = [];
  for (const name of readdirSync(directory.hostPath).sort(byCodeUnits)) {
    const hostPath = join(directory.hostPath, name);
    const stats = lstatSync(hostPath, { bigint: true });
    const path = joined(directory.path, name);
    if (stats.isCharacterDevice() && stats.rdev === 0n) children.push({ kind: 'whiteout', path });
    else if (name.startsWith('.wh.')) children.push(...fuseWhiteout(directory.path, name, stats));
    else children.push(...childOf(source, path, hostPath, stats, false));
  }
  return children;
}

/** fuse-overlayfs marks deletions with empty files where it may not make devices. */
function fuseWhiteout(parent: string, name: string, stats: BigIntStats): Change[] {
  const isEmptyFile = stats.isFile() && stats.size === 0n;
  if (!isEmptyFile || name === '.wh.') throw unusableName(joined(parent, name));
  if (name.startsWith('.wh..wh.')) return [];
  return [{ kind: 'whiteout', path: joined(parent, name.slice('.wh.'.length)) }];
}

function mergedChildren(source: ExportSource, directory: ChangedObject): Change[] {
  return source.merged.list(directory.path).flatMap((entry) => {
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const hostPath = entry.hostPath!;
    // Links of the Wine template stand for the files they lead to.
    const stats = (entry.type === 'file' ? statSync : lstatSync)(hostPath, { bigint: true });
    if (name.startsWith('.wh.')) {
      // What it hides does not show here anyway; a file with content is refused.
      fuseWhiteout(directory.path, name, stats);
      return [];
    }
    return childOf(source, entry.path, hostPath, stats, true);
  });
}

function childOf(
  source: ExportSource,
  path: string,
  hostPath: string,
  stats: BigIntStats,
  isDetached: boolean,
): ChangedObject[] {
  const kind = kindOf(stats);
  // Sockets and FIFOs are ends of conversations that are over.
  if (kind === undefined) return [];
  const isNew = !isWindowsName(path) || source.parents.lookup(path)?.type !== kind;
  return [{ kind, path, hostPath, stats, isNew, isDetached }];
}

function kindOf(stats: BigIntStats): LayerViewEntry['type'] | undefined {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFile()) return 'file';
  return stats.isSymbolicLink() ? 'symlink' : undefined;
}

/** False for what would be looked up as another path: a drive, a stream, a folder in between. No image can have it. */
function isWindowsName(path: string): boolean {
  return !/[\\:]/.test(path);
}

/** Throws for a name that programs may make on Linux but no layer can hold. */
export function requireLayerName(path: string): void {
  if (!isWindowsName(path)) throw unusableName(path);
  parseLayerName(`Files/${path}`);
}

function unusableName(path: string): LayerError {
  return new LayerError('LAYER_PATH_INVALID', `a layer cannot hold a file named ${JSON.stringify(path)}`, {
    entry: path,
    hint: 'rename or delete the file in the container',
  });
}

function joined(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

/** What a tar entry means in a Windows layer, and which entries one may hold (windows-layers.md 1.1, 1.3, 7.7). No I/O. */
import { LayerError } from './layer-error.ts';
import { maxNameUnits, parseLayerName, parseWhiteout } from './names.ts';
import { foldName } from './upcase.ts';
import type { LayerPath, LayerRoot } from './names.ts';
import type { TarEntry } from './tar-reader.ts';

/** Where an entry goes. `parent` and `leaf` together are its components below the root, as the tar spells them. */
export interface EntryPlace {
  readonly root: LayerRoot;
  readonly parent: readonly string[];
  readonly leaf: string;
}

export type EntryMeaning =
  | { readonly kind: 'ignored'; readonly warning?: string }
  /** `Files`, `Hives` or `UtilityVM` itself. */
  | { readonly kind: 'root'; readonly root: LayerRoot }
  /** An alternate data stream of the object before it. */
  | { readonly kind: 'stream'; readonly name: string }
  | ({ readonly kind: 'directory' } & EntryPlace)
  | ({ readonly kind: 'file' } & EntryPlace)
  | ({ readonly kind: 'symlink' } & EntryPlace)
  | ({ readonly kind: 'hardLink'; readonly target: LinkTarget } & EntryPlace)
  /** `name` absent: everything that the parents have in the directory. */
  | ({ readonly kind: 'whiteout'; readonly name: string | undefined } & EntryPlace);

export interface LinkTarget {
  readonly root: 'Files' | 'UtilityVM';
  readonly components: readonly string[];
}

const deviceKinds: Readonly<Record<string, string>> = {
  '3': 'character device',
  '4': 'block device',
  '6': 'FIFO',
};
/** Needs no look at separators, streams, whiteouts or dots. */
const ordinaryName = /^[^./\\:\0][^/\\:\0]*$/;
const kinds = { '0': 'file', '1': 'hardLink', '2': 'symlink', '5': 'directory' } as const;

/** Reads the entries of one layer in tar order. What no layer may hold is a `LayerError`. */
export class EntryRules {
  readonly #isBase: boolean;
  /** Literal name of the object that streams may follow. */
  #owner: string | undefined;
  #hasUtilityVm = false;
  /** The directory of the entry before, with its slash, and what it means: entries of one directory follow each other. */
  #folder = '';
  #folderPath: LayerPath = { root: undefined, components: [], stream: undefined };

  constructor(isBase: boolean) {
    this.#isBase = isBase;
  }

  read(entry: TarEntry): EntryMeaning {
    const near = this.#inFolder(entry);
    if (near !== undefined) return near;
    const path = parseLayerName(entry.name);
    const type = checkedType(entry);
    if (path.stream !== undefined) return this.#stream(entry, path.stream);
    this.#owner = undefined;
    const { root } = path;
    if (root === undefined) return this.#foreign(entry, path);
    if (root === 'UtilityVM') this.#checkUtilityVm(entry, path);
    const leaf = path.components.at(-1);
    if (leaf === undefined) {
      if (type !== '5') throw invalidPath(entry.name, 'it is a directory in every layer');
      this.#owner = entry.name;
      return { kind: 'root', root };
    }
    const place = { root, parent: path.components.slice(0, -1), leaf };
    for (const component of place.parent)
      if (component.startsWith('.wh.')) throw invalidTombstone(entry.name);
    const whiteout = parseWhiteout(leaf);
    if (whiteout !== undefined) {
      if (whiteout.kind === 'metadata') return { kind: 'ignored' };
      this.#checkWhiteout(entry, path);
      return { kind: 'whiteout', name: whiteout.kind === 'name' ? whiteout.name : undefined, ...place };
    }
    if (type === '1') return { kind: 'hardLink', target: linkTarget(entry, path), ...place };
    if (type !== '2') this.#owner = entry.name;
    this.#folder = folderPrefix(entry.name);
    this.#folderPath = { root, components: place.parent, stream: undefined };
    return { kind: kinds[type], ...place };
  }

  /** The short way for an ordinary file of the same directory as the entry before: only its last name is new. */
  #inFolder(entry: TarEntry): EntryMeaning | undefined {
    const { root, components } = this.#folderPath;
    if (root === undefined || entry.type !== '0' || !entry.name.startsWith(this.#folder)) return undefined;
    const leaf = entry.name.slice(this.#folder.length);
    if (leaf.length > maxNameUnits || !ordinaryName.test(leaf)) return undefined;
    this.#owner = entry.name;
    return { kind: 'file', root, parent: components, leaf };
  }

  #stream(entry: TarEntry, name: string): EntryMeaning {
    if (this.#owner !== undefined && entry.type === '0' && entry.name.startsWith(`${this.#owner}:`))
      return { kind: 'stream', name };
    throw new LayerError('LAYER_PATH_INVALID', `${entry.name}: path contains invalid character \`:\``, {
      entry: entry.name,
      hint: 'an alternate data stream must follow its file directly',
    });
  }

  #foreign(entry: TarEntry, path: LayerPath): EntryMeaning {
    // `./`: the tar's own root.
    if (path.components.length === 0 && entry.type === '5') return { kind: 'ignored' };
    if (path.components.length === 0 || this.#isBase)
      throw invalidPath(entry.name, 'it is not in Files, Hives or UtilityVM', 'this is not a Windows layer');
    return { kind: 'ignored', warning: `${entry.name}: ignored, it is not in Files, Hives or UtilityVM` };
  }

  /** The Windows importer's rules for layers that are no base. */
  #checkUtilityVm(entry: TarEntry, { components }: LayerPath): void {
    if (!this.#isBase && components.length > 0) {
      if (!this.#hasUtilityVm)
        throw new LayerError('LAYER_PATH_INVALID', 'missing UtilityVM directory', { entry: entry.name });
      if (foldName(components[0]!) !== 'FILES')
        throw new LayerError('LAYER_PATH_INVALID', 'invalid UtilityVM layer', { entry: entry.name });
    }
    this.#hasUtilityVm = true;
  }

  #checkWhiteout(entry: TarEntry, path: LayerPath): void {
    if (this.#isBase)
      throw new LayerError('LAYER_WHITEOUT_INVALID', 'base layer cannot have tombstones', {
        entry: entry.name,
      });
    if (!isInFiles(path) || entry.type !== '0') throw invalidTombstone(entry.name);
  }
}

function checkedType(entry: TarEntry): keyof typeof kinds {
  if (entry.type in kinds) return entry.type as keyof typeof kinds;
  const what = deviceKinds[entry.type] ?? `unknown type ${JSON.stringify(entry.type)}`;
  const message = `${entry.name}: a Windows layer cannot hold a tar entry of this kind (${what})`;
  throw new LayerError('LAYER_ENTRY_TYPE', message, { entry: entry.name });
}

function linkTarget(entry: TarEntry, path: LayerPath): LinkTarget {
  const target = parseLayerName(entry.linkName);
  const { root } = target;
  const isAllowed = isInFiles(path) && isInFiles(target) && target.stream === undefined;
  if (!isAllowed || root === undefined || root === 'Hives')
    throw new LayerError('LAYER_LINK_INVALID', 'invalid hard link in layer', { entry: entry.name });
  return { root, components: target.components };
}

/** Below `Files` or `UtilityVM/Files`. */
function isInFiles({ root, components }: LayerPath): boolean {
  if (root === 'Files') return components.length > 0;
  return root === 'UtilityVM' && components.length > 1 && foldName(components[0]!) === 'FILES';
}

function invalidPath(name: string, why: string, hint?: string): LayerError {
  const details = hint === undefined ? { entry: name } : { entry: name, hint };
  return new LayerError('LAYER_PATH_INVALID', `invalid path ${JSON.stringify(name)}: ${why}`, details);
}

function invalidTombstone(name: string): LayerError {
  return new LayerError('LAYER_WHITEOUT_INVALID', `invalid tombstone ${name}`, { entry: name });
}

/** What names beside that one begin with: up to the last slash of either kind, a directory's own trailing one left out. */
function folderPrefix(name: string): string {
  const end = /[/\\]$/.test(name) ? name.length - 2 : name.length - 1;
  return name.slice(0, Math.max(name.lastIndexOf('/', end), name.lastIndexOf('\\', end)) + 1);
}

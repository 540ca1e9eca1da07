import type { Readable } from 'node:stream';
import type { PaxTime, WindowsMetadata } from '../layer/metadata.ts';

/**
 * Where the bytes of a source file are: a file on this host, a part of one (an archive that was put aside: `offset` is its
 * first byte, the size is the entry's), bytes, or what a layer store opens.
 */
export type FileContent =
  | { readonly hostPath: string; readonly offset?: number }
  | { readonly bytes: Uint8Array }
  | { readonly open: () => Readable };

/** One object that COPY or ADD can take: of the build context, an archive, a download or an image. */
export interface SourceEntry {
  /** From the root of its tree, `/` between names, spelled as stored; empty for the root. */
  readonly path: string;
  /** `other`: device, FIFO or socket. */
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes of a file, 0 otherwise. */
  readonly size: number;
  /** Permission bits, for cache keys only. */
  readonly mode: number;
  readonly modified?: PaxTime;
  /** What a link points at, as stored. */
  readonly target?: string;
  readonly content?: FileContent;
  /** What Windows knows of it, when it comes from an image. */
  readonly metadata?: Partial<WindowsMetadata>;
}

/** A tree of sources that COPY looks names up in. Windows does not mind case, so an exact name is only preferred. */
export interface SourceTree {
  /** The object at `path` (any separator), links on the way followed, the last one too; undefined: nothing there. */
  find(path: string): Promise<SourceEntry | undefined>;
  /** `entry` and everything below it, folders before their content, names in order. Links are not followed. */
  below(entry: SourceEntry): AsyncIterable<SourceEntry>;
}

/** A folder of a tree while it is filled. */
export interface TreeFolder {
  readonly entry: SourceEntry;
}

interface TreeNode extends TreeFolder {
  entry: SourceEntry;
  children: Map<string, TreeNode> | undefined;
  /** Folded name -> name; made when an exact look-up first fails. */
  folded: Map<string, string> | undefined;
}

const maxLinks = 40;

/** A tree held in memory: contexts and archives. Folders that are only implied by their content exist too. */
export class MemoryTree implements SourceTree {
  readonly #root: TreeNode = node({ path: '', type: 'directory', size: 0, mode: 0o755 });

  /**
   * Adds `entry`, whose last name is `name`, to a folder that `folderAt` gave: for walks, which need not look every path up
   * from the root.
   */
  addTo(folder: TreeFolder, name: string, entry: SourceEntry): TreeFolder {
    const parent = folder as TreeNode;
    parent.children ??= new Map();
    parent.folded = undefined;
    const existing = parent.children.get(name);
    const made = existing ?? node(entry);
    made.entry = entry;
    parent.children.set(name, made);
    return made;
  }

  /** The folder at exactly this path, made where it is missing. */
  folderAt(path: string): TreeFolder {
    if (path !== '' && !this.get(path)) this.add({ path, type: 'directory', size: 0, mode: 0o755 });
    return this.#node(splitPath(path))!;
  }

  /** Adds or replaces. Folders above are made. */
  add(entry: SourceEntry): void {
    const names = splitPath(entry.path);
    let parent = this.#root;
    names.slice(0, -1).forEach((name, depth) => {
      parent.children ??= new Map();
      let child = parent.children.get(name);
      if (!child || child.entry.type !== 'directory') {
        child = node({ path: names.slice(0, depth + 1).join('/'), type: 'directory', size: 0, mode: 0o755 });
        parent.children.set(name, child);
        parent.folded = undefined;
      }
      parent = child;
    });
    const name = names.at(-1);
    if (name === undefined) {
      this.#root.entry = { ...entry, path: '', type: 'directory' };
      return;
    }
    parent.children ??= new Map();
    const existing = parent.children.get(name);
    if (existing && existing.entry.type === 'directory' && entry.type === 'directory') existing.entry = entry;
    else parent.children.set(name, node(entry));
    parent.folded = undefined;
  }

  remove(path: string): void {
    const names = splitPath(path);
    let parent: TreeNode | undefined = this.#root;
    for (const name of names.slice(0, -1)) parent = parent?.children?.get(name);
    parent?.children?.delete(names.at(-1) ?? '');
    if (parent) parent.folded = undefined;
  }

  /** The object at exactly this path, links not followed. */
  get(path: string): SourceEntry | undefined {
    return this.#node(splitPath(path))?.entry;
  }

  async find(path: string): Promise<SourceEntry | undefined> {
    let names = splitPath(path);
    for (let links = 0; links < maxLinks; links++) {
      const step = this.#follow(names);
      if (!Array.isArray(step)) return step;
      names = step;
    }
    return undefined;
  }

  async *below(entry: SourceEntry): AsyncIterable<SourceEntry> {
    const start = this.#node(splitPath(entry.path));
    if (start) yield* walk(start);
  }

  /** All entries but the root, folders before their content, names in order. */
  *entries(): Iterable<SourceEntry> {
    for (const entry of walk(this.#root)) if (entry.path !== '') yield entry;
  }

  #node(names: readonly string[]): TreeNode | undefined {
    let at: TreeNode | undefined = this.#root;
    for (const name of names) {
      at = childOf(at, name);
      if (!at) return undefined;
    }
    return at;
  }

  /** The entry, or the names of where the first link on the way leads. Links never lead out of the tree. */
  #follow(names: readonly string[]): SourceEntry | string[] | undefined {
    let at = this.#root;
    for (const [index, name] of names.entries()) {
      const child = childOf(at, name);
      if (!child) return undefined;
      if (child.entry.type === 'symlink') {
        const target = child.entry.target ?? '';
        const isRooted = /^(?:[A-Za-z]:)?[\\/]/.test(target);
        const base = isRooted ? [] : splitPath(at.entry.path);
        return foldDots([...base, ...splitPath(target.replace(/^[A-Za-z]:/, '')), ...names.slice(index + 1)]);
      }
      at = child;
    }
    return at.entry;
  }
}

function node(entry: SourceEntry): TreeNode {
  return { entry, children: undefined, folded: undefined };
}

function childOf(parent: TreeNode, name: string): TreeNode | undefined {
  const { children } = parent;
  if (!children) return undefined;
  const exact = children.get(name);
  if (exact) return exact;
  if (!parent.folded) {
    parent.folded = new Map();
    for (const known of children.keys()) {
      const key = known.toUpperCase();
      if (!parent.folded.has(key)) parent.folded.set(key, known);
    }
  }
  const spelled = parent.folded.get(name.toUpperCase());
  return spelled === undefined ? undefined : children.get(spelled);
}

function* walk(start: TreeNode): Iterable<SourceEntry> {
  const stack = [start];
  for (let at = stack.pop(); at; at = stack.pop()) {
    yield at.entry;
    if (!at.children) continue;
    const names = [...at.children.keys()].sort();
    for (let index = names.length - 1; index >= 0; index--) stack.push(at.children.get(names[index]!)!);
  }
}

/** Names of a path with either separator; empty and `.` names dropped. */
export function splitPath(path: string): string[] {
  return path.split(/[\\/]/).filter((name) => name !== '' && name !== '.');
}

function foldDots(names: readonly string[]): string[] {
  const folded: string[] = [];
  for (const name of names) {
    if (name === '..') folded.pop();
    else folded.push(name);
  }
  return folded;
}

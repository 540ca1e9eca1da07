/** Layers as maps in memory: what a layer brings, and the merged view of several. */
import { fileAttribute } from '../../layer/metadata.ts';
import { parseWindowsPath } from '../../layer/names.ts';
import { wellKnownSpelling } from '../../layer/spellings.ts';
import { foldName } from '../../layer/upcase.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import type { LayerObjectType, LayerView, LayerViewDetails, LayerViewEntry } from '../../layer/view.ts';

export interface MemoryNode {
  /** Stored path below C:. */
  readonly path: string;
  readonly type: LayerObjectType | 'whiteout';
  readonly content: Buffer;
  readonly metadata: WindowsMetadata;
  readonly target?: string;
  /** A directory that hides the lower layers' one. */
  readonly isOpaque?: boolean;
}

/** By folded path. Parents come before their children. */
export type MemoryTree = Map<string, MemoryNode>;

const nothing = Buffer.alloc(0);

export class MemoryView implements LayerView {
  readonly #merged: MemoryTree = new Map();
  readonly #below = new Map<string, Map<string, MemoryNode>>();

  /** `trees`: topmost first. */
  constructor(trees: readonly MemoryTree[]) {
    const metadata = { attributes: fileAttribute.directory, modified: '0' };
    this.#merged.set('', { path: '', type: 'directory', content: nothing, metadata });
    for (const tree of trees.toReversed()) for (const [folded, node] of tree) this.#apply(folded, node);
    for (const [folded, node] of this.#merged) {
      if (folded === '') continue;
      const parent = folded.slice(0, Math.max(folded.lastIndexOf('/'), 0));
      let siblings = this.#below.get(parent);
      if (siblings === undefined) this.#below.set(parent, (siblings = new Map<string, MemoryNode>()));
      siblings.set(folded.slice(folded.lastIndexOf('/') + 1), node);
    }
  }

  /** The merged node at a path in any spelling. */
  node(windowsPath: string): MemoryNode | undefined {
    return this.#merged.get(foldName(parseWindowsPath(windowsPath).join('/')));
  }

  lookup(windowsPath: string): LayerViewEntry | undefined {
    const node = this.node(windowsPath);
    return node === undefined ? undefined : entryOf(node);
  }

  canonical(windowsPath: string): string {
    let path = '';
    for (const component of parseWindowsPath(windowsPath)) {
      const known = this.#merged.get(foldName(path === '' ? component : `${path}/${component}`))?.path;
      const name =
        known?.slice(known.lastIndexOf('/') + 1) ?? wellKnownSpelling(path, component) ?? component;
      path = path === '' ? name : `${path}/${name}`;
    }
    return path;
  }

  children(path: string): ReadonlyMap<string, { readonly name: string; readonly type: LayerObjectType }> {
    const children = new Map<string, { name: string; type: LayerObjectType }>();
    for (const [folded, node] of this.#below.get(foldName(path)) ?? []) {
      if (node.type === 'whiteout') continue;
      children.set(folded, { name: node.path.slice(node.path.lastIndexOf('/') + 1), type: node.type });
    }
    return children;
  }

  list(path: string): LayerViewEntry[] {
    const nodes = [...(this.#below.get(foldName(path))?.values() ?? [])];
    return nodes.map(entryOf).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  describe(path: string): LayerViewDetails | undefined {
    const node = this.#merged.get(foldName(path));
    if (node === undefined) return undefined;
    const { metadata, target } = node;
    return target === undefined ? { metadata } : { metadata, target };
  }

  #apply(folded: string, node: MemoryNode): void {
    if (node.type !== 'directory' || node.isOpaque === true || this.#merged.get(folded)?.type !== 'directory')
      this.#remove(folded);
    if (node.type !== 'whiteout') this.#merged.set(folded, node);
  }

  #remove(folded: string): void {
    for (const key of this.#merged.keys())
      if (key === folded || key.startsWith(`${folded}/`) || (folded === '' && key !== ''))
        this.#merged.delete(key);
  }
}

function entryOf(node: MemoryNode): LayerViewEntry {
  const type = node.type === 'whiteout' ? 'file' : node.type;
  return { path: node.path, type, size: node.content.length };
}

/** The merged view of layer folders on this host: what the overlay will show, with NTFS's idea of names. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { parseWindowsPath, storedKey } from './names.ts';
import { Sidecar } from './sidecar.ts';
import type { SidecarEntry } from './sidecar.ts';
import { wellKnownSpelling } from './spellings.ts';
import { foldName } from './upcase.ts';
import type { LayerObjectType, LayerView, LayerViewDetails, LayerViewEntry } from './view.ts';

/** One folder of a chain. */
export interface ChainLayer {
  /** Absolute folder that holds what is under C:. */
  readonly files: string;
  /** Absolute path of its `meta.jsonl`, when it has one. */
  readonly sidecar?: string;
  /** Directories that hide what is below them (an overlay upper's xattrs), as paths below C:. */
  readonly opaque?: ReadonlySet<string>;
  /** Directories that show another directory of the layers below: path -> overlay's redirect (`name` or `/path`). */
  readonly redirects?: ReadonlyMap<string, string>;
  /** Links in it are shown as what they lead to: the Wine template's are Wine's own files. */
  readonly followLinks?: boolean;
}

/** Where one layer has an object: its index in the chain, and the path there. */
interface Source {
  readonly layer: number;
  readonly path: string;
}

interface ViewNode {
  readonly name: string;
  readonly type: LayerObjectType;
  /** Topmost first; only directories have more than one. */
  readonly sources: Source[];
}

type Children = ReadonlyMap<string, ViewNode>;

const nothing: Children = new Map();

export class ChainView implements LayerView {
  readonly #layers: readonly ChainLayer[];
  readonly #root: ViewNode;
  readonly #children = new Map<string, Children>();
  readonly #sidecars = new Map<number, Sidecar>();

  /** `layers`: topmost first. */
  constructor(layers: readonly ChainLayer[]) {
    this.#layers = layers;
    this.#root = { name: '', type: 'directory', sources: layers.map((_, layer) => ({ layer, path: '' })) };
  }

  lookup(windowsPath: string): LayerViewEntry | undefined {
    const found = this.#walk(parseWindowsPath(windowsPath));
    return found.node === undefined ? undefined : this.#entry(found.path, found.node);
  }

  canonical(windowsPath: string): string {
    return this.#walk(parseWindowsPath(windowsPath)).path;
  }

  children(path: string): Children {
    const known = this.#children.get(path);
    if (known !== undefined) return known;
    const { node } = this.#walk(path === '' ? [] : path.split('/'));
    return node?.type === 'directory' ? this.#childrenOf(path, node) : nothing;
  }

  list(path: string): LayerViewEntry[] {
    const entries = [...this.children(path).values()].map((node) =>
      this.#entry(joinPath(path, node.name), node),
    );
    return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  describe(path: string): LayerViewDetails | undefined {
    const { node } = this.#walk(path === '' ? [] : path.split('/'));
    // A directory's newest description counts; directories that a tar left out have none in that layer.
    for (const source of node?.sources ?? []) {
      const entry = this.#sidecar(source.layer)?.get(source.path === '' ? 'Files' : `Files/${source.path}`);
      if (entry !== undefined) return detailsOf(entry);
    }
    return undefined;
  }

  #sidecar(layer: number): Sidecar | undefined {
    const path = this.#layers[layer]!.sidecar;
    if (path === undefined) return undefined;
    let sidecar = this.#sidecars.get(layer);
    if (sidecar === undefined) this.#sidecars.set(layer, (sidecar = new Sidecar(path)));
    return sidecar;
  }

  #walk(components: readonly string[]): { path: string; node: ViewNode | undefined } {
    let path = '';
    let node: ViewNode | undefined = this.#root;
    for (const component of components) {
      const child: ViewNode | undefined =
        node?.type === 'directory' ? this.#childrenOf(path, node).get(storedKey(component)) : undefined;
      path = joinPath(path, child?.name ?? wellKnownSpelling(path, component) ?? component);
      node = child;
    }
    return { path, node };
  }

  #childrenOf(path: string, directory: ViewNode): Children {
    const known = this.#children.get(path);
    if (known !== undefined) return known;
    const children = new Map<string, ViewNode>();
    const hidden = new Set<string>();
    for (const source of directory.sources) this.#merge(source, children, hidden);
    this.#children.set(path, children);
    return children;
  }

  /** Adds what one layer has to what the layers above it have. */
  #merge(directory: Source, children: Map<string, ViewNode>, hidden: Set<string>): void {
    const layer = this.#layers[directory.layer]!;
    for (const dirent of readFolder(join(layer.files, directory.path))) {
      const folded = foldName(dirent.name);
      if (hidden.has(folded)) continue;
      const above = children.get(folded);
      const source = { layer: directory.layer, path: joinPath(directory.path, dirent.name) };
      // Layer tars hold no devices, so every one is the overlay's whiteout.
      if (dirent.isDirectory()) {
        const node = above ?? { name: dirent.name, type: 'directory', sources: [] };
        node.sources.push(source);
        if (above === undefined) children.set(folded, node);
        const redirect = layer.redirects?.get(source.path);
        if (redirect !== undefined) node.sources.push(...this.#redirected(source, redirect));
        if (redirect !== undefined || layer.opaque?.has(source.path) === true) hidden.add(folded);
      } else {
        hidden.add(folded);
        if (above !== undefined || dirent.isCharacterDevice()) continue;
        const isLink = dirent.isSymbolicLink() && layer.followLinks !== true;
        children.set(folded, { name: dirent.name, type: isLink ? 'symlink' : 'file', sources: [source] });
      }
    }
  }

  /** What a redirected directory shows of the layers below it. */
  #redirected(source: Source, redirect: string): Source[] {
    const parent = source.path.slice(0, Math.max(source.path.lastIndexOf('/'), 0));
    const target = redirect.startsWith('/') ? redirect.slice(1) : joinPath(parent, redirect);
    const below = new ChainView(this.#layers.slice(source.layer + 1));
    const { node } = below.#walk(target.split('/'));
    if (node?.type !== 'directory') return [];
    return node.sources.map(({ layer, path }) => ({ layer: layer + source.layer + 1, path }));
  }

  #entry(path: string, node: ViewNode): LayerViewEntry {
    const [top] = node.sources;
    if (top === undefined) return { path, type: node.type, size: 0 };
    const layer = this.#layers[top.layer]!;
    const hostPath = join(layer.files, top.path);
    if (node.type !== 'file') return { path, type: node.type, size: 0, hostPath };
    return { path, type: 'file', size: sizeOf(hostPath, layer.followLinks === true), hostPath };
  }
}

function detailsOf({ type, metadata, target, tarName }: SidecarEntry): LayerViewDetails {
  return {
    metadata,
    ...(type === '2' && target !== undefined ? { target } : {}),
    ...(tarName === undefined ? {} : { tarName }),
  };
}

function readFolder(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function sizeOf(path: string, follow: boolean): number {
  return follow ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : lstatSync(path).size;
}

function joinPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

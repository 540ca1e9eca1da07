/**
 * The merged view of layers from their sidecars alone. On Windows the folders of layers cannot be merged by looking at them:
 * ImportLayer fills directories with placeholders of the parents' files, which only the layer filter resolves
 * (windows-layers.md 2.2). The sidecar has every entry of the layer's tar, deletions included.
 */
import { win32 } from 'node:path';
import { fileAttribute } from '../../layer/metadata.ts';
import { parseLayerName, parseWhiteout, parseWindowsPath, storedKey } from '../../layer/names.ts';
import { Sidecar } from '../../layer/sidecar.ts';
import type { SidecarEntry } from '../../layer/sidecar.ts';
import { wellKnownSpelling } from '../../layer/spellings.ts';
import type { LayerObjectType, LayerView, LayerViewDetails, LayerViewEntry } from '../../layer/view.ts';

/** One layer of a chain. */
export interface RecordedLayer {
  /** Absolute folder. */
  readonly folder: string;
  readonly sidecar: string;
}

interface Node {
  /** As stored. */
  readonly name: string;
  readonly type: LayerObjectType;
  /** Where its bytes are: the layer's index, and the path below `Files` there. Absent for what no tar described. */
  readonly source?: { readonly layer: number; readonly path: string };
  readonly children: Map<string, Node>;
  readonly size: number;
}

const emptyDirectory = (name: string): Node => ({
  name,
  type: 'directory',
  children: new Map(),
  size: 0,
});

export class RecordedView implements LayerView {
  readonly #layers: readonly RecordedLayer[];
  readonly #sidecars: readonly Sidecar[];
  readonly #root: Node;

  /** `layers`: topmost first. */
  constructor(layers: readonly RecordedLayer[]) {
    this.#layers = layers;
    this.#sidecars = layers.map((layer) => new Sidecar(layer.sidecar));
    this.#root = emptyDirectory('');
    for (let layer = layers.length - 1; layer >= 0; layer -= 1) this.#merge(layer);
  }

  lookup(windowsPath: string): LayerViewEntry | undefined {
    const found = this.#walk(parseWindowsPath(windowsPath));
    return found.node === undefined ? undefined : this.#entry(found.path, found.node);
  }

  canonical(windowsPath: string): string {
    return this.#walk(parseWindowsPath(windowsPath)).path;
  }

  children(path: string): ReadonlyMap<string, { readonly name: string; readonly type: LayerObjectType }> {
    return this.#walk(split(path)).node?.children ?? new Map();
  }

  list(path: string): LayerViewEntry[] {
    const entries = [...(this.#walk(split(path)).node?.children.values() ?? [])].map((node) =>
      this.#entry(joined(path, node.name), node),
    );
    return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  describe(path: string): LayerViewDetails | undefined {
    const { node } = this.#walk(split(path));
    if (node?.source === undefined) return undefined;
    const entry = this.#sidecars[node.source.layer]?.get(rooted(node.source.path));
    if (entry === undefined) return undefined;
    const { metadata, target, tarName, type } = entry;
    return {
      metadata,
      ...(type === '2' && target !== undefined ? { target } : {}),
      ...(tarName === undefined ? {} : { tarName }),
    };
  }

  /** The folder of the layer that has a file's bytes, and their path there; undefined for anything but files. */
  fileOf(path: string): { readonly folder: string; readonly path: string } | undefined {
    const { node } = this.#walk(split(path));
    if (node?.type !== 'file' || node.source === undefined) return undefined;
    return {
      folder: this.#layers[node.source.layer]!.folder,
      path: rooted(node.source.path).replaceAll('/', '\\'),
    };
  }

  #entry(path: string, node: Node): LayerViewEntry {
    const base = { path, type: node.type, size: node.size };
    if (node.source === undefined) return base;
    const { folder } = this.#layers[node.source.layer]!;
    return { ...base, hostPath: win32.join(folder, rooted(node.source.path)) };
  }

  #walk(components: readonly string[]): { path: string; node: Node | undefined } {
    let path = '';
    let node: Node | undefined = this.#root;
    for (const component of components) {
      const child: Node | undefined = node?.children.get(storedKey(component));
      path = joined(path, child?.name ?? wellKnownSpelling(path, component) ?? component);
      node = child;
    }
    return { path, node };
  }

  /** Puts a layer on what is there: deletions first, as they only mean the layers below. */
  #merge(layer: number): void {
    const sidecar = this.#sidecars[layer]!;
    const own = [...sidecar.paths()].filter((path) => path === 'Files' || path.startsWith('Files/'));
    for (const path of own) this.#delete(path);
    const links: SidecarEntry[] = [];
    for (const path of own) {
      const entry = sidecar.get(path)!;
      if (entry.type === '1') links.push(entry);
      if (entry.type === 's' || entry.type === 'w') continue;
      this.#put(layer, entry);
    }
    this.#sizeLinks(links);
  }

  #delete(path: string): void {
    const slash = path.lastIndexOf('/');
    const whiteout = slash < 0 ? undefined : parseWhiteout(path.slice(slash + 1));
    if (whiteout === undefined || whiteout.kind === 'metadata') return;
    const { node } = this.#walk(split(path.slice('Files/'.length, Math.max(slash, 'Files/'.length))));
    if (whiteout.kind === 'opaque') node?.children.clear();
    else node?.children.delete(storedKey(whiteout.name));
  }

  #put(layer: number, entry: SidecarEntry): void {
    const path = entry.path.slice('Files/'.length);
    const names = split(path);
    const leaf = names.pop();
    const type = entry.type === '5' ? 'directory' : entry.type === '2' ? 'symlink' : 'file';
    const source = { layer, path };
    if (leaf === undefined) {
      Object.assign(this.#root, { source });
      return;
    }
    let parent = this.#root;
    for (const name of names) {
      const folded = storedKey(name);
      let child = parent.children.get(folded);
      if (child?.type !== 'directory') parent.children.set(folded, (child = emptyDirectory(name)));
      parent = child;
    }
    const folded = storedKey(leaf);
    const existing = parent.children.get(folded);
    const keeps = existing?.type === 'directory' && type === 'directory';
    parent.children.set(folded, {
      name: existing?.name ?? leaf,
      type,
      source,
      children: keeps ? existing.children : new Map<string, Node>(),
      size: entry.size ?? 0,
    });
  }

  /** A further name of a file is as large as the file, wherever in the tar it came. */
  #sizeLinks(links: readonly SidecarEntry[]): void {
    for (const { path, target } of links) {
      const node = this.#walk(split(path.slice('Files/'.length))).node;
      const seen = new Set<Node>();
      let found = node;
      for (let link = target; link !== undefined;) {
        found = this.#walk(parseLayerName(link).components).node;
        if (found === undefined || seen.has(found)) break;
        seen.add(found);
        const source: Node['source'] = found.source;
        const entry =
          source === undefined ? undefined : this.#sidecars[source.layer]?.get(rooted(source.path));
        link = entry?.type === '1' ? entry.target : undefined;
      }
      if (node !== undefined && found !== undefined) Object.assign(node, { size: found.size });
    }
  }
}

/** Remembers the view that was asked for last: the parts of one build step all look into the same chain. */
export class RecordedViews {
  #key = '';
  #view: RecordedView | undefined;

  /** `layers`: topmost first; what an ID names never changes. */
  of(layers: readonly RecordedLayer[]): RecordedView {
    const key = layers.map(({ sidecar }) => sidecar).join('|');
    if (this.#view === undefined || key !== this.#key) this.#view = new RecordedView(layers);
    this.#key = key;
    return this.#view;
  }
}

const split = (path: string): string[] => (path === '' ? [] : path.split('/'));
const joined = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`);
const rooted = (path: string): string => (path === '' ? 'Files' : `Files/${path}`);

/** Attributes of a directory that no tar described. */
export const plainDirectory = { attributes: fileAttribute.directory, modified: '0' } as const;

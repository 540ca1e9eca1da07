/**
 * A layer store in memory, for tests of everything above the port. Held to the same contract as the stores on disk. Content
 * of scratches is changed with `change`, as there is no file system that a program could write to.
 */
import { Readable } from 'node:stream';
import { chainIdOf } from '../../layer/chain-id.ts';
import { composeLayerTar } from '../../layer/compose.ts';
import { LayerError, noSuchLayer, nothingAt } from '../../layer/layer-error.ts';
import { directorySecurityDescriptor, fileAttribute, fileSecurityDescriptor } from '../../layer/metadata.ts';
import { packEntries } from '../../layer/packer.ts';
import { foldName } from '../../layer/upcase.ts';
import { whiteoutHeader, windowsHeader } from '../../layer/windows-records.ts';
import { MemoryLayerApply } from './layer-apply.ts';
import { MemoryView } from './layer-tree.ts';
import type { ComposeEntry } from '../../layer/compose-entry.ts';
import type { PackItem } from '../../layer/packer.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import type { PortCall } from '../ports/compute.ts';
import type {
  LayerApply,
  LayerChange,
  LayerEntry,
  LayerInfo,
  LayerStore,
  MountedScratch,
  MountOptions,
  TreeEntry,
} from '../ports/layers.ts';
import type { AppliedTree } from './layer-apply.ts';
import type { MemoryNode, MemoryTree } from './layer-tree.ts';

/** Something that a program in the container did below C:. */
export type ScratchChange =
  | { readonly kind: 'write'; readonly path: string; readonly content: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string }
  /** A registry delta that the system left (`porthole-system.delta`). */
  | { readonly kind: 'hive'; readonly name: string; readonly content: string };

export interface MemoryLayerStore extends LayerStore {
  change(key: string, changes: readonly ScratchChange[]): void;
}

interface StoredLayer {
  readonly info: LayerInfo;
  readonly tree: AppliedTree;
}

interface Scratch {
  readonly parents: readonly string[];
  readonly own: MemoryTree;
  readonly hives: Map<string, Buffer>;
}

const idPattern = /^[0-9a-f]{64}$/;
const maxDepth = 125;
const gibibyte = 2 ** 30;
const nothing = Buffer.alloc(0);

/** `root`: what stands for the store's folder in paths. */
export function createMemoryLayers(root = '/memory/windowsfilter'): MemoryLayerStore {
  return new MemoryStore(root);
}

class MemoryStore implements MemoryLayerStore {
  readonly #root: string;
  readonly #layers = new Map<string, StoredLayer>();
  readonly #scratches = new Map<string, Scratch>();
  #clock = 1_700_000_000;

  constructor(root: string) {
    this.#root = root;
  }

  async isPrivileged(): Promise<boolean> {
    return true;
  }

  async openApply(
    id: string | undefined,
    options: PortCall & { parents: readonly string[]; declaredSize?: number },
  ): Promise<LayerApply> {
    if (id !== undefined) checkId(id);
    const { parents } = options;
    if (parents.length + 1 > maxDepth) throw new LayerError('LAYER_DEPTH', 'max depth exceeded');
    this.#requireLayers(parents);
    options.signal?.throwIfAborted();
    return new MemoryLayerApply({
      isBase: parents.length === 0,
      parents: this.#view(parents),
      declaredSize: options.declaredSize,
      publish: (tree) => this.#publish(id ?? chainIdOf(parents[0], tree.diffId), [...parents], tree),
    });
  }

  async get(id: string): Promise<LayerInfo | undefined> {
    checkId(id);
    return this.#layers.get(id)?.info;
  }

  async list(): Promise<LayerInfo[]> {
    return [...this.#layers.keys()].sort().map((id) => this.#layers.get(id)!.info);
  }

  async remove(id: string): Promise<void> {
    checkId(id);
    if (this.#scratches.has(id)) throw new LayerError('LAYER_EXISTS', `${id} is a container's layer`);
    this.#layers.delete(id);
  }

  async compose(
    parents: readonly string[],
    entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
    options: PortCall & { now: number },
  ): Promise<Readable> {
    this.#requireLayers(parents);
    return composeLayerTar(entries, { ...options, parents: this.#view(parents) });
  }

  async *readTree(key: string, windowsPath: string, call: PortCall = {}): AsyncIterable<TreeEntry> {
    const view = this.#viewOf(key);
    const root = view.node(windowsPath);
    if (root === undefined) throw nothingAt(windowsPath);
    const skipped = root.path === '' ? 0 : root.path.length + 1;
    for (const node of walk(view, root)) {
      call.signal?.throwIfAborted();
      yield {
        path: node.path.slice(skipped),
        type: node.type === 'whiteout' ? 'file' : node.type,
        size: node.content.length,
        metadata: node.metadata,
        ...(node.target === undefined ? {} : { target: node.target }),
        open: () => Readable.from(node.content.length === 0 ? [] : [node.content]),
      };
    }
  }

  async sweep(): Promise<void> {
    // Nothing outlives its owner here.
  }

  async createScratch(
    key: string,
    options: PortCall & { parents: readonly string[]; sizeBytes?: number; osVersion?: string },
  ): Promise<void> {
    checkId(key);
    const { parents, sizeBytes } = options;
    if (parents.length > maxDepth) throw new LayerError('LAYER_DEPTH', 'max depth exceeded');
    this.#requireLayers(parents);
    if (this.#layers.has(key) || this.#scratches.has(key))
      throw new LayerError('LAYER_EXISTS', `mount already exists with name ${key}`);
    if (sizeBytes !== undefined && !(sizeBytes >= 20 * gibibyte && sizeBytes <= 64 * 1024 * gibibyte))
      throw new LayerError(
        'LAYER_SIZE_INVALID',
        `invalid storage size ${sizeBytes}: a container's disk has from 20GB to 64TB`,
      );
    this.#scratches.set(key, { parents: [...parents], own: new Map(), hives: new Map() });
  }

  async mount(key: string, { attach = true }: MountOptions = {}): Promise<MountedScratch> {
    const { parents } = this.#scratch(key);
    this.#requireLayers(parents);
    const folder = `${this.#root}/${key}`;
    const layers = parents.map((id) => ({ Id: guidOf(id), Path: `${this.#root}/${id}` }));
    return { volumePath: attach ? folder : '', folder, layers };
  }

  async unmount(key: string): Promise<void> {
    checkId(key);
  }

  async removeScratch(key: string): Promise<void> {
    checkId(key);
    if (this.#layers.has(key)) throw new LayerError('LAYER_EXISTS', `${key} is an image's layer`);
    this.#scratches.delete(key);
  }

  async listScratches(): Promise<string[]> {
    return [...this.#scratches.keys()].sort();
  }

  async diff(key: string, call: PortCall = {}): Promise<Readable> {
    const scratch = this.#scratch(key);
    const items = this.#items(scratch);
    return Readable.from(packEntries(items, call.signal), { objectMode: false });
  }

  async changes(key: string): Promise<LayerChange[]> {
    const { own, parents, hives } = this.#scratch(key);
    const view = this.#view(parents);
    const files = inTarOrder(own).flatMap((node): LayerChange[] => {
      const isNew = view.lookup(node.path)?.type !== node.type;
      const kind = node.type === 'whiteout' ? 'deleted' : isNew ? 'added' : 'modified';
      const hidden = hiddenBy(node, own, view).map(
        (path) => ({ path: `Files/${path}`, kind: 'deleted' }) as const,
      );
      return [{ path: `Files/${node.path}`, kind }, ...hidden];
    });
    return [
      ...files,
      ...[...hives.keys()].sort().map((name) => ({ path: `Hives/${name}`, kind: 'modified' }) as const),
    ];
  }

  async usage(key: string): Promise<{ readonly size: number }> {
    const { own } = this.#scratch(key);
    return { size: [...own.values()].reduce((sum, node) => sum + node.content.length, 0) };
  }

  async stat(key: string, windowsPath: string): Promise<LayerEntry | undefined> {
    const entry = this.#viewOf(key).lookup(windowsPath);
    return entry === undefined ? undefined : { path: entry.path, type: entry.type, size: entry.size };
  }

  change(key: string, changes: readonly ScratchChange[]): void {
    const scratch = this.#scratch(key);
    for (const change of changes) {
      this.#clock += 1;
      if (change.kind === 'hive') scratch.hives.set(change.name, Buffer.from(change.content));
      else if (change.kind === 'remove') this.#removeFrom(scratch, change.path);
      else this.#put(scratch, change.path, change.kind === 'write' ? Buffer.from(change.content) : undefined);
    }
  }

  #publish(id: string, parents: string[], tree: AppliedTree): LayerInfo {
    const existing = this.#layers.get(id);
    if (existing !== undefined) return existing.info;
    const { diffId, size, entries } = tree;
    const info = { id, diffId, size, entries, parents, path: `${this.#root}/${id}` };
    this.#layers.set(id, { info, tree });
    return info;
  }

  /** `content` undefined: a directory. */
  #put(scratch: Scratch, windowsPath: string, content: Buffer | undefined): void {
    const view = this.#scratchView(scratch);
    const path = view.canonical(windowsPath);
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1)
      this.#copyUp(scratch, view, names.slice(0, depth).join('/'));
    const modified = String(this.#clock);
    const known = view.node(path);
    const hidden = scratch.own.get(foldName(path))?.type === 'whiteout';
    if (content === undefined && known?.type === 'directory') return;
    const kept: Partial<WindowsMetadata> = hidden ? {} : (known?.metadata ?? {});
    const metadata = { ...(content === undefined ? newDirectory : newFile), ...kept, modified };
    const type = content === undefined ? 'directory' : 'file';
    scratch.own.set(foldName(path), { path, type, content: content ?? nothing, metadata, isOpaque: hidden });
  }

  #copyUp(scratch: Scratch, view: MemoryView, path: string): void {
    const folded = foldName(path);
    const own = scratch.own.get(folded);
    if (own?.type === 'directory') return;
    const metadata = view.node(path)?.metadata ?? { ...newDirectory, modified: String(this.#clock) };
    scratch.own.set(folded, {
      path,
      type: 'directory',
      content: nothing,
      metadata,
      isOpaque: own !== undefined,
    });
  }

  #removeFrom(scratch: Scratch, windowsPath: string): void {
    const path = this.#scratchView(scratch).canonical(windowsPath);
    const folded = foldName(path);
    for (const key of scratch.own.keys())
      if (key === folded || key.startsWith(`${folded}/`)) scratch.own.delete(key);
    const below = this.#view(scratch.parents);
    if (below.lookup(path) === undefined) return;
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1)
      this.#copyUp(scratch, below, names.slice(0, depth).join('/'));
    scratch.own.set(folded, { path, type: 'whiteout', content: nothing, metadata: newFile });
  }

  *#items({ own, parents, hives }: Scratch): Generator<PackItem> {
    const view = this.#view(parents);
    const root = view.describe('')?.metadata ?? { ...newDirectory, modified: '0' };
    yield { header: windowsHeader('Files', 'directory', root) };
    for (const node of inTarOrder(own)) {
      const name = `Files/${node.path}`;
      if (node.type === 'whiteout') yield { header: whiteoutHeader(name) };
      else if (node.type === 'file')
        yield {
          header: windowsHeader(name, 'file', node.metadata, { size: node.content.length }),
          content: { bytes: node.content },
        };
      else yield { header: windowsHeader(name, 'directory', node.metadata) };
      for (const path of hiddenBy(node, own, view)) yield { header: whiteoutHeader(`Files/${path}`) };
    }
    yield { header: windowsHeader('Hives', 'directory', { ...newDirectory, modified: '0' }) };
    for (const name of [...hives.keys()].sort()) {
      const bytes = hives.get(name)!;
      yield {
        header: windowsHeader(`Hives/${name}`, 'file', { ...newFile, modified: '0' }, { size: bytes.length }),
        content: { bytes },
      };
    }
  }

  #scratch(key: string): Scratch {
    checkId(key);
    const scratch = this.#scratches.get(key);
    if (scratch === undefined) throw noSuchLayer(key);
    return scratch;
  }

  #requireLayers(ids: readonly string[]): void {
    for (const id of ids) {
      checkId(id);
      if (!this.#layers.has(id)) throw noSuchLayer(id);
    }
  }

  #view(ids: readonly string[]): MemoryView {
    return new MemoryView(ids.map((id) => this.#layers.get(id)!.tree.files));
  }

  #scratchView({ own, parents }: Scratch): MemoryView {
    return new MemoryView([own, ...parents.map((id) => this.#layers.get(id)!.tree.files)]);
  }

  #viewOf(key: string): MemoryView {
    checkId(key);
    const layer = this.#layers.get(key);
    return layer === undefined
      ? this.#scratchView(this.#scratch(key))
      : this.#view([key, ...layer.info.parents]);
  }
}

const newDirectory = {
  attributes: fileAttribute.directory,
  securityDescriptor: directorySecurityDescriptor,
  modified: '0',
};
const newFile = {
  attributes: fileAttribute.archive,
  securityDescriptor: fileSecurityDescriptor,
  modified: '0',
};

function* walk(view: MemoryView, node: MemoryNode): Generator<MemoryNode> {
  yield node;
  for (const child of view.list(node.path)) yield* walk(view, view.node(child.path)!);
}

/** What an opaque directory hides of the parents: everything there that it does not bring again. */
function hiddenBy(node: MemoryNode, own: MemoryTree, parents: MemoryView): string[] {
  if (node.isOpaque !== true) return [];
  const folded = foldName(node.path);
  const hidden = [...parents.children(node.path)].filter(([name]) => !own.has(`${folded}/${name}`));
  return hidden.map(([, child]) => `${node.path}/${child.name}`).sort();
}

/** A directory, its whiteouts, its other children. */
function inTarOrder(tree: MemoryTree): MemoryNode[] {
  const nodes = [...tree.values()].filter((node) => node.path !== '');
  const order = (parent: string): MemoryNode[] => {
    const children = nodes.filter(
      (node) => node.path.slice(0, Math.max(node.path.lastIndexOf('/'), 0)) === parent,
    );
    children.sort(
      (a, b) => Number(b.type === 'whiteout') - Number(a.type === 'whiteout') || (a.path < b.path ? -1 : 1),
    );
    return children.flatMap((node) => [node, ...(node.type === 'directory' ? order(node.path) : [])]);
  };
  return order('');
}

function checkId(id: string): void {
  if (!idPattern.test(id))
    throw new LayerError('LAYER_PATH_INVALID', `invalid layer id ${JSON.stringify(id)}`);
}

/** Any GUID will do: nothing reads it. */
function guidOf(id: string): string {
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20, 32)].join('-');
}

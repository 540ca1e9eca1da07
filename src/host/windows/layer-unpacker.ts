/**
 * Unpacks one layer tar on Windows: the same rules, names and sidecar as on Linux (src/layer/applier.ts), with objects written
 * as backup streams. The tar is parsed as it comes; what an entry asks for is queued and written before `write` resolves.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { deletionsOf } from '../../layer/deletions.ts';
import { EntryRules } from '../../layer/entry-rules.ts';
import { missingTarget } from '../../layer/layer-error.ts';
import { LayerTree } from '../../layer/layer-tree.ts';
import { LayerBudget } from '../../layer/limits.ts';
import { storedKey } from '../../layer/names.ts';
import { SidecarWriter, sidecarEntryOf, sidecarName } from '../../layer/sidecar.ts';
import { TarParser } from '../../layer/tar-reader.ts';
import { metadataOfEntry } from '../../layer/windows-records.ts';
import type { EntryMeaning, EntryPlace, LinkTarget } from '../../layer/entry-rules.ts';
import type { LayerDirectory, TreeHost } from '../../layer/layer-tree.ts';
import type { LayerLimits } from '../../layer/limits.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import type { LayerRoot } from '../../layer/names.ts';
import type { TarEntry, TarSink } from '../../layer/tar-reader.ts';
import type { LayerView } from '../../layer/view.ts';
import { alternateStreamHeader, backupPrefix } from './backup-stream.ts';
import { withBinarySecurity } from './layer-objects.ts';
import type { LayerTarget } from './layer-target.ts';
import { plainDirectory } from './recorded-view.ts';
import { WriteQueue } from './write-queue.ts';

export interface UnpackerOptions {
  readonly folder: string;
  readonly target: LayerTarget;
  /** The merged parents; absent for a base layer. */
  readonly parents: LayerView | undefined;
  /** Folder of the topmost parent that has a utility VM. */
  readonly utilityVmParent: string | undefined;
  readonly limits: LayerLimits;
  readonly declaredSize: number | undefined;
}

/** A file with two names. `from` and `to` are below the layer, with backslashes. */
export interface PendingLink {
  readonly to: string;
  readonly from: string;
  /** Not in this layer: `from` is a path below C: of the parents. */
  readonly inherited: boolean;
}

export interface UnpackedLayer {
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  /** What comes after ImportLayer, for layers that go through it. */
  readonly whiteouts: readonly string[];
  readonly links: readonly PendingLink[];
  /** Children before their parents. */
  readonly directories: readonly (readonly [path: string, metadata: WindowsMetadata])[];
  readonly hasUtilityVm: boolean;
}

interface HardLink {
  readonly entryName: string;
  readonly root: LayerRoot;
  readonly path: string;
  readonly target: LinkTarget;
}

type ObjectMeaning = Extract<EntryMeaning, EntryPlace & { kind: 'file' | 'symlink' | 'hardLink' }>;

const objectTypes = { file: '0', hardLink: '1', symlink: '2' } as const;
const windowsPath = (path: string): string => path.replaceAll('/', '\\');

export class LayerUnpacker implements TarSink {
  readonly #options: UnpackerOptions;
  readonly #hash = createHash('sha256');
  readonly #parser = new TarParser(this);
  readonly #rules: EntryRules;
  readonly #sidecar: SidecarWriter;
  readonly #queue: WriteQueue;
  readonly #trees = new Map<LayerRoot, LayerTree>();
  readonly #described = new Map<string, WindowsMetadata>();
  /** Made, but not described. */
  readonly #silent = new Map<string, { readonly root: LayerRoot; readonly path: string }>();
  readonly #hardLinks: HardLink[] = [];
  readonly #budget: LayerBudget;
  /** Stored path of the object that streams may follow. */
  #owner = '';
  #size = 0;
  #closed = false;

  constructor(options: UnpackerOptions) {
    this.#options = options;
    this.#rules = new EntryRules(options.parents === undefined);
    this.#budget = new LayerBudget(options.limits, options.declaredSize);
    this.#sidecar = new SidecarWriter(join(options.folder, sidecarName));
    this.#queue = new WriteQueue(options.target);
    this.#tree('Files');
  }

  async write(chunk: Buffer): Promise<void> {
    this.#budget.takeBytes(chunk.length);
    this.#hash.update(chunk);
    this.#parser.push(chunk);
    await this.#queue.drain();
  }

  /** The stream is over: everything in place is written; what must come after ImportLayer is told. */
  async finish(): Promise<UnpackedLayer> {
    this.#parser.finish();
    this.#describeSilent();
    await this.#queue.finish();
    const { target, parents } = this.#options;
    const links = this.#hardLinks.map((link) => this.#resolve(link));
    await this.#linkDirectly(links.filter(({ to }) => target.isDirect(to)));
    await target.finish();
    const directories = this.#directories();
    for (const [path, metadata] of directories)
      if (target.isDirect(path)) await target.setDirectoryTimes(path, metadata);
    this.#closed = true;
    this.#sidecar.close();
    return {
      diffId: `sha256:${this.#hash.digest('hex')}`,
      size: this.#size,
      entries: this.#budget.entries,
      whiteouts: parents === undefined ? [] : this.#whiteoutPaths(parents),
      links: links.filter(({ to }) => !target.isDirect(to)),
      directories: directories.filter(([path]) => !target.isDirect(path)),
      hasUtilityVm: this.#trees.get('UtilityVM')?.find(['Files']) !== undefined,
    };
  }

  /** Gives open files back after an error. Safe to call twice. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sidecar.abandon();
    await this.#queue.abandon();
  }

  entry(entry: TarEntry): void {
    this.#budget.takeEntry(entry);
    const meaning = this.#rules.read(entry);
    switch (meaning.kind) {
      case 'ignored':
        return;
      case 'root':
        return this.#directory(entry, meaning.root, []);
      case 'directory':
        return this.#directory(entry, meaning.root, [...meaning.parent, meaning.leaf]);
      case 'stream':
        return this.#stream(entry, meaning.name);
      case 'whiteout':
        return this.#whiteout(entry, meaning);
      default:
        return this.#object(entry, meaning);
    }
  }

  data(chunk: Buffer, start: number, end: number): void {
    this.#queue.data(chunk.subarray(start, end));
  }

  end(): void {
    // The object stays open: streams of it may follow.
  }

  #tree(root: LayerRoot): LayerTree {
    let tree = this.#trees.get(root);
    if (tree === undefined) {
      if (root === 'UtilityVM') this.#queue.cloneUtilityVm(this.#options.utilityVmParent);
      const view = root === 'Files' ? this.#options.parents : undefined;
      const host: TreeHost = {
        makeDirectory: (directory) => this.#makeDirectory(root, directory),
        storedName: (component) => component,
      };
      tree = new LayerTree(root, root, view, this.#options.limits.hostPathBytes, host);
      this.#trees.set(root, tree);
    }
    return tree;
  }

  #makeDirectory(root: LayerRoot, directory: LayerDirectory): void {
    const path = storedPath(root, directory.path);
    this.#silent.set(path, { root, path: directory.path });
    this.#queue.directory(windowsPath(path));
  }

  #describe(path: string, metadata: WindowsMetadata): void {
    const binary = withBinarySecurity(metadata, path);
    this.#silent.delete(path);
    this.#described.set(path, binary);
    const stream = backupPrefix({ type: 'directory', metadata: binary, size: 0, linkName: '' });
    this.#queue.object(windowsPath(path), 'directory', binary, stream);
  }

  /** Directories without an entry of their own are as the parents have them: ImportLayer wants every one described. */
  #describeSilent(): void {
    for (const [stored, { root, path }] of this.#silent) {
      const inherited = root === 'Files' ? this.#options.parents?.describe(path)?.metadata : undefined;
      if (inherited !== undefined) this.#describe(stored, inherited);
      else if (!this.#options.target.isDirect(windowsPath(stored)))
        this.#queue.object(windowsPath(stored), 'directory', plainDirectory, Buffer.alloc(0));
    }
  }

  #directory(entry: TarEntry, root: LayerRoot, components: readonly string[]): void {
    const directory = this.#tree(root).directory(components);
    this.#owner = storedPath(root, directory.path);
    const metadata = metadataOfEntry(entry);
    this.#record(entry, this.#owner, '5', metadata);
    this.#describe(this.#owner, metadata);
  }

  #object(entry: TarEntry, meaning: ObjectMeaning): void {
    const { root, leaf } = meaning;
    const tree = this.#tree(root);
    const directory = tree.directory(meaning.parent);
    const { folded, name, isRepeated } = tree.claim(directory, leaf);
    tree.hostPath(directory, name);
    const stored = `${root}/${directory.pathOf(name)}`;
    if (isRepeated) this.#forget(stored);
    const kind = meaning.kind === 'symlink' ? 'symlink' : 'file';
    directory.children.set(folded, { kind, name, literal: leaf });
    const metadata = metadataOfEntry(entry);
    this.#record(entry, stored, objectTypes[meaning.kind], metadata);
    if (meaning.kind === 'hardLink') {
      this.#hardLinks.push({ entryName: entry.name, root, path: stored, target: meaning.target });
      return;
    }
    const binary = withBinarySecurity(metadata, entry.name);
    const { size, linkName } = entry;
    const isHive = root === 'Hives';
    const prefix = isHive ? Buffer.alloc(0) : backupPrefix({ type: kind, metadata: binary, size, linkName });
    this.#queue.object(windowsPath(stored), kind, binary, prefix);
    if (kind === 'file') this.#size += size;
    this.#owner = stored;
  }

  #forget(stored: string): void {
    const index = this.#hardLinks.findIndex(({ path }) => path === stored);
    if (index >= 0) this.#hardLinks.splice(index, 1);
    else this.#queue.remove(windowsPath(stored));
  }

  #stream(entry: TarEntry, name: string): void {
    const metadata = metadataOfEntry(entry);
    this.#sidecar.add({
      path: `${this.#owner}:${name}`,
      type: 's',
      metadata,
      size: entry.size,
      tarName: entry.name,
    });
    this.#queue.more(alternateStreamHeader(name, entry.size));
  }

  #whiteout(
    entry: TarEntry,
    { root, parent, leaf, name }: Extract<EntryMeaning, { kind: 'whiteout' }>,
  ): void {
    const tree = this.#tree(root);
    const directory = tree.directory(parent);
    this.#record(entry, `${root}/${directory.pathOf(leaf)}`, 'w', metadataOfEntry(entry));
    if (root === 'UtilityVM') {
      // Its clone is here already (windows-layers.md 4.5).
      if (name !== undefined) this.#queue.remove(windowsPath(`${root}/${directory.pathOf(name)}`));
    } else if (name === undefined) {
      directory.isOpaque = true;
    } else {
      (directory.whiteouts ??= new Map()).set(storedKey(name), name);
    }
  }

  #resolve({ entryName, root, path, target }: HardLink): PendingLink {
    const { components } = target;
    const to = windowsPath(path);
    const own = this.#trees.get(target.root)?.find(components);
    const folder = this.#trees.get(target.root)?.find(components.slice(0, -1));
    if (own?.kind === 'file' && folder?.kind === 'directory') {
      const from = `${target.root}/${folder.pathOf(own.name)}`;
      if (from !== path) return { to, from: windowsPath(from), inherited: false };
    }
    const inherited =
      own === undefined && target.root === 'Files'
        ? this.#options.parents?.lookup(components.join('/'))
        : undefined;
    if (inherited?.type !== 'file' || root !== 'Files')
      throw missingTarget(entryName, target.root, components);
    this.#size += inherited.size;
    return { to, from: inherited.path, inherited: true };
  }

  /** Links to links that were not made yet wait for them; what is left then leads in a circle. */
  async #linkDirectly(links: readonly PendingLink[]): Promise<void> {
    for (const link of inOrder(links)) {
      if ((await this.#options.target.link(link.source, link.to)) === 'copied') link.copied();
    }
  }

  /** Names that ImportLayer brought back and that this layer deletes, below C:. */
  #whiteoutPaths(parents: LayerView): string[] {
    return deletionsOf(this.#tree('Files').root, parents).map(({ directory, name }) =>
      windowsPath(`Files/${directory.pathOf(name)}`),
    );
  }

  #directories(): (readonly [string, WindowsMetadata])[] {
    const depth = (path: string): number => path.split('/').length;
    return [...this.#described]
      .sort(([a], [b]) => depth(b) - depth(a))
      .map(([path, metadata]) => [windowsPath(path), metadata] as const);
  }

  #record(entry: TarEntry, path: string, type: '0' | '1' | '2' | '5' | 'w', metadata: WindowsMetadata): void {
    this.#sidecar.add(sidecarEntryOf(entry, path, type, metadata));
  }
}

function storedPath(root: LayerRoot, path: string): string {
  return path === '' ? root : `${root}/${path}`;
}

export interface OrderedLink {
  /** Where the content is now: the target, or its newest copy. */
  readonly source: string;
  readonly to: string;
  readonly inherited: boolean;
  /** The target had as many names as NTFS allows: further ones are this copy's. */
  copied(): void;
}

/** Links in an order in which every source exists. A circle has no file in it: it is left out by the rules before. */
export function* inOrder(links: readonly PendingLink[]): Generator<OrderedLink> {
  const waiting = new Map(links.map((link) => [link.to.toLowerCase(), link]));
  const newest = new Map<string, string>();
  const visited = new Set<string>();
  function* visit(link: PendingLink): Generator<OrderedLink> {
    const key = link.to.toLowerCase();
    if (visited.has(key)) return;
    visited.add(key);
    const before = link.inherited ? undefined : waiting.get(link.from.toLowerCase());
    if (before !== undefined) yield* visit(before);
    yield {
      to: link.to,
      inherited: link.inherited,
      source: newest.get(link.from) ?? link.from,
      copied: () => void newest.set(link.from, link.to),
    };
  }
  for (const link of links) yield* visit(link);
}

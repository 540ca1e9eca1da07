import { createHash } from 'node:crypto';
import { asError } from '../../errors/porthole-error.ts';
import { checkDiffId } from '../../layer/chain-id.ts';
import { EntryRules } from '../../layer/entry-rules.ts';
import { LayerError, missingTarget } from '../../layer/layer-error.ts';
import { conflict } from '../../layer/layer-tree.ts';
import { LayerBudget, defaultLayerLimits } from '../../layer/limits.ts';
import { TarParser } from '../../layer/tar-reader.ts';
import { foldName } from '../../layer/upcase.ts';
import { metadataOfEntry } from '../../layer/windows-records.ts';
import type { MemoryView } from './layer-tree.ts';
import type { EntryMeaning, EntryPlace, LinkTarget } from '../../layer/entry-rules.ts';
import type { TarEntry, TarSink } from '../../layer/tar-reader.ts';
import type { LayerApply, LayerInfo } from '../ports/layers.ts';
import type { MemoryNode, MemoryTree } from './layer-tree.ts';

export interface AppliedTree {
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  readonly files: MemoryTree;
  /** Name -> content of `Hives`. */
  readonly hives: Map<string, Buffer>;
}

interface PendingLink {
  readonly node: MemoryNode;
  readonly name: string;
  readonly target: LinkTarget;
}

const nothing = Buffer.alloc(0);

/** The same rules and errors as a store on disk has, with maps for folders. */
export class MemoryLayerApply implements LayerApply, TarSink {
  readonly #parents: MemoryView;
  readonly #rules: EntryRules;
  readonly #budget: LayerBudget;
  readonly #publish: (tree: AppliedTree) => LayerInfo;
  readonly #hash = createHash('sha256');
  readonly #parser = new TarParser(this);
  readonly #files: MemoryTree = new Map();
  readonly #literals = new Map<string, string>();
  readonly #hives = new Map<string, Buffer>();
  readonly #links: PendingLink[] = [];
  #body: Buffer[] = [];
  #finishBody: (content: Buffer) => void = () => undefined;
  #size = 0;
  #failure: Error | undefined;

  constructor(options: {
    readonly isBase: boolean;
    readonly parents: MemoryView;
    readonly declaredSize: number | undefined;
    readonly publish: (tree: AppliedTree) => LayerInfo;
  }) {
    this.#parents = options.parents;
    this.#rules = new EntryRules(options.isBase);
    this.#budget = new LayerBudget(defaultLayerLimits, options.declaredSize);
    this.#publish = options.publish;
  }

  write(chunk: Uint8Array): void {
    this.#check();
    try {
      this.#budget.takeBytes(chunk.length);
      this.#hash.update(chunk);
      this.#parser.push(Buffer.from(chunk));
    } catch (error) {
      this.#failure = asError(error);
      throw error;
    }
  }

  async commit(expectedDiffId?: string): Promise<LayerInfo> {
    this.#check();
    try {
      this.#parser.finish();
      for (const link of this.#links) this.#link(link);
      const diffId = `sha256:${this.#hash.digest('hex')}`;
      checkDiffId(expectedDiffId, diffId);
      return this.#publish({
        diffId,
        size: this.#size,
        entries: this.#budget.entries,
        files: ordered(this.#files),
        hives: this.#hives,
      });
    } finally {
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    this.#failure ??= new LayerError('LAYER_NOT_FOUND', 'the layer was given up');
  }

  entry(entry: TarEntry): void {
    this.#budget.takeEntry(entry);
    const meaning = this.#rules.read(entry);
    this.#body = [];
    this.#finishBody = () => undefined;
    if (meaning.kind === 'ignored' || meaning.kind === 'stream') {
      if (meaning.kind === 'stream') metadataOfEntry(entry);
      return;
    }
    const metadata = metadataOfEntry(entry);
    if (meaning.kind === 'root') {
      if (meaning.root === 'Files')
        this.#files.set('', { path: '', type: 'directory', content: nothing, metadata });
    } else if (meaning.root === 'Hives' && meaning.kind === 'file') {
      this.#finishBody = (content) => this.#hives.set(meaning.leaf, content);
      this.#size += entry.size;
    } else if (meaning.root === 'UtilityVM' && meaning.kind === 'file') {
      this.#size += entry.size;
    } else if (meaning.root === 'Files') {
      this.#object(entry, meaning);
    }
  }

  data(chunk: Buffer, start: number, end: number): void {
    this.#body.push(Buffer.from(chunk.subarray(start, end)));
  }

  end(): void {
    this.#finishBody(Buffer.concat(this.#body));
  }

  #object(entry: TarEntry, meaning: Extract<EntryMeaning, EntryPlace>): void {
    const metadata = metadataOfEntry(entry);
    const parent = this.#makeParents(meaning.parent);
    const node = { content: nothing, metadata };
    if (meaning.kind === 'whiteout') {
      if (meaning.name === undefined) {
        const directory = this.#files.get(foldName(parent)) ?? {
          ...node,
          path: parent,
          type: 'directory' as const,
        };
        this.#files.set(foldName(parent), { ...directory, isOpaque: true });
        return;
      }
      const path = this.#spell(parent, meaning.name);
      const folded = foldName(path);
      const own = this.#files.get(folded);
      // Brought again by this layer: the new one, and nothing of the old.
      if (own === undefined) this.#files.set(folded, { ...node, path, type: 'whiteout' });
      else this.#files.set(folded, { ...own, isOpaque: true });
      return;
    }
    const path = this.#spell(parent, meaning.leaf);
    const folded = foldName(path);
    const existing = this.#files.get(folded);
    const wasHidden = existing?.type === 'whiteout';
    if (existing !== undefined && !wasHidden) {
      const isSameDirectory = existing.type === 'directory' && meaning.kind === 'directory';
      const isSameFile = existing.type !== 'directory' && meaning.kind !== 'directory';
      if (!isSameDirectory && !(isSameFile && this.#literals.get(folded) === meaning.leaf))
        throw conflict(`Files/${parent === '' ? '' : `${parent}/`}${meaning.leaf}`);
    }
    this.#literals.set(folded, meaning.leaf);
    const isOpaque = wasHidden || existing?.isOpaque === true;
    const type = meaning.kind === 'hardLink' ? 'file' : meaning.kind;
    const target = meaning.kind === 'symlink' ? { target: entry.linkName } : {};
    const made: MemoryNode = { ...node, path, type, isOpaque, ...target };
    this.#files.set(folded, made);
    if (meaning.kind === 'hardLink')
      this.#links.push({ node: made, name: entry.name, target: meaning.target });
    if (meaning.kind !== 'file') return;
    this.#size += entry.size;
    this.#finishBody = (content) => this.#files.set(folded, { ...made, content });
  }

  #makeParents(components: readonly string[]): string {
    let path = '';
    for (const component of components) {
      path = this.#spell(path, component);
      const existing = this.#files.get(foldName(path));
      if (existing?.type === 'directory') continue;
      if (existing !== undefined && existing.type !== 'whiteout') throw conflict(`Files/${path}`);
      const metadata = this.#parents.describe(path)?.metadata ?? { attributes: 0x10, modified: '0' };
      const isOpaque = existing !== undefined;
      this.#files.set(foldName(path), { path, type: 'directory', content: nothing, metadata, isOpaque });
    }
    return path;
  }

  #spell(parent: string, name: string): string {
    const path = parent === '' ? name : `${parent}/${name}`;
    return this.#files.get(foldName(path))?.path ?? this.#parents.canonical(path);
  }

  #link({ node, name, target }: PendingLink): void {
    const path = target.components.join('/');
    const own = target.root === 'Files' ? this.#files.get(foldName(path)) : undefined;
    const inherited = own === undefined && target.root === 'Files' ? this.#parents.node(path) : undefined;
    const found = own ?? inherited;
    if (found?.type !== 'file' || found === node) throw missingTarget(name, target.root, target.components);
    if (own === undefined) this.#size += found.content.length;
    this.#files.set(foldName(node.path), { ...node, content: found.content });
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Parents before children whatever the tar's order was. */
function ordered(tree: MemoryTree): MemoryTree {
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

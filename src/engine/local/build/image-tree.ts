import type { SourceEntry, SourceTree } from '../../../build/source-tree.ts';
import { splitPath } from '../../../build/source-tree.ts';
import { isKind } from '../../../errors/porthole-error.ts';
import type { LayerStore, TreeEntry } from '../../../host/ports/layers.ts';

const maxLinks = 40;

/** The files of an image as COPY --from sees them: what a container on its topmost layer would see on C:. */
export class ImageTree implements SourceTree {
  readonly #layers: Pick<LayerStore, 'readTree' | 'stat'>;
  readonly #layerId: string | undefined;
  readonly #signal: AbortSignal | undefined;

  /** `layerId`: the topmost layer; undefined for an image without layers, which holds nothing. */
  constructor(
    layers: Pick<LayerStore, 'readTree' | 'stat'>,
    layerId: string | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#layers = layers;
    this.#layerId = layerId;
    this.#signal = signal;
  }

  async find(path: string): Promise<SourceEntry | undefined> {
    let names = splitPath(path.replace(/^[A-Za-z]:/, ''));
    for (let links = 0; links < maxLinks; links++) {
      const entry = await this.#first(names);
      if (!entry) return undefined;
      if (entry.type !== 'symlink') return sourceEntry(entry, names.join('/'));
      names = linkTarget(names, entry.target ?? '');
    }
    return undefined;
  }

  async *below(entry: SourceEntry): AsyncIterable<SourceEntry> {
    if (this.#layerId === undefined) return;
    for await (const found of this.#layers.readTree(
      this.#layerId,
      windowsPath(splitPath(entry.path)),
      this.#call(),
    )) {
      yield sourceEntry(found, [entry.path, found.path].filter((part) => part !== '').join('/'));
    }
  }

  /** The object itself, without what is below. */
  async #first(names: readonly string[]): Promise<TreeEntry | undefined> {
    if (this.#layerId === undefined) return undefined;
    try {
      for await (const entry of this.#layers.readTree(this.#layerId, windowsPath(names), this.#call()))
        return entry;
    } catch (error) {
      if (!isKind(error, 'notFound', 'LAYER_PATH_NOT_FOUND')) throw error;
    }
    return undefined;
  }

  #call(): { signal?: AbortSignal } {
    return this.#signal ? { signal: this.#signal } : {};
  }
}

function windowsPath(names: readonly string[]): string {
  return `C:\\${names.join('\\')}`;
}

function linkTarget(link: readonly string[], target: string): string[] {
  const isRooted = /^(?:[A-Za-z]:)?[\\/]/.test(target);
  const names = isRooted ? [] : [...link.slice(0, -1)];
  for (const name of splitPath(target.replace(/^[A-Za-z]:/, ''))) {
    if (name === '..') names.pop();
    else names.push(name);
  }
  return names;
}

function sourceEntry(entry: TreeEntry, path: string): SourceEntry {
  const { hostPath } = entry;
  return {
    path,
    type: entry.type,
    size: entry.type === 'file' ? entry.size : 0,
    // Windows files have no permission bits: a constant keeps cache keys steady.
    mode: 0o755,
    metadata: entry.metadata,
    ...(entry.target === undefined ? {} : { target: entry.target }),
    ...(entry.type === 'file'
      ? { content: hostPath === undefined ? { open: () => entry.open() } : { hostPath } }
      : {}),
  };
}

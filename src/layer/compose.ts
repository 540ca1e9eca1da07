/** Layer tars from lists of files: what COPY, ADD and WORKDIR put into an image without running anything. */
import { lstatSync } from 'node:fs';
import { Readable } from 'node:stream';
import { LayerError } from './layer-error.ts';
import { directorySecurityDescriptor, fileAttribute, fileSecurityDescriptor } from './metadata.ts';
import { nameProblem, parseWindowsPath } from './names.ts';
import { packEntries } from './packer.ts';
import { paxTimeOfMilliseconds, paxTimeOfNanoseconds } from './pax.ts';
import { wellKnownSpelling } from './spellings.ts';
import { foldName } from './upcase.ts';
import { whiteoutHeader, windowsHeader } from './windows-records.ts';
import type { ComposeEntry } from './compose-entry.ts';
import type { PaxTime, WindowsMetadata } from './metadata.ts';
import type { PackItem } from './packer.ts';
import type { LayerView } from './view.ts';

export interface ComposeOptions {
  /** The merged parents: gives spelling and metadata of directories that exist. Absent = nothing below. */
  readonly parents?: LayerView;
  /** Time of entries without one, milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/**
 * A layer tar of the entries, in their order, with every parent directory before its children (windows-layers.md 1.4).
 * The same entries give the same bytes. Errors: `LayerError` for a path that Windows could not hold (7.5), for a file
 * whose size is not `size` when read.
 */
export function composeLayerTar(
  entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
  options: ComposeOptions,
): Readable {
  return Readable.from(compose(entries, options), { objectMode: false, highWaterMark: 1 << 20 });
}

/** Attributes that describe how a volume stores a file, not the file. */
const volumeAttributes = fileAttribute.compressed | fileAttribute.encrypted | fileAttribute.offline;
const maxLinkHops = 32;

async function* compose(
  entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>,
  options: ComposeOptions,
): AsyncGenerator<Buffer, void> {
  yield* packEntries(new Composition(options).items(entries), options.signal);
}

class Composition {
  readonly #parents: LayerView | undefined;
  readonly #now: PaxTime;
  /** Folded path of everything emitted -> as spelled. */
  readonly #emitted = new Map<string, string>();

  constructor(options: ComposeOptions) {
    this.#parents = options.parents;
    this.#now = paxTimeOfMilliseconds(options.now);
  }

  async *items(entries: Iterable<ComposeEntry> | AsyncIterable<ComposeEntry>): AsyncGenerator<PackItem> {
    yield this.#directory('', {});
    for await (const entry of entries) {
      const components = checkedComponents(entry.path);
      const leaf = components.at(-1);
      if (leaf === undefined) {
        if (entry.type !== 'directory')
          throw new LayerError('LAYER_PATH_INVALID', `${entry.path}: is a directory`);
        continue;
      }
      const parent = yield* this.#directories(components.slice(0, -1));
      if (entry.type === 'directory') {
        yield* this.#lastDirectory(parent, leaf, entry.metadata ?? {});
        continue;
      }
      const path = this.#spell(parent, leaf);
      this.#emitted.set(foldName(path), path);
      yield this.#object(entry, path);
    }
    const hives = { attributes: fileAttribute.directory, modified: this.#now };
    yield { header: windowsHeader('Hives', 'directory', hives) };
  }

  /** Emits the directories that were not yet; gives the stored path of the last. Links in the parents are followed. */
  *#directories(components: readonly string[]): Generator<PackItem, string> {
    let path = '';
    for (const component of components) {
      path = this.#spell(path, component);
      const isNew = !this.#emitted.has(foldName(path));
      const followed = isNew ? this.#followed(path) : path;
      if (followed !== path) path = yield* this.#directories(followed === '' ? [] : followed.split('/'));
      else if (isNew) yield this.#directory(path, {});
    }
    return path;
  }

  *#lastDirectory(parent: string, leaf: string, metadata: Partial<WindowsMetadata>): Generator<PackItem> {
    const path = this.#spell(parent, leaf);
    if (this.#followed(path) !== path) yield* this.#directories(path.split('/'));
    else if (!this.#emitted.has(foldName(path))) yield this.#directory(path, metadata);
  }

  #spell(parent: string, name: string): string {
    const path = parent === '' ? name : `${parent}/${name}`;
    const emitted = this.#emitted.get(foldName(path));
    if (emitted !== undefined) return emitted;
    const inherited = this.#parents?.children(parent).get(foldName(name))?.name;
    const spelled = inherited ?? wellKnownSpelling(parent, name) ?? name;
    return parent === '' ? spelled : `${parent}/${spelled}`;
  }

  /** Where a path of the parents leads when it is a link to a directory there; itself otherwise. */
  #followed(path: string): string {
    let at = path;
    for (let hops = 0; hops < maxLinkHops; hops += 1) {
      if (this.#parents?.lookup(at)?.type !== 'symlink') return at;
      const target = this.#parents.describe(at)?.target;
      if (target === undefined) break;
      const folder = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '';
      const isRooted = /^([A-Za-z]:)?[\\/]/.test(target);
      at = this.#parents.canonical(isRooted ? target : `${folder}/${target}`);
    }
    throw new LayerError('LAYER_LINK_INVALID', `${path}: the link leads nowhere`, { entry: path });
  }

  #directory(path: string, given: Partial<WindowsMetadata>): PackItem {
    this.#emitted.set(foldName(path), path);
    const entry = this.#parents?.lookup(path);
    const inherited = entry?.type === 'directory' ? this.#parents?.describe(path)?.metadata : undefined;
    const metadata = complete(given, inherited ?? {}, {
      attributes: fileAttribute.directory,
      securityDescriptor: directorySecurityDescriptor,
      modified: this.#now,
    });
    const attributes = metadata.attributes | fileAttribute.directory;
    return {
      header: windowsHeader(path === '' ? 'Files' : `Files/${path}`, 'directory', {
        ...metadata,
        attributes,
      }),
    };
  }

  #object(entry: Exclude<ComposeEntry, { type: 'directory' }>, path: string): PackItem {
    const name = `Files/${path}`;
    if (entry.type === 'whiteout') return { header: whiteoutHeader(name) };
    if (entry.type === 'symlink') {
      const attributes =
        fileAttribute.reparsePoint | (entry.directory === true ? fileAttribute.directory : 0);
      const metadata = complete(entry.metadata ?? {}, {}, { attributes, modified: this.#now });
      return {
        header: windowsHeader(name, 'symlink', metadata, { linkName: entry.target.replaceAll('/', '\\') }),
      };
    }
    const modified = entry.metadata?.modified ?? this.#sourceTime(entry.content);
    const metadata = complete(
      entry.metadata ?? {},
      {},
      {
        attributes: fileAttribute.archive,
        securityDescriptor: fileSecurityDescriptor,
        modified,
      },
    );
    return { header: windowsHeader(name, 'file', metadata, { size: entry.size }), content: entry.content };
  }

  #sourceTime(content: Extract<ComposeEntry, { type: 'file' }>['content']): PaxTime {
    if (!('hostPath' in content)) return this.#now;
    return paxTimeOfNanoseconds(lstatSync(content.hostPath, { bigint: true }).mtimeNs);
  }
}

function checkedComponents(path: string): string[] {
  const components = parseWindowsPath(path);
  for (const component of components) {
    const problem = nameProblem(component);
    if (problem !== undefined)
      throw new LayerError('LAYER_PATH_INVALID', `invalid path ${JSON.stringify(path)}: ${problem}`, {
        entry: path,
      });
  }
  return components;
}

function complete(
  given: Partial<WindowsMetadata>,
  inherited: Partial<WindowsMetadata>,
  defaults: WindowsMetadata,
): WindowsMetadata {
  const metadata = { ...defaults, ...inherited, ...given };
  return { ...metadata, attributes: metadata.attributes & ~volumeAttributes };
}

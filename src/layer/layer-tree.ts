/** The directories and names of a layer that is being written, spelled as its parents spell them. */
import { mkdirSync } from 'node:fs';
import { LayerError } from './layer-error.ts';
import { storedKey, storedName } from './names.ts';
import { wellKnownSpelling } from './spellings.ts';
import type { LayerRoot } from './names.ts';
import type { PaxTime } from './metadata.ts';
import type { LayerView } from './view.ts';

export interface LayerFile {
  readonly kind: 'file' | 'symlink';
  readonly name: string;
  /** As the tar spells it. */
  readonly literal: string;
}

export class LayerDirectory {
  readonly kind = 'directory';
  readonly name: string;
  /** Stored path below the root, `/` between names, empty for the root itself. */
  readonly path: string;
  readonly hostPath: string;
  readonly children = new Map<string, LayerDirectory | LayerFile>();
  /** Names that the layer deletes, by folded name. */
  whiteouts: Map<string, string> | undefined;
  /** Nothing of the parents' directory shows through. */
  isOpaque = false;
  modified: PaxTime | undefined;

  constructor(name: string, path: string, hostPath: string) {
    this.name = name;
    this.path = path;
    this.hostPath = hostPath;
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}/${name}`;
  }
}

/** How a host holds directories and names. */
export interface TreeHost {
  makeDirectory(directory: LayerDirectory): void;
  /** The name under which a new one is stored. */
  storedName(component: string): string;
}

const folders: TreeHost = {
  makeDirectory: (directory) => mkdirSync(directory.hostPath, 0o755),
  storedName,
};

export class LayerTree {
  readonly root: LayerDirectory;
  readonly #kind: LayerRoot;
  readonly #view: LayerView | undefined;
  readonly #maxHostPath: number;
  readonly #host: TreeHost;
  #lastComponents: readonly string[] | undefined;
  #lastDirectory: LayerDirectory;

  /** `hostPath`: folder of the root, made here. `view`: the merged parents; only `Files` has any. */
  constructor(
    kind: LayerRoot,
    hostPath: string,
    view: LayerView | undefined,
    maxHostPath: number,
    host: TreeHost = folders,
  ) {
    this.#kind = kind;
    this.#view = view;
    this.#maxHostPath = maxHostPath;
    this.#host = host;
    this.root = new LayerDirectory(kind, '', hostPath);
    host.makeDirectory(this.root);
    this.#lastDirectory = this.root;
  }

  /** The directory of those components, made where it is missing. A file in the way: code `LAYER_PATH_CONFLICT`. */
  directory(components: readonly string[]): LayerDirectory {
    // Entries of one directory follow each other, with the same list of components.
    if (components === this.#lastComponents) return this.#lastDirectory;
    let directory = this.root;
    for (const component of components) {
      const folded = storedKey(component);
      const child = directory.children.get(folded);
      if (child?.kind === 'directory') {
        directory = child;
      } else {
        if (child !== undefined) throw conflict(`${this.#kind}/${directory.pathOf(child.name)}`);
        if (component.startsWith('.wh.'))
          throw new LayerError('LAYER_WHITEOUT_INVALID', `invalid tombstone ${component}`, {
            entry: component,
          });
        directory = this.#make(directory, component, folded);
      }
    }
    this.#lastComponents = components;
    this.#lastDirectory = directory;
    return directory;
  }

  /** The spelling under which `component` is stored in `directory`: this layer's, the parents', a well-known one, its own. */
  spelling(directory: LayerDirectory, component: string, folded: string): string {
    const own = directory.children.get(folded)?.name;
    if (own !== undefined) return own;
    const inherited = this.#view?.children(directory.path).get(folded)?.name;
    if (inherited !== undefined) return inherited;
    const wellKnown = this.#kind === 'Files' ? wellKnownSpelling(directory.path, component) : undefined;
    return wellKnown ?? this.#host.storedName(component);
  }

  /**
   * Where an object called `leaf` is stored. The same name again replaces the first, as in every tar (`isRepeated`); a
   * directory of that name, or another spelling of it, which is another file on Linux only: code `LAYER_PATH_CONFLICT`.
   */
  claim(directory: LayerDirectory, leaf: string): { folded: string; name: string; isRepeated: boolean } {
    const folded = storedKey(leaf);
    const name = this.spelling(directory, leaf, folded);
    const existing = directory.children.get(folded);
    if (existing !== undefined && (existing.kind === 'directory' || existing.literal !== leaf))
      throw conflict(`${this.#kind}/${directory.pathOf(leaf)}`);
    return { folded, name, isRepeated: existing !== undefined };
  }

  /** Components of a path as stored, whether or not anything is there. */
  spell(components: readonly string[]): string[] {
    const spelled: string[] = [];
    let directory: LayerDirectory | undefined = this.root;
    for (const component of components) {
      const folded = storedKey(component);
      const parent = spelled.join('/');
      const own: LayerDirectory | LayerFile | undefined = directory?.children.get(folded);
      const inherited = own === undefined ? this.#view?.children(parent).get(folded)?.name : undefined;
      spelled.push(
        own?.name ?? inherited ?? wellKnownSpelling(parent, component) ?? this.#host.storedName(component),
      );
      directory = own?.kind === 'directory' ? own : undefined;
    }
    return spelled;
  }

  /** What this layer has at those components. */
  find(components: readonly string[]): LayerDirectory | LayerFile | undefined {
    let node: LayerDirectory | LayerFile | undefined = this.root;
    for (const component of components) {
      if (node?.kind !== 'directory') return undefined;
      node = node.children.get(storedKey(component));
    }
    return node;
  }

  /** Absolute path for `name` in `directory`; refused when this host could not open it. */
  hostPath(directory: LayerDirectory, name: string): string {
    const path = `${directory.hostPath}/${name}`;
    if (path.length * 3 > this.#maxHostPath && Buffer.byteLength(path) > this.#maxHostPath)
      throw new LayerError(
        'LAYER_PATH_TOO_LONG',
        `file name too long: ${this.#kind}/${directory.pathOf(name)}`,
        {
          entry: `${this.#kind}/${directory.pathOf(name)}`,
          hint: 'Linux opens paths of at most 4095 bytes; a shorter --data-root may help',
        },
      );
    return path;
  }

  #make(parent: LayerDirectory, component: string, folded: string): LayerDirectory {
    const name = this.spelling(parent, component, folded);
    const made = new LayerDirectory(name, parent.pathOf(name), this.hostPath(parent, name));
    this.#host.makeDirectory(made);
    parent.children.set(folded, made);
    return made;
  }
}

export function conflict(path: string): LayerError {
  return new LayerError('LAYER_PATH_CONFLICT', `layer has two entries for the name ${JSON.stringify(path)}`, {
    entry: path,
    hint: 'Windows compares names without regard to case, so the layer cannot be unpacked as it is meant',
  });
}

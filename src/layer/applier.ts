/**
 * Unpacks one layer tar into a folder: `Files`, `Hives`, `UtilityVM`, streams in `ads/`, everything else that Windows knows
 * in `meta.jsonl` (windows-layers.md 7). Chunks go in as they come; nothing is followed, nothing leaves the folder, and the
 * folder is the caller's to delete after an error. Links and deletions come last, when every name is known.
 */
import { createHash } from 'node:crypto';
import { constants, copyFileSync, linkSync, mkdirSync, statfsSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { FileWriter } from './file-writer.ts';
import { LayerError, missingTarget } from './layer-error.ts';
import { deletionsOf, deletionsOfOthers } from './deletions.ts';
import { EntryRules } from './entry-rules.ts';
import { LayerTree } from './layer-tree.ts';
import { LayerBudget } from './limits.ts';
import { hostLinkTarget } from './link-target.ts';
import { fileAttribute } from './metadata.ts';
import { SidecarWriter, sidecarEntryOf, sidecarName } from './sidecar.ts';
import { TarParser } from './tar-reader.ts';
import { storedKey } from './names.ts';
import { metadataOfEntry } from './windows-records.ts';
import type { LayerDirectory } from './layer-tree.ts';
import type { LayerLimits } from './limits.ts';
import type { EntryMeaning, EntryPlace, LinkTarget } from './entry-rules.ts';
import type { LayerRoot } from './names.ts';
import type { TarEntry, TarSink } from './tar-reader.ts';
import type { LayerView } from './view.ts';

export interface ApplierOptions {
  /** An existing, empty folder. */
  readonly folder: string;
  /** The merged parents; absent for a base layer. */
  readonly parents: LayerView | undefined;
  readonly limits: LayerLimits;
  /** Bytes of the compressed blob. */
  readonly declaredSize: number | undefined;
  /** Makes the overlay's whiteouts: absolute paths that do not exist yet. */
  readonly makeWhiteouts: (paths: readonly string[]) => Promise<void>;
  readonly makeLink: (target: string, path: string) => void;
}

export interface AppliedLayer {
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  /** What was left out, in words. */
  readonly warnings: readonly string[];
}

interface PendingName {
  readonly root: LayerRoot;
  readonly directory: LayerDirectory;
  readonly name: string;
}

interface PendingLink extends PendingName {
  readonly target: string;
}

interface PendingHardLink extends PendingName {
  readonly entryName: string;
  readonly target: LinkTarget;
}

type ObjectMeaning = Extract<EntryMeaning, EntryPlace & { kind: 'file' | 'symlink' | 'hardLink' }>;

const objectTypes = { file: '0', hardLink: '1', symlink: '2' } as const;
const maxWarnings = 20;

export class LayerApplier implements TarSink {
  readonly #options: ApplierOptions;
  readonly #hash = createHash('sha256');
  readonly #parser = new TarParser(this);
  readonly #writer = new FileWriter();
  readonly #sidecar: SidecarWriter;
  readonly #trees = new Map<LayerRoot, LayerTree>();
  readonly #links: PendingLink[] = [];
  readonly #hardLinks: PendingHardLink[] = [];
  readonly #warnings: string[] = [];
  readonly #budget: LayerBudget;
  readonly #rules: EntryRules;
  /** Stored path of the object that streams may follow. */
  #owner = '';
  #size = 0;
  #streams = 0;
  #writing = false;
  #closed = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#rules = new EntryRules(options.parents === undefined);
    this.#budget = new LayerBudget(options.limits, options.declaredSize);
    this.#sidecar = new SidecarWriter(join(options.folder, sidecarName));
    this.#tree('Files');
  }

  /** So far. */
  get entries(): number {
    return this.#budget.entries;
  }

  /** Takes the next bytes of the uncompressed tar; done with them on return. */
  write(chunk: Buffer): void {
    this.#budget.takeBytes(chunk.length);
    this.#hash.update(chunk);
    this.#parser.push(chunk);
  }

  /** The stream is over: links, whiteouts, times. */
  async finish(): Promise<AppliedLayer> {
    this.#parser.finish();
    for (const link of this.#hardLinks) this.#hardLink(link);
    for (const link of this.#links) this.#symlink(link);
    await this.#options.makeWhiteouts(this.#whiteoutPaths());
    for (const tree of this.#trees.values()) setTimes(tree.root);
    this.#closed = true;
    this.#sidecar.close();
    return {
      diffId: `sha256:${this.#hash.digest('hex')}`,
      size: this.#size,
      entries: this.#budget.entries,
      warnings: this.#warnings,
    };
  }

  /** Gives open files back after an error; what is on disk is the caller's to delete. Safe to call twice. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.abandon();
    this.#sidecar.abandon();
  }

  entry(entry: TarEntry): void {
    this.#budget.takeEntry(entry);
    const meaning = this.#rules.read(entry);
    switch (meaning.kind) {
      case 'ignored':
        if (meaning.warning !== undefined) this.#warn(meaning.warning);
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
    if (this.#writing) this.#writer.write(chunk, start, end);
  }

  end(): void {
    if (this.#writing) this.#writer.close();
    this.#writing = false;
  }

  #tree(root: LayerRoot): LayerTree {
    let tree = this.#trees.get(root);
    if (tree === undefined) {
      const view = root === 'Files' ? this.#options.parents : undefined;
      tree = new LayerTree(root, join(this.#options.folder, root), view, this.#options.limits.hostPathBytes);
      this.#trees.set(root, tree);
    }
    return tree;
  }

  #directory(entry: TarEntry, root: LayerRoot, components: readonly string[]): void {
    const directory = this.#tree(root).directory(components);
    directory.modified = entry.mtime;
    this.#owner = directory.path === '' ? root : `${root}/${directory.path}`;
    this.#record(entry, this.#owner, '5');
  }

  #object(entry: TarEntry, meaning: ObjectMeaning): void {
    const { root, leaf } = meaning;
    const tree = this.#tree(root);
    const directory = tree.directory(meaning.parent);
    const { folded, name, isRepeated } = tree.claim(directory, leaf);
    if (isRepeated) this.#forget(directory, name);
    const hostPath = tree.hostPath(directory, name);
    const stored = `${root}/${directory.pathOf(name)}`;
    const kind = meaning.kind === 'symlink' ? 'symlink' : 'file';
    directory.children.set(folded, { kind, name, literal: leaf });
    if (meaning.kind === 'symlink') {
      this.#links.push({ root, directory, name, target: entry.linkName });
    } else if (meaning.kind === 'hardLink') {
      this.#hardLinks.push({ root, directory, name, entryName: entry.name, target: meaning.target });
    } else {
      this.#openFile(entry, hostPath);
      this.#size += entry.size;
      this.#owner = stored;
    }
    this.#record(entry, stored, objectTypes[meaning.kind]);
  }

  #openFile(entry: TarEntry, hostPath: string): void {
    if (entry.size > 64 << 20) this.#checkSpace(entry);
    const attributes = Number(entry.records.get('MSWINDOWS.fileattr') ?? 0);
    const mode = (attributes & fileAttribute.readOnly) === 0 ? 0o644 : 0o444;
    this.#writer.open(hostPath, entry.size, Number(entry.mtime), mode);
    this.#writing = true;
  }

  #checkSpace(entry: TarEntry): void {
    const { bavail, bsize } = statfsSync(this.#options.folder);
    if (bavail * bsize < entry.size)
      throw new LayerError('LAYER_NO_SPACE', `write ${entry.name}: no space left on device`, {
        entry: entry.name,
      });
  }

  /** Removes what an earlier entry of the same name left: a file may have further names, so it is not overwritten. */
  #forget(directory: LayerDirectory, name: string): void {
    const isSame = (link: PendingName): boolean => link.directory === directory && link.name === name;
    for (const pending of [this.#links, this.#hardLinks] as PendingName[][]) {
      const index = pending.findIndex(isSame);
      if (index >= 0) {
        pending.splice(index, 1);
        return;
      }
    }
    unlinkSync(`${directory.hostPath}/${name}`);
  }

  #stream(entry: TarEntry, name: string): void {
    const folder = join(this.#options.folder, 'ads');
    if (this.#streams === 0) mkdirSync(folder, 0o755);
    const streamFile = String(this.#streams);
    this.#streams += 1;
    this.#openFile(entry, join(folder, streamFile));
    this.#sidecar.add({
      path: `${this.#owner}:${name}`,
      type: 's',
      metadata: metadataOfEntry(entry),
      size: entry.size,
      tarName: entry.name,
      streamFile,
    });
  }

  #whiteout(
    entry: TarEntry,
    { root, parent, leaf, name }: Extract<EntryMeaning, { kind: 'whiteout' }>,
  ): void {
    const directory = this.#tree(root).directory(parent);
    if (name === undefined) directory.isOpaque = true;
    else (directory.whiteouts ??= new Map()).set(storedKey(name), name);
    this.#record(entry, `${root}/${directory.pathOf(leaf)}`, 'w');
  }

  /** To a file of this layer, wherever it came in the tar; else a copy of the parents' file, as copy-up would part them anyway. */
  #hardLink(link: PendingHardLink): void {
    const path = this.#tree(link.root).hostPath(link.directory, link.name);
    const { root, components } = link.target;
    const folder = this.#trees.get(root)?.find(components.slice(0, -1));
    const own = folder?.kind === 'directory' ? folder.children.get(storedKey(components.at(-1)!)) : undefined;
    if (own?.kind === 'file' && folder?.kind === 'directory') {
      linkOrCopy(`${folder.hostPath}/${own.name}`, path, link.entryName, components);
      return;
    }
    const inherited =
      own === undefined && root === 'Files' ? this.#options.parents?.lookup(components.join('/')) : undefined;
    if (inherited?.type !== 'file' || inherited.hostPath === undefined)
      throw missingTarget(link.entryName, root, components);
    copyFileSync(inherited.hostPath, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    this.#size += inherited.size;
  }

  #symlink({ root, directory, name, target }: PendingLink): void {
    const tree = this.#tree(root);
    const folder = directory.path === '' ? [] : directory.path.split('/');
    this.#options.makeLink(
      hostLinkTarget(folder, target, (components) => tree.spell(components)),
      tree.hostPath(directory, name),
    );
  }

  /** Where the overlay needs a whiteout: every deleted name that this layer does not bring again. */
  #whiteoutPaths(): string[] {
    const { parents } = this.#options;
    if (parents === undefined) return [];
    const { root } = this.#tree('Files');
    const deletions = [...deletionsOf(root, parents), ...deletionsOfOthers(root, parents)];
    return deletions.map(({ directory, name }) => `${directory.hostPath}/${name}`);
  }

  #record(entry: TarEntry, path: string, type: '0' | '1' | '2' | '5' | 'w'): void {
    this.#sidecar.add(sidecarEntryOf(entry, path, type, metadataOfEntry(entry)));
  }

  #warn(text: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(text);
  }
}

function linkOrCopy(target: string, path: string, entryName: string, components: readonly string[]): void {
  try {
    linkSync(target, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw missingTarget(entryName, 'Files', components);
    // As many names as the file system allows.
    if (code !== 'EMLINK' && code !== 'EPERM') throw error;
    copyFileSync(target, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

/** Children first, as adding a child changes its directory's time. */
function setTimes(directory: LayerDirectory): void {
  for (const child of directory.children.values()) if (child.kind === 'directory') setTimes(child);
  if (directory.modified !== undefined)
    utimesSync(directory.hostPath, Number(directory.modified), Number(directory.modified));
}

/**
 * Unpacks one layer tar into a folder: `Files`, `Hives`, `UtilityVM`, streams in `ads/`, everything else that Windows knows
 * in `meta.jsonl` (windows-layers.md 7). Chunks go in as they come; nothing is followed, nothing leaves the folder, and the
 * folder is the caller's to delete after an error. Links and deletions come last, when every name is known.
 */
import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { FileWriter } from './file-writer.ts';
import { LayerError } from './layer-error.ts';
import { LayerTree, conflict } from './layer-tree.ts';
import { limitError, uncompressedLimit } from './limits.ts';
import { hostLinkTarget } from './link-target.ts';
import { fileAttribute } from './metadata.ts';
import { parseLayerName, parseWhiteout } from './names.ts';
import { SidecarWriter, sidecarName } from './sidecar.ts';
import { TarParser } from './tar-reader.ts';
import { foldName } from './upcase.ts';
import { metadataOfEntry } from './windows-records.ts';
import type { LayerDirectory } from './layer-tree.ts';
import type { LayerLimits } from './limits.ts';
import type { LayerPath, LayerRoot } from './names.ts';
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
}

export interface AppliedLayer {
  readonly diffId: string;
  readonly size: number;
  readonly entries: number;
  /** What was left out, in words. */
  readonly warnings: readonly string[];
}

interface PendingLink {
  readonly directory: LayerDirectory;
  readonly name: string;
  readonly target: string;
}

interface PendingHardLink extends PendingLink {
  readonly root: LayerRoot;
  readonly entryName: string;
  readonly targetPath: LayerPath;
}

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
  readonly #byteLimit: number;
  /** Literal name and stored path of the entry that streams may follow. */
  #owner: { readonly name: string; readonly path: string } | undefined;
  #bytes = 0;
  #size = 0;
  #entries = 0;
  #streams = 0;
  #writing = false;
  #closed = false;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#byteLimit = uncompressedLimit(options.limits, options.declaredSize);
    this.#sidecar = new SidecarWriter(join(options.folder, sidecarName));
    this.#tree('Files');
  }

  /** Takes the next bytes of the uncompressed tar; done with them on return. */
  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#byteLimit) throw limitError(`it inflates to more than ${this.#byteLimit} bytes`);
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
    this.close();
    return {
      diffId: `sha256:${this.#hash.digest('hex')}`,
      size: this.#size,
      entries: this.#entries,
      warnings: this.#warnings,
    };
  }

  /** Gives open files back. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.abandon();
    this.#sidecar.close();
  }

  entry(entry: TarEntry): void {
    this.#entries += 1;
    if (this.#entries > this.#options.limits.entries)
      throw limitError(`it has more than ${this.#options.limits.entries} entries`);
    if (entry.size > this.#byteLimit - this.#bytes + (64 << 20))
      throw limitError(`${entry.name} claims to have ${entry.size} bytes`);
    const path = parseLayerName(entry.name);
    checkType(entry);
    if (path.stream !== undefined) return this.#stream(entry, path.stream);
    this.#owner = undefined;
    if (path.root === undefined) return this.#foreign(entry, path);
    if (path.root === 'UtilityVM') this.#checkUtilityVm(entry, path);
    if (path.components.length === 0) return this.#rootEntry(entry, path.root);
    const leaf = path.components.at(-1)!;
    const whiteout = parseWhiteout(leaf);
    if (whiteout !== undefined) return this.#whiteout(entry, path, path.root);
    this.#object(entry, path, path.root, leaf);
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

  #foreign(entry: TarEntry, path: LayerPath): void {
    // `./`: the tar's own root.
    if (path.components.length === 0 && entry.type === '5') return;
    if (path.components.length === 0 || this.#options.parents === undefined)
      throw new LayerError(
        'LAYER_PATH_INVALID',
        `invalid path ${JSON.stringify(entry.name)}: not in Files, Hives or UtilityVM`,
        {
          entry: entry.name,
          hint: 'this is not a Windows layer',
        },
      );
    this.#warn(`${entry.name}: ignored, it is not in Files, Hives or UtilityVM`);
  }

  /** Rules of the Windows importer for child layers (windows-layers.md 1.1). */
  #checkUtilityVm(entry: TarEntry, { components }: LayerPath): void {
    if (this.#options.parents === undefined || components.length === 0) return;
    if (!this.#trees.has('UtilityVM'))
      throw new LayerError('LAYER_PATH_INVALID', 'missing UtilityVM directory', { entry: entry.name });
    if (foldName(components[0]!) !== 'FILES')
      throw new LayerError('LAYER_PATH_INVALID', 'invalid UtilityVM layer', { entry: entry.name });
  }

  #rootEntry(entry: TarEntry, root: LayerRoot): void {
    if (entry.type !== '5') throw conflict(root);
    const { root: directory } = this.#tree(root);
    directory.modified = entry.mtime;
    this.#record(entry, root, '5');
    this.#owner = { name: entry.name, path: root };
  }

  #object(entry: TarEntry, path: LayerPath, root: LayerRoot, leaf: string): void {
    const tree = this.#tree(root);
    if (entry.type === '5') {
      const directory = tree.directory(path.components);
      directory.modified = entry.mtime;
      this.#record(entry, `${root}/${directory.path}`, '5');
      this.#owner = { name: entry.name, path: `${root}/${directory.path}` };
      return;
    }
    const directory = tree.directory(path.components.slice(0, -1));
    const folded = foldName(leaf);
    const name = tree.spelling(directory, leaf, folded);
    const existing = directory.children.get(folded);
    // The same file again replaces the first, as in every tar; another spelling of it is another file on Linux only.
    if (existing !== undefined && (existing.kind === 'directory' || existing.literal !== leaf))
      throw conflict(`${root}/${directory.pathOf(leaf)}`);
    if (existing !== undefined) this.#forget(directory, name);
    const hostPath = tree.hostPath(directory, name);
    const stored = `${root}/${directory.pathOf(name)}`;
    directory.children.set(folded, { kind: entry.type === '2' ? 'symlink' : 'file', name, literal: leaf });
    if (entry.type === '2') {
      this.#links.push({ directory, name, target: entry.linkName });
    } else if (entry.type === '1') {
      this.#hardLinks.push(this.#checkedHardLink(entry, path, root, directory, name));
    } else {
      this.#openFile(entry, hostPath);
      this.#size += entry.size;
      this.#owner = { name: entry.name, path: stored };
    }
    this.#record(entry, stored, entry.type as '0' | '1' | '2');
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
    const isSame = (link: PendingLink): boolean => link.directory === directory && link.name === name;
    for (const pending of [this.#links, this.#hardLinks] as PendingLink[][]) {
      const index = pending.findIndex(isSame);
      if (index >= 0) {
        pending.splice(index, 1);
        return;
      }
    }
    unlinkSync(`${directory.hostPath}/${name}`);
  }

  #stream(entry: TarEntry, name: string): void {
    const owner = this.#owner;
    if (owner === undefined || entry.type !== '0' || !entry.name.startsWith(`${owner.name}:`))
      throw new LayerError('LAYER_PATH_INVALID', `${entry.name}: path contains invalid character \`:\``, {
        entry: entry.name,
        hint: 'an alternate data stream must follow its file directly',
      });
    const folder = join(this.#options.folder, 'ads');
    if (this.#streams === 0) mkdirSync(folder, 0o755);
    const streamFile = String(this.#streams);
    this.#streams += 1;
    this.#openFile(entry, join(folder, streamFile));
    this.#sidecar.add({
      path: `${owner.path}:${name}`,
      type: 's',
      metadata: metadataOfEntry(entry),
      size: entry.size,
      tarName: entry.name,
      streamFile,
    });
  }

  #whiteout(entry: TarEntry, path: LayerPath, root: LayerRoot): void {
    const { components } = path;
    const whiteout = parseWhiteout(components.at(-1)!)!;
    if (whiteout.kind === 'metadata') return;
    if (this.#options.parents === undefined)
      throw new LayerError('LAYER_WHITEOUT_INVALID', 'base layer cannot have tombstones', {
        entry: entry.name,
      });
    const inFiles =
      root === 'Files' ||
      (root === 'UtilityVM' && foldName(components[0]!) === 'FILES' && components.length > 1);
    if (!inFiles || entry.type !== '0')
      throw new LayerError('LAYER_WHITEOUT_INVALID', `invalid tombstone ${entry.name}`, {
        entry: entry.name,
      });
    const directory = this.#tree(root).directory(components.slice(0, -1));
    if (whiteout.kind === 'opaque') directory.isOpaque = true;
    else (directory.whiteouts ??= new Map()).set(foldName(whiteout.name), whiteout.name);
    this.#record(entry, `${root}/${directory.pathOf(components.at(-1)!)}`, 'w');
  }

  #checkedHardLink(
    entry: TarEntry,
    path: LayerPath,
    root: LayerRoot,
    directory: LayerDirectory,
    name: string,
  ): PendingHardLink {
    const targetPath = parseLayerName(entry.linkName);
    const isInside = ({ root: at, components }: LayerPath): boolean =>
      (at === 'Files' && components.length > 0) ||
      (at === 'UtilityVM' && components.length > 1 && foldName(components[0]!) === 'FILES');
    if (!isInside(path) || !isInside(targetPath) || targetPath.stream !== undefined)
      throw new LayerError('LAYER_LINK_INVALID', 'invalid hard link in layer', { entry: entry.name });
    return { directory, name, target: entry.linkName, root, entryName: entry.name, targetPath };
  }

  /** To a file of this layer, wherever it came in the tar; else a copy of the parents' file, as copy-up would part them anyway. */
  #hardLink(link: PendingHardLink): void {
    const tree = this.#tree(link.root);
    const path = tree.hostPath(link.directory, link.name);
    const { root, components } = link.targetPath;
    const folder = this.#trees.get(root!)?.find(components.slice(0, -1));
    const own = folder?.kind === 'directory' ? folder.children.get(foldName(components.at(-1)!)) : undefined;
    if (own?.kind === 'file' && folder?.kind === 'directory') {
      linkOrCopy(`${folder.hostPath}/${own.name}`, path, link);
      return;
    }
    const inherited =
      own === undefined && root === 'Files' ? this.#options.parents?.lookup(components.join('/')) : undefined;
    if (inherited?.type !== 'file' || inherited.hostPath === undefined) throw missingTarget(link);
    copyFileSync(inherited.hostPath, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    this.#size += inherited.size;
  }

  #symlink(link: PendingLink): void {
    const files = this.#tree('Files');
    const isInFiles = link.directory.hostPath.startsWith(files.root.hostPath);
    const folder = link.directory.path === '' ? [] : link.directory.path.split('/');
    const target = isInFiles
      ? hostLinkTarget(folder, link.target, (components) => files.spell(components))
      : hostLinkTarget(folder, link.target, (components) => components);
    symlinkSync(target, files.hostPath(link.directory, link.name));
  }

  /** Where the overlay needs a whiteout: every deleted name that the parents have and this layer does not bring again. */
  #whiteoutPaths(): string[] {
    const { parents } = this.#options;
    const paths: string[] = [];
    if (parents === undefined) return paths;
    const hideAll = (directory: LayerDirectory): void => {
      for (const [folded, child] of parents.children(directory.path)) {
        const own = directory.children.get(folded);
        if (own === undefined) paths.push(`${directory.hostPath}/${child.name}`);
        else if (own.kind === 'directory' && child.type === 'directory') hideAll(own);
      }
    };
    const visit = (directory: LayerDirectory): void => {
      if (directory.isOpaque) return hideAll(directory);
      for (const folded of directory.whiteouts?.keys() ?? []) {
        const inherited = parents.children(directory.path).get(folded);
        const own = directory.children.get(folded);
        if (inherited !== undefined && own === undefined)
          paths.push(`${directory.hostPath}/${inherited.name}`);
        else if (inherited?.type === 'directory' && own?.kind === 'directory') own.isOpaque = true;
      }
      for (const child of directory.children.values()) if (child.kind === 'directory') visit(child);
    };
    visit(this.#tree('Files').root);
    return paths;
  }

  #record(entry: TarEntry, path: string, type: '0' | '1' | '2' | '5' | 'w'): void {
    this.#sidecar.add({
      path,
      type,
      metadata: metadataOfEntry(entry),
      tarName: entry.name,
      ...(type === '0' ? { size: entry.size } : {}),
      ...(type === '1' || type === '2' ? { target: entry.linkName } : {}),
      ...(entry.rawName === undefined ? {} : { rawName: entry.rawName }),
    });
  }

  #warn(text: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(text);
  }
}

function checkType(entry: TarEntry): void {
  if (entry.type === '0' || entry.type === '1' || entry.type === '2' || entry.type === '5') return;
  const kinds: Record<string, string> = { '3': 'character device', '4': 'block device', '6': 'FIFO' };
  const what = kinds[entry.type] ?? `unknown type ${JSON.stringify(entry.type)}`;
  throw new LayerError(
    'LAYER_ENTRY_TYPE',
    `${entry.name}: a Windows layer cannot hold a tar entry of this kind (${what})`,
    {
      entry: entry.name,
    },
  );
}

function linkOrCopy(target: string, path: string, link: PendingHardLink): void {
  try {
    linkSync(target, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw missingTarget(link);
    // As many names as the file system allows.
    if (code !== 'EMLINK' && code !== 'EPERM') throw error;
    copyFileSync(target, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

function missingTarget(link: PendingHardLink): LayerError {
  const message = `failed to find link target for '${link.entryName}' -> '${link.target}'`;
  return new LayerError('LAYER_LINK_INVALID', message, { entry: link.entryName });
}

/** Children first, as adding a child changes its directory's time. */
function setTimes(directory: LayerDirectory): void {
  for (const child of directory.children.values()) if (child.kind === 'directory') setTimes(child);
  if (directory.modified !== undefined)
    utimesSync(directory.hostPath, Number(directory.modified), Number(directory.modified));
}

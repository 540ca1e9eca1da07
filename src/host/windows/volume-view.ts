/** What a container on a scratch sees: its mounted volume, whose root is C:. Links are never followed. */
import { Readable } from 'node:stream';
import { byCodeUnits } from '../../layer/export-changes.ts';
import { fileAttribute } from '../../layer/metadata.ts';
import type { WindowsMetadata } from '../../layer/metadata.ts';
import { parseWindowsPath } from '../../layer/names.ts';
import { foldName } from '../../layer/upcase.ts';
import type { LayerEntry, TreeEntry } from '../ports/layers.ts';
import { decodeReparsePoint, paxTimeOf } from './backup-stream.ts';
import { access } from './ffi/ntdll.ts';
import { readSecurity } from './layer-objects.ts';
import { NtFile } from './nt-file.ts';
import type { DirectoryItem } from './nt-file.ts';

/** The volume's own, not the container's. */
const volumeFolders = new Set(['SYSTEM VOLUME INFORMATION', 'WCSANDBOXSTATE', '$RECYCLE.BIN']);
const chunkBytes = 1 << 20;
/** Tags of links that Windows programs follow; other reparse points are files with tricks. */
const linkTags: readonly number[] = [0xa000_0003, 0xa000_000c];

export class VolumeView implements AsyncDisposable {
  readonly #root: NtFile;

  private constructor(root: NtFile) {
    this.#root = root;
  }

  /** `path`: `\\?\Volume{…}`, with or without its last backslash. */
  static async open(path: string): Promise<VolumeView> {
    const root = await NtFile.open(undefined, `${path.replace(/\\+$/, '')}\\`, { access: access.read });
    return new VolumeView(root);
  }

  async stat(windowsPath: string): Promise<LayerEntry | undefined> {
    const found = await this.#find(windowsPath);
    if (found === undefined) return undefined;
    const { path, item } = found;
    return { path: path.replaceAll('\\', '/'), type: typeOf(item), size: sizeOf(item) };
  }

  /** The object and everything below it; nothing when it is not there. */
  async *tree(windowsPath: string, signal?: AbortSignal): AsyncGenerator<TreeEntry> {
    const found = await this.#find(windowsPath);
    if (found !== undefined) yield* this.#walk(found.path, found.item, '', signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#root.close();
  }

  async *#walk(
    path: string,
    item: DirectoryItem | undefined,
    shown: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TreeEntry> {
    signal?.throwIfAborted();
    yield await this.#entry(path, item, shown);
    if (typeOf(item) !== 'directory') return;
    for (const child of await this.#list(path))
      yield* this.#walk(
        path === '' ? child.name : `${path}\\${child.name}`,
        child,
        shown === '' ? child.name : `${shown}/${child.name}`,
        signal,
      );
  }

  async #entry(path: string, item: DirectoryItem | undefined, shown: string): Promise<TreeEntry> {
    await using file = await NtFile.open(this.#root, path, { access: access.read });
    const basic = await file.basicInformation();
    const securityDescriptor = await readSecurity(file);
    const reparse = typeOf(item) === 'symlink' ? await file.reparsePoint() : undefined;
    const link = reparse === undefined ? undefined : decodeReparsePoint(reparse);
    const metadata: WindowsMetadata = {
      attributes: basic.attributes,
      modified: paxTimeOf(basic.modified),
      created: paxTimeOf(basic.created),
      ...(securityDescriptor === undefined ? {} : { securityDescriptor }),
      ...(link?.mountPoint === true ? { mountPoint: true } : {}),
    };
    return {
      path: shown,
      type: typeOf(item),
      size: sizeOf(item),
      metadata,
      ...(link === undefined ? {} : { target: link.target }),
      open: () => (typeOf(item) === 'file' ? Readable.from(readWhole(this.#root, path)) : Readable.from([])),
    };
  }

  async #list(path: string): Promise<DirectoryItem[]> {
    await using folder = await NtFile.open(this.#root, path, { access: access.listDirectory });
    const items = await folder.list();
    const own = path === '' ? items.filter(({ name }) => !volumeFolders.has(name.toUpperCase())) : items;
    return own.sort((a, b) => byCodeUnits(a.name, b.name));
  }

  /** Spelled as it is on the volume. `item` undefined: the root. */
  async #find(
    windowsPath: string,
  ): Promise<{ readonly path: string; readonly item: DirectoryItem | undefined } | undefined> {
    let path = '';
    let item: DirectoryItem | undefined;
    for (const component of parseWindowsPath(windowsPath)) {
      if (typeOf(item) !== 'directory') return undefined;
      const folded = foldName(component);
      item = (await this.#list(path)).find(({ name }) => foldName(name) === folded);
      if (item === undefined) return undefined;
      path = path === '' ? item.name : `${path}\\${item.name}`;
    }
    return { path, item };
  }
}

function typeOf(item: DirectoryItem | undefined): 'file' | 'directory' | 'symlink' {
  if (item === undefined) return 'directory';
  if (linkTags.includes(item.reparseTag)) return 'symlink';
  return (item.attributes & fileAttribute.directory) !== 0 ? 'directory' : 'file';
}

function sizeOf(item: DirectoryItem | undefined): number {
  return typeOf(item) === 'file' ? (item?.size ?? 0) : 0;
}

/** The bytes of a file below a folder. */
export async function* readWhole(root: NtFile | string, path: string): AsyncGenerator<Buffer> {
  const folder =
    typeof root === 'string' ? await NtFile.open(undefined, root, { access: access.read }) : undefined;
  try {
    await using file = await NtFile.open(folder ?? (root as NtFile), path, {
      access: access.read,
      kind: 'file',
    });
    for (let offset = 0; ;) {
      const buffer = Buffer.alloc(chunkBytes);
      const read = await file.read(buffer, offset);
      if (read === 0) return;
      yield buffer.subarray(0, read);
      offset += read;
    }
  } finally {
    await folder?.close();
  }
}

import { openContent } from '../../../build/archive-probe.ts';
import { ownedSecurityDescriptor } from '../../../build/chown.ts';
import type { SourceEntry, SourceTree } from '../../../build/source-tree.ts';
import type { ComposeContent, ComposeEntry } from '../../../layer/compose-entry.ts';
import { fileAttribute } from '../../../layer/metadata.ts';
import type { WindowsMetadata } from '../../../layer/metadata.ts';

/** What goes into the layer, by folded path: of two sources for one name the later one stays, as when copying in order. */
export class CopyPlan {
  readonly #entries = new Map<string, ComposeEntry>();
  readonly #descriptor: string | undefined;

  /** `owner`: a SID that `--chown` named. */
  constructor(owner: string | undefined) {
    this.#descriptor = owner === undefined ? undefined : ownedSecurityDescriptor(owner);
  }

  get entries(): Iterable<ComposeEntry> {
    return this.#entries.values();
  }

  /** A folder's content below `destination`, the folder itself becoming `destination`. */
  async addFolder(tree: SourceTree, folder: SourceEntry, destination: string): Promise<void> {
    for await (const entry of tree.below(folder)) {
      const relative = folder.path === '' ? entry.path : entry.path.slice(folder.path.length + 1);
      const path = relative === '' ? destination : joinWindows(destination, relative);
      if (relative !== '' || path !== '\\') await this.add(tree, entry, path);
    }
  }

  async add(tree: SourceTree, entry: SourceEntry, path: string): Promise<void> {
    const metadata = this.#metadata(entry);
    switch (entry.type) {
      case 'directory':
        return this.#set({ type: 'directory', path, metadata });
      case 'file':
        return this.#set({ type: 'file', path, size: entry.size, content: composeContent(entry), metadata });
      case 'symlink': {
        const leads = await tree.find(entry.path);
        const target = (entry.target ?? '').replaceAll('/', '\\');
        const isFolder =
          leads?.type === 'directory' || ((entry.metadata?.attributes ?? 0) & fileAttribute.directory) !== 0;
        return this.#set({ type: 'symlink', path, target, directory: isFolder, metadata });
      }
      case 'other':
        throw new Error(`${entry.path} is not a regular file`);
    }
  }

  #set(entry: ComposeEntry): void {
    this.#entries.set(entry.path.toUpperCase(), entry);
  }

  #metadata(entry: SourceEntry): Partial<WindowsMetadata> {
    return {
      ...entry.metadata,
      ...(entry.modified === undefined ? {} : { modified: entry.modified }),
      ...(this.#descriptor === undefined ? {} : { securityDescriptor: this.#descriptor }),
    };
  }
}

export function joinWindows(folder: string, path: string): string {
  return `${folder.endsWith('\\') ? folder : folder + '\\'}${path.replaceAll('/', '\\')}`;
}

function composeContent(entry: SourceEntry): ComposeContent {
  const { content } = entry;
  if (content === undefined) return { bytes: new Uint8Array() };
  if ('hostPath' in content) {
    return content.offset === undefined ? { hostPath: content.hostPath } : { open: () => openContent(entry) };
  }
  return content;
}

/**
 * What an image archive holds, by name. Links are resolved here, against the table and never on a disk
 * (images-and-registries.md 9.1), so a name in an archive can reach nothing but another member.
 */
import type { Digest } from '../digest.ts';
import { invalidArchive } from './archive-error.ts';

/** Where a member's bytes are is the caller's affair. */
export interface ArchiveFile {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

const maxLinks = 16;
const maxNameLength = 4096;

export class MemberTable<F extends ArchiveFile> {
  readonly #files = new Map<string, F>();
  /** Name -> target, as a name in the archive. */
  readonly #links = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#files.size === 0 && this.#links.size === 0;
  }

  get size(): number {
    return this.#files.size + this.#links.size;
  }

  /** The same name twice is refused, unless it stands for the same bytes. */
  addFile(name: string, file: F): void {
    const key = memberName(name);
    const earlier = this.#files.get(key);
    if (this.#links.has(key) || (earlier !== undefined && earlier.digest !== file.digest))
      throw duplicate(name);
    if (earlier === undefined) this.#files.set(key, file);
  }

  /** A symbolic link's target is meant from its own folder, a hard link's from the archive's root. */
  addLink(name: string, target: string, kind: 'symbolic' | 'hard'): void {
    const key = memberName(name);
    const folder = kind === 'hard' || /^[\\/]/.test(target) ? '' : key.slice(0, key.lastIndexOf('/') + 1);
    const resolved = memberName(folder + target);
    const earlier = this.#links.get(key);
    if (this.#files.has(key) || (earlier !== undefined && earlier !== resolved)) throw duplicate(name);
    this.#links.set(key, resolved);
  }

  /** The file of that name, through links. Undefined when there is none. */
  find(name: string): F | undefined {
    let key = memberName(name);
    for (let followed = 0; followed <= maxLinks; followed += 1) {
      const file = this.#files.get(key);
      const target = this.#links.get(key);
      if (file !== undefined || target === undefined) return file;
      key = target;
    }
    throw invalidArchive(`too many levels of symbolic links: ${JSON.stringify(name)}`);
  }
}

/**
 * The one spelling of a member's name: `/` between components (old Docker on Windows wrote `\`), no `./`, no leading `/`.
 * A name that leads out of the archive is refused.
 */
export function memberName(text: string): string {
  if (text.length > maxNameLength) throw invalidArchive('a name is longer than 4096 characters');
  const components: string[] = [];
  for (const component of text.replaceAll('\\', '/').split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined)
      throw invalidArchive(`${JSON.stringify(text)} leads out of the archive`);
  }
  return components.join('/');
}

/** `blobs/sha256/<hex>`: where an OCI layout keeps content. */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** The digest that a name claims for its content. */
export function claimedDigest(name: string): Digest | undefined {
  const match = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(name);
  if (match === null || match[2]!.length !== (match[1] === 'sha256' ? 64 : 128)) return undefined;
  return `${match[1]}:${match[2]}`;
}

function duplicate(name: string): Error {
  return invalidArchive(`duplicate member ${JSON.stringify(name)}`);
}

import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join, sep } from 'node:path';
import { PortholeError } from '../errors/porthole-error.ts';
import type { PathStyle } from './clean-path.ts';
import { IgnoreMatcher, readIgnoreFile } from './ignore-file.ts';
import type { ParentMatches } from './ignore-file.ts';
import { MemoryTree } from './source-tree.ts';
import type { SourceEntry, TreeFolder } from './source-tree.ts';
import { tarEndSize, tarEntrySize } from './tar-size.ts';

export interface DirectoryContext {
  readonly tree: MemoryTree;
  /** Bytes that the context takes as a tar, as Docker's client would send it. */
  readonly size: number;
}

/**
 * Walks a context folder once, without following links, leaving out what `.dockerignore` (its text) says. The Dockerfile
 * and `.dockerignore` count for the size even when they are left out: Docker's client always sends them.
 * Errors: kind `invalid`, Docker's `checking context: …`.
 */
export function readDirectoryContext(
  folder: string,
  ignore: string | undefined,
  options: { readonly style: PathStyle; readonly dockerfile?: string; readonly signal?: AbortSignal },
): DirectoryContext {
  const matcher = ignore === undefined ? undefined : compileIgnore(ignore, options.style);
  const kept = new Set(['.dockerignore', options.dockerfile ?? '']);
  const walker = new Walker(folder, matcher, options.style, kept, options.signal);
  walker.folder('', [], walker.tree.folderAt(''));
  return { tree: walker.tree, size: walker.size + tarEndSize };
}

function compileIgnore(text: string, style: PathStyle): IgnoreMatcher {
  try {
    return new IgnoreMatcher(readIgnoreFile(text, style), style);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortholeError('invalid', 'DOCKERIGNORE_INVALID', `checking context: ${reason}`, {
      hint: 'look at the patterns in .dockerignore',
      cause,
    });
  }
}

class Walker {
  readonly tree = new MemoryTree();
  size = 0;
  readonly #root: string;
  readonly #matcher: IgnoreMatcher | undefined;
  readonly #separator: string;
  readonly #style: PathStyle;
  readonly #kept: ReadonlySet<string>;
  readonly #signal: AbortSignal | undefined;
  /** Files with several names: the second and later ones take no content in a tar. */
  readonly #linked = new Set<string>();

  constructor(
    root: string,
    matcher: IgnoreMatcher | undefined,
    style: PathStyle,
    kept: ReadonlySet<string>,
    signal: AbortSignal | undefined,
  ) {
    this.#root = root;
    this.#matcher = matcher;
    this.#style = style;
    this.#separator = style === 'windows' ? '\\' : '/';
    this.#kept = kept;
    this.#signal = signal;
  }

  /** `at`: the folder in the tree; undefined for one that is left out, which appears only if something in it does. */
  folder(path: string, matches: ParentMatches, at: TreeFolder | undefined): void {
    this.#signal?.throwIfAborted();
    const hostFolder = path === '' ? this.#root : this.#root + sep + path;
    let names: string[];
    try {
      names = readdirSync(hostFolder).sort();
    } catch (error) {
      throw unreadable(error, hostFolder);
    }
    for (const name of names) this.#object(path, name, matches, at);
  }

  #object(folder: string, name: string, parent: ParentMatches, at: TreeFolder | undefined): void {
    const path = folder === '' ? name : `${folder}/${name}`;
    let matches = parent;
    let excluded = at === undefined;
    if (this.#matcher) {
      const styled = this.#style === 'windows' ? path.replaceAll('/', this.#separator) : path;
      ({ excluded, matches } = this.#matcher.step(styled, parent));
      if (excluded && !this.#kept.has(path)) {
        this.#excludedObject(path, styled, matches);
        return;
      }
    }
    const read = readEntry(path, this.#root + sep + path, this.#style);
    if (!read) return;
    const { entry, stats } = read;
    this.size += this.#tarSize(entry, stats);
    const added = excluded ? undefined : this.tree.addTo(at ?? this.tree.folderAt(folder), name, entry);
    if (entry.type === 'directory') this.folder(path, matches, added);
  }

  /** A folder that is left out is walked only where a pattern may take something back in. */
  #excludedObject(path: string, styled: string, matches: ParentMatches): void {
    const keepsDockerfile = [...this.#kept].some((kept) => kept.startsWith(path + '/'));
    if (!this.#matcher!.mayHoldInverted(styled) && !keepsDockerfile) return;
    if (lstatSync(join(this.#root, path)).isDirectory()) this.folder(path, matches, undefined);
  }

  #tarSize(entry: SourceEntry, stats: Stats): number {
    if (entry.type === 'file' && stats.nlink > 1) {
      const key = `${stats.dev}:${stats.ino}`;
      if (this.#linked.has(key)) return tarEntrySize(entry.path, 0);
      this.#linked.add(key);
    }
    return tarEntrySize(entry.type === 'directory' ? entry.path + '/' : entry.path, entry.size, entry.target);
  }
}

/** Undefined for a socket, which no archive holds, and for what went away meanwhile. */
function readEntry(
  path: string,
  hostPath: string,
  style: PathStyle,
): { entry: SourceEntry; stats: Stats } | undefined {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(hostPath, { throwIfNoEntry: false });
    if (!stats || stats.isSocket()) return undefined;
    // Windows has no permission bits: a constant keeps cache keys steady.
    const mode = style === 'windows' ? 0o755 : stats.mode & 0o777;
    const common = { path, mode, modified: String(Math.floor(stats.mtimeMs / 1000)) };
    if (stats.isFile()) {
      const { size } = stats;
      return { entry: { ...common, type: 'file', size, content: { hostPath } }, stats };
    }
    if (stats.isDirectory()) return { entry: { ...common, type: 'directory', size: 0 }, stats };
    if (stats.isSymbolicLink()) {
      return { entry: { ...common, type: 'symlink', size: 0, target: readlinkSync(hostPath) }, stats };
    }
    return { entry: { ...common, type: 'other', size: 0 }, stats };
  } catch (error) {
    throw unreadable(error, hostPath);
  }
}

function unreadable(error: unknown, path: string): PortholeError {
  const code = (error as NodeJS.ErrnoException).code;
  const text =
    code === 'EACCES' || code === 'EPERM' ? `no permission to read from '${path}'` : `can't stat '${path}'`;
  return new PortholeError('invalid', 'BUILD_CONTEXT_UNREADABLE', `checking context: ${text}`, {
    cause: error,
  });
}

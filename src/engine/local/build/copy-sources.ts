import { compileGlob, hasWildcard } from '../../../build/glob.ts';
import type { FileContent, SourceEntry, SourceTree } from '../../../build/source-tree.ts';
import { MemoryTree, splitPath } from '../../../build/source-tree.ts';
import { listDigest, tarsum } from '../../../build/tarsum.ts';
import { normalizeSource, refuseSystemDrive, sourceNames } from '../../../build/windows-paths.ts';

/** One source of COPY or ADD after wildcards: what it is, where, and its digest for the cache. */
export interface CopySource {
  readonly tree: SourceTree;
  readonly entry: SourceEntry;
  /** Name that the file gets in a folder; a link keeps its own. */
  readonly name: string;
  /** `file:<hex>` or `dir:<hex>`. */
  readonly digest: string;
  /** ADD unpacks archives, but never a download. */
  readonly mayUnpack: boolean;
}

export interface SourceOptions {
  /** `--from`: an image or stage. */
  readonly fromImage: boolean;
}

/** What one path of COPY or ADD means in a tree. Throws Errors in Docker's words, without `COPY failed: `. */
export async function findSources(
  tree: SourceTree,
  path: string,
  options: SourceOptions,
): Promise<CopySource[]> {
  if (options.fromImage) refuseSystemDrive(path);
  const source = normalizeSource(path);
  if (hasWildcard(source, 'windows')) return matchSources(tree, source);
  const names = sourceNames(source);
  if (!names) {
    throw new Error(
      `failed to resolve scoped path ${source} (): it leads out of its root. ` +
        'Possible cause is a forbidden path outside the build context',
    );
  }
  const entry = await tree.find(names.join('/'));
  if (!entry) {
    const missing = `stat ${source}: file does not exist`;
    if (options.fromImage) throw new Error(missing);
    throw new Error(`file not found in build context or excluded by .dockerignore: ${missing}`);
  }
  return [await describeSource(tree, entry, names.at(-1) ?? '')];
}

async function matchSources(tree: SourceTree, pattern: string): Promise<CopySource[]> {
  const names = splitPath(pattern);
  const isMatch = compileGlob(names.join('\\'), 'windows');
  const literal = names.slice(
    0,
    names.findIndex((name) => hasWildcard(name, 'windows')),
  );
  const start = await tree.find(literal.join('/'));
  if (!start) return [];
  const matches: SourceEntry[] = [];
  for await (const entry of tree.below(start)) {
    const relative = start.path === '' ? entry.path : entry.path.slice(start.path.length + 1);
    if (entry.path === start.path) continue;
    // The folder may be spelled otherwise than the pattern says.
    if (isMatch([...literal, ...splitPath(relative)].join('\\'))) matches.push(entry);
  }
  const sources: CopySource[] = [];
  for (const match of matches) {
    const entry = match.type === 'symlink' ? await tree.find(match.path) : match;
    if (entry) sources.push(await describeSource(tree, entry, splitPath(match.path).at(-1)!));
  }
  return sources;
}

/** A file that is not in any tree: a here-document or a download. */
export async function inlineSource(
  name: string,
  content: FileContent,
  size: number,
  extra: Partial<SourceEntry> = {},
): Promise<CopySource> {
  const tree = new MemoryTree();
  const entry: SourceEntry = { path: name, type: 'file', size, mode: 0o644, content, ...extra };
  tree.add(entry);
  return { ...(await describeSource(tree, entry, name)), mayUnpack: false };
}

async function describeSource(tree: SourceTree, entry: SourceEntry, name: string): Promise<CopySource> {
  if (entry.type === 'other') throw new Error(`${entry.path} is not a regular file`);
  const digest =
    entry.type === 'directory' ? await folderDigest(tree, entry) : `file:${await tarsum(entry, entry.path)}`;
  return { tree, entry, name, digest, mayUnpack: true };
}

async function folderDigest(tree: SourceTree, folder: SourceEntry): Promise<string> {
  const digests: string[] = [];
  for await (const entry of tree.below(folder)) {
    if (entry.path !== '') digests.push(await tarsum(entry, entry.path));
  }
  return listDigest('dir', digests.sort());
}

/** One digest for all sources: alone its own, else of the list. */
export function sourcesDigest(sources: readonly CopySource[]): string {
  const [first] = sources;
  if (sources.length === 1) return first!.digest;
  return listDigest(
    'multi',
    sources.map(({ digest }) => digest),
  );
}

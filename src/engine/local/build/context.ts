import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { openContent } from '../../../build/archive-probe.ts';
import type { PathStyle } from '../../../build/clean-path.ts';
import { readDirectoryContext } from '../../../build/directory-context.ts';
import { IgnoreMatcher, readIgnoreFile } from '../../../build/ignore-file.ts';
import type { MemoryTree } from '../../../build/source-tree.ts';
import { readTarContext } from '../../../build/tar-context.ts';
import { decodeSource, SourceText } from '../../../dockerfile/source.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { BuildContext, BuildRequest } from '../../roles/index.ts';

export interface OpenedContext {
  readonly tree: MemoryTree;
  /** Bytes that it takes, or took, as a tar. */
  readonly size: number;
  readonly dockerfile: SourceText;
  /** How messages name the Dockerfile. */
  readonly name: string;
}

/** Reads the context and the Dockerfile. `folder` is where an archive's content is put aside; the caller removes it. */
export async function openContext(
  context: BuildContext,
  request: Pick<BuildRequest, 'dockerfile'>,
  options: { readonly folder: string; readonly style: PathStyle; readonly signal: AbortSignal | undefined },
): Promise<OpenedContext> {
  const { dockerfile } = request;
  const path = 'path' in dockerfile ? dockerfile.path : undefined;
  if (context.kind === 'directory') {
    const { tree, size } = readDirectoryContext(context.path, context.ignore, {
      style: options.style,
      ...(path === undefined ? {} : { dockerfile: path }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const bytes = path === undefined ? undefined : readDockerfile(context.path, path);
    return { tree, size, ...named(dockerfile, bytes) };
  }
  const { tree, size } = await readTarContext(context.stream, options.folder, options.signal);
  const bytes = path === undefined ? undefined : await dockerfileOfTar(tree, path);
  await removeExcluded(tree, path);
  return { tree, size, ...named(dockerfile, bytes) };
}

function named(
  dockerfile: BuildRequest['dockerfile'],
  bytes: Uint8Array | undefined,
): { dockerfile: SourceText; name: string } {
  const name = 'path' in dockerfile ? dockerfile.path : dockerfile.name;
  const source = 'path' in dockerfile ? decodeSource(bytes!) : new SourceText(dockerfile.text);
  if (source.text === '') {
    throw new PortholeError('invalid', 'DOCKERFILE_EMPTY', `the Dockerfile (${name}) cannot be empty`);
  }
  return { dockerfile: source, name };
}

function readDockerfile(folder: string, path: string): Uint8Array {
  try {
    return readFileSync(join(folder, path));
  } catch (error) {
    throw new PortholeError(
      'notFound',
      'DOCKERFILE_NOT_FOUND',
      `Cannot locate specified Dockerfile: ${path}`,
      {
        cause: error,
      },
    );
  }
}

async function dockerfileOfTar(tree: MemoryTree, path: string): Promise<Uint8Array> {
  const found = (await tree.find(path)) ?? (path === 'Dockerfile' ? tree.get('dockerfile') : undefined);
  if (found?.type === 'file') return buffer(openContent(found));
  throw new PortholeError('notFound', 'DOCKERFILE_NOT_FOUND', `Cannot locate specified Dockerfile: ${path}`);
}

/** An archive is taken as it is, but for the Dockerfile and `.dockerignore` where its own rules leave them out. */
async function removeExcluded(tree: MemoryTree, dockerfile: string | undefined): Promise<void> {
  const file = tree.get('.dockerignore');
  if (file?.type !== 'file') return;
  const patterns = readIgnoreFile((await buffer(openContent(file))).toString('utf8'), 'slash');
  const matcher = new IgnoreMatcher(patterns, 'slash');
  for (const path of ['.dockerignore', dockerfile]) {
    if (path !== undefined && matcher.excludes(path)) tree.remove(path);
  }
}

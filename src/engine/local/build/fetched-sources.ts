/** Sources of ADD that are neither in the context nor in an image: downloads as the classic builder makes them, repositories as BuildKit's. */
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readDirectoryContext } from '../../../build/directory-context.ts';
import type { Expander } from '../../../build/run-config.ts';
import type { AddInstruction } from '../../../dockerfile/instructions.ts';
import { digestAlgorithm, hasherOf, isDigest } from '../../../image/digest.ts';
import { isGitAddress, isWebAddress } from '../../../remote/git-address.ts';
import { checkOut } from '../../../remote/git-checkout.ts';
import { findSources, inlineSource } from './copy-sources.ts';
import type { CopySource } from './copy-sources.ts';
import { download } from './download.ts';
import { needsBuildKit } from './refusals.ts';
import type { BuildRun } from './state.ts';

/** Undefined when the path is no address. Throws Errors in Docker's words, without `ADD failed: `. */
export async function fetchSources(
  run: BuildRun,
  { sources, inline, checksum, keepGitDir }: AddInstruction,
  path: string,
  { destination, expand }: { readonly destination: string; readonly expand: Expander },
): Promise<CopySource[] | undefined> {
  const wanted = checksum === undefined ? '' : expand.word(checksum);
  const isRepository = isGitAddress(path);
  if (wanted !== '') {
    if (sources.length + inline.length > 1)
      throw new Error("checksum can't be specified for multiple sources");
    if (isRepository) throw needsBuildKit('checksum');
    if (!isWebAddress(path)) throw new Error('checksum requires HTTP(S) or Git sources');
    if (!isDigest(wanted)) throw new Error('invalid checksum digest format');
  }
  if (keepGitDir && !isRepository) throw needsBuildKit('keep-git-dir');
  if (isRepository) return checkedOut(run, path, keepGitDir);
  return isWebAddress(path) ? [await downloaded(run, path, destination, wanted)] : undefined;
}

const unnamed = '__unnamed__';

async function downloaded(
  run: BuildRun,
  address: string,
  destination: string,
  checksum: string,
): Promise<CopySource> {
  const { environment } = run.deps;
  const folder = join(run.workFolder, `url-${environment.newId()}`);
  const file = await download(address, folder, {
    env: environment.env,
    onProgress: run.output.progress,
    signal: run.signal,
  });
  run.output.out('\n');
  if (checksum !== '') await requireDigest(file.hostPath, checksum);
  if (file.name === '' && destination.endsWith('\\')) {
    throw new Error(`cannot determine filename for source ${address}`);
  }
  const name = file.name === '' ? unnamed : file.name;
  return inlineSource(name, { hostPath: file.hostPath }, file.size, { mode: 0o600, modified: file.modified });
}

async function requireDigest(hostPath: string, wanted: string): Promise<void> {
  const hash = hasherOf(wanted);
  for await (const chunk of createReadStream(hostPath) as AsyncIterable<Buffer>) hash.update(chunk);
  const found = `${digestAlgorithm(wanted)}:${hash.digest('hex')}`;
  if (found !== wanted) throw new Error(`digest mismatch ${found}: ${wanted}`);
}

/** A repository's folder: what is in it. */
async function checkedOut(run: BuildRun, address: string, keepGitDir: boolean): Promise<CopySource[]> {
  const { environment } = run.deps;
  const parent = join(run.workFolder, `git-${environment.newId()}`);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const { platform, env } = environment;
  const folder = await checkOut(address, parent, { platform, env, keepGitDir, signal: run.signal });
  const options = { style: 'slash', ...(run.signal ? { signal: run.signal } : {}) } as const;
  return findSources(readDirectoryContext(folder, undefined, options).tree, '.', { fromImage: false });
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildContext, BuildRequest } from '../../src/engine/roles/index.ts';

const block = 512;
const padded = (size: number) => Math.ceil(size / block) * block;

/**
 * Bytes that a small context takes as a tar: a header a file, content in blocks, two empty blocks at the end. Ignore rules
 * of the recordings are plain names.
 */
export async function contextTarSize(
  context: BuildContext,
  dockerfile: BuildRequest['dockerfile'],
): Promise<number> {
  if (context.kind === 'tar') {
    let size = 0;
    for await (const chunk of context.stream) size += (chunk as Buffer).length;
    return size;
  }
  const ignored = new Set((context.ignore ?? '').split('\n').filter((line) => line !== ''));
  const kept = ['.dockerignore', 'path' in dockerfile ? dockerfile.path : ''];
  let size = 2 * block;
  for (const name of readdirSync(context.path, { recursive: true }) as string[]) {
    if (ignored.has(name) && !kept.includes(name)) continue;
    const stat = statSync(join(context.path, name));
    size += block + (stat.isFile() ? padded(readFileSync(join(context.path, name)).length) : 0);
  }
  return size;
}

/** The Dockerfile of a build context, without building. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import { asError } from '../errors/porthole-error.ts';
import type { ContextSource } from './build-context.ts';
import { CliError, systemErrorText } from './cli-error.ts';

export interface ContextDockerfile {
  readonly bytes: Uint8Array;
  /** `NAME.dockerignore`, else `.dockerignore`. */
  readonly dockerignore: string | undefined;
}

/** Throws `CliError` when there is none. */
export async function readContextDockerfile({
  context,
  dockerfile,
}: ContextSource): Promise<ContextDockerfile> {
  if (context.kind === 'tar') {
    if ('path' in dockerfile) return fromTar(context.stream, dockerfile.path);
    return { bytes: Buffer.from(dockerfile.text), dockerignore: undefined };
  }
  if ('text' in dockerfile) {
    return { bytes: Buffer.from(dockerfile.text), dockerignore: context.ignore };
  }
  const path = join(context.path, dockerfile.path);
  const own = await readFile(`${path}.dockerignore`, 'utf8').catch(() => undefined);
  try {
    return { bytes: await readFile(path), dockerignore: own ?? context.ignore };
  } catch (error) {
    throw new CliError(`unable to open Dockerfile: ${systemErrorText(asError(error))}`, { cause: error });
  }
}

async function fromTar(stream: Readable, path: string): Promise<ContextDockerfile> {
  const [{ extract }, { inflateInto }] = await Promise.all([
    import('tar-stream'),
    import('../layer/inflate-into.ts'),
  ]);
  const found = new Map<string, Buffer>();
  const wanted = new Set([path, `${path}.dockerignore`, '.dockerignore']);
  const entries = extract();
  // The entries end with the same error.
  inflateInto(entries as unknown as Writable, stream).catch(() => undefined);
  for await (const entry of entries) {
    const name = entry.header.name.replace(/^(\.?\/)+/, '');
    if (wanted.has(name)) found.set(name, await collect(entry));
    else entry.resume();
  }
  const bytes = found.get(path);
  if (bytes === undefined) {
    throw new CliError(`failed to read dockerfile: open ${basename(path)}: no such file or directory`);
  }
  const ignore = found.get(`${path}.dockerignore`) ?? found.get('.dockerignore');
  return { bytes, dockerignore: ignore?.toString('utf8') };
}

/**
 * Where a build's files come from: a folder, an archive or a Dockerfile on stdin (`image/build/context.go`; dockerfile.md 2.9).
 * Errors carry Docker's text after `unable to prepare context: `.
 */
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import type { BuildContext, BuildRequest } from '../engine/roles/index.ts';
import { asError } from '../errors/porthole-error.ts';
import { CliError, systemErrorText } from './cli-error.ts';
import { absolutePath } from './requests/client.ts';
import type { Client } from './requests/client.ts';

export interface ContextSource {
  readonly context: BuildContext;
  readonly dockerfile: BuildRequest['dockerfile'];
}

const fail = (text: string, details: { hint?: string; cause?: unknown } = {}) =>
  new CliError(`unable to prepare context: ${text}`, details);

/** `path`: the argument; `dockerfile`: `-f`, '' when not given, `-` for stdin. */
export async function openBuildContext(
  path: string,
  dockerfile: string,
  client: Client,
  stdin: NodeJS.ReadableStream,
): Promise<ContextSource> {
  if (path === '-') {
    if (dockerfile === '-')
      throw new CliError("invalid argument: can't use stdin for both build context and dockerfile");
    return readContext(stdin, dockerfile);
  }
  const absolute = absolutePath(client, path);
  if (await exists(absolute)) return openFolder(absolute, dockerfile, client, stdin);
  if (/^(https?|git):\/\/|^git@|^github\.com\//.test(path)) {
    throw fail(`unable to download remote context ${path}: remote contexts are not available`, {
      hint: 'clone or unpack it and give the folder, or pipe the archive to `build -`',
    });
  }
  throw fail(`path "${path}" not found`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function openFolder(
  absolute: string,
  given: string,
  client: Client,
  stdin: NodeJS.ReadableStream,
): Promise<ContextSource> {
  let folder: string;
  try {
    folder = await realpath(absolute);
  } catch (error) {
    throw fail(`unable to evaluate symlinks in context path: ${systemErrorText(asError(error))}`, {
      cause: error,
    });
  }
  if (!(await lstat(folder)).isDirectory()) throw fail(`context must be a directory: ${folder}`);
  const dockerfile =
    given === '-' ? await dockerfileText(stdin) : await findDockerfile(folder, given, client);
  return { context: { kind: 'directory', path: folder, ignore: await readIgnore(folder) }, dockerfile };
}

const dockerfileText = async (stdin: NodeJS.ReadableStream) => ({
  text: (await collect(stdin as Readable)).toString('utf8'),
  name: 'Dockerfile',
});

/** Path inside the context with `/`, or the text of a Dockerfile that lies outside. */
async function findDockerfile(
  folder: string,
  given: string,
  client: Client,
): Promise<BuildRequest['dockerfile']> {
  let path = given === '' ? join(folder, 'Dockerfile') : absolutePath(client, given);
  if (given === '' && !(await exists(path)) && (await exists(join(folder, 'dockerfile'))))
    path = join(folder, 'dockerfile');
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    // Node's realpath names its own call; Go's walk fails in lstat.
    const text = systemErrorText(Object.assign(asError(error), { syscall: 'lstat', path }));
    throw fail(`unable to evaluate symlinks in Dockerfile path: ${text}`, { cause: error });
  }
  const inside = relative(folder, real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || inside === real) {
    try {
      return { text: await readFile(real, 'utf8'), name: basename(real) };
    } catch (error) {
      throw new CliError(`unable to open Dockerfile: ${systemErrorText(asError(error))}`, { cause: error });
    }
  }
  return { path: inside.split(sep).join('/') };
}

/** Text of `.dockerignore`; undefined when there is none. UTF-16 of Windows PowerShell is read too. */
async function readIgnore(folder: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, '.dockerignore'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(systemErrorText(asError(error)), { cause: error });
  }
  return bytes[0] === 0xff && bytes[1] === 0xfe
    ? bytes.subarray(2).toString('utf16le')
    : bytes.toString('utf8');
}

/** An archive as it comes, or one of a Dockerfile alone. */
async function readContext(input: NodeJS.ReadableStream, dockerfile: string): Promise<ContextSource> {
  const { head, stream } = await peek(input, 512);
  const { detectCompression, isTarHeader } = await import('../layer/compression.ts');
  if (detectCompression(head) === 'none' && !isTarHeader(head)) {
    if (dockerfile === '-') throw fail('build context is not an archive');
    if (dockerfile !== '')
      throw fail('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
    return {
      context: { kind: 'tar', stream: await oneFileTar(await collect(stream)) },
      dockerfile: { path: 'Dockerfile' },
    };
  }
  return {
    context: { kind: 'tar', stream },
    dockerfile: { path: dockerfile === '' ? 'Dockerfile' : dockerfile.replaceAll('\\', '/') },
  };
}

/** At least `size` first bytes (fewer when the input is shorter) and a stream of all of it. */
async function peek(input: NodeJS.ReadableStream, size: number): Promise<{ head: Buffer; stream: Readable }> {
  const chunks: Buffer[] = [];
  const iterator = (input as Readable)[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>;
  let length = 0;
  while (length < size) {
    const next = await iterator.next();
    if (next.done === true) break;
    const chunk = Buffer.from(next.value);
    chunks.push(chunk);
    length += chunk.length;
  }
  const head = Buffer.concat(chunks);
  const stream = new PassThrough();
  const pump = async () => {
    stream.write(head);
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (!stream.write(next.value)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  };
  pump().catch((error: unknown) => stream.destroy(asError(error)));
  return { head, stream };
}

/** A context of one Dockerfile, as Docker's client wraps it. */
async function oneFileTar(content: Buffer): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  tar.entry({ name: 'Dockerfile', mode: 0o600, mtime: new Date(0) }, content);
  tar.finalize();
  return tar as unknown as Readable;
}

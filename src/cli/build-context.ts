/**
 * Where a build's files come from: a folder, an archive or a Dockerfile on stdin (`image/build/context.go`; dockerfile.md 2.9).
 * Errors carry Docker's text after `unable to prepare context: `.
 */
import { lstat, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve, sep } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import type { BuildContext, BuildRequest } from '../engine/roles/index.ts';
import { asError, PortholeError } from '../errors/porthole-error.ts';
import { leavesFolder } from '../text/leaves-folder.ts';
import { CliError, systemErrorText } from './cli-error.ts';
import { absolutePath } from './requests/client.ts';
import type { Client } from './requests/client.ts';

export interface ContextSource {
  readonly context: BuildContext;
  readonly dockerfile: BuildRequest['dockerfile'];
  /** Ends what the context came by and removes what was put aside for it. */
  readonly dispose?: () => Promise<void> | void;
}

export interface ContextOptions {
  readonly signal?: AbortSignal | undefined;
  /** What Docker's client says before it downloads. */
  readonly announce?: (text: string) => void;
  /** `BUILDKIT_CONTEXT_KEEP_GIT_DIR`: the context has the repository's `.git`. */
  readonly keepGitDir?: boolean;
}

const fail = (text: string, details: { hint?: string; cause?: unknown } = {}) =>
  new CliError(`unable to prepare context: ${text}`, details);

/** `path`: the argument; `dockerfile`: `-f`, '' when not given, `-` for stdin. */
export async function openBuildContext(
  path: string,
  dockerfile: string,
  client: Client,
  stdin: NodeJS.ReadableStream,
  options: ContextOptions = {},
): Promise<ContextSource> {
  if (path === '-') {
    if (dockerfile === '-')
      throw new CliError("invalid argument: can't use stdin for both build context and dockerfile");
    return readContext(stdin, dockerfile);
  }
  const absolute = absolutePath(client, path);
  if (await exists(absolute)) return openFolder(absolute, dockerfile, client, stdin);
  const address = path.startsWith('github.com/') ? `https://${path}` : path;
  const { isGitAddress, isWebAddress } = await import('../remote/git-address.ts');
  if (address !== path || isGitAddress(address))
    return openRepository(address, dockerfile, client, stdin, options);
  if (isWebAddress(path)) return openDownload(path, dockerfile, client, stdin, options);
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

async function openRepository(
  address: string,
  dockerfile: string,
  { platform, env }: Client,
  stdin: NodeJS.ReadableStream,
  { signal, keepGitDir = false }: ContextOptions,
): Promise<ContextSource> {
  const { checkOut } = await import('../remote/git-checkout.ts');
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'porthole-build-git-')));
  const dispose = () => rm(parent, { recursive: true, force: true, maxRetries: 5 });
  try {
    const folder = await checkOut(address, parent, { platform, env, keepGitDir, signal });
    const found =
      dockerfile === '-'
        ? await dockerfileText(stdin)
        : { path: await dockerfileWithin(folder, dockerfile, parent) };
    const context = { kind: 'directory', path: folder, ignore: await readIgnore(folder) } as const;
    return { context, dockerfile: found, dispose };
  } catch (error) {
    await dispose();
    throw error instanceof PortholeError && error.kind !== 'cancelled' ? notPrepared(error) : error;
  }
}

function notPrepared(error: PortholeError): PortholeError {
  if (error instanceof CliError) return error;
  const text =
    error.code === 'GIT_CHECKOUT'
      ? `unable to 'git clone' to temporary context directory: ${error.message}`
      : error.message;
  return fail(text, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

/** `given` is relative to the repository's folder, not to where the command runs. `parent` is not shown. */
async function dockerfileWithin(folder: string, given: string, parent: string): Promise<string> {
  try {
    const { real, inside } = await realDockerfile(folder, given, (path) => resolve(folder, path));
    if (inside !== undefined) return inside;
    throw fail(`the Dockerfile (${given === '' ? basename(real) : given}) must be within the build context`);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.message.replaceAll(`${parent}${sep}repository${sep}`, ''), { cause: error });
  }
}

async function openDownload(
  address: string,
  dockerfile: string,
  { env }: Client,
  stdin: NodeJS.ReadableStream,
  { signal, announce }: ContextOptions,
): Promise<ContextSource> {
  const { openAddress, shownAddress } = await import('../remote/open-address.ts');
  const shown = shownAddress(address);
  const opened = await openAddress(address, { env, signal }).catch((error: unknown) => {
    if (!(error instanceof PortholeError) || error.kind === 'cancelled') throw error;
    throw fail(`unable to download remote context ${shown}: ${error.message}`, { cause: error });
  });
  try {
    announce?.(`Downloading build context from remote url: ${shown}\n`);
    const source = await readContext(opened.body, dockerfile);
    return {
      context: source.context,
      dockerfile: dockerfile === '-' ? await dockerfileText(stdin) : source.dockerfile,
      dispose: () => opened.close(),
    };
  } catch (error) {
    opened.close();
    throw error;
  }
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
  const { real, inside } = await realDockerfile(folder, given, (path) => absolutePath(client, path));
  if (inside !== undefined) return { path: inside };
  try {
    return { text: await readFile(real, 'utf8'), name: basename(real) };
  } catch (error) {
    throw new CliError(`unable to open Dockerfile: ${systemErrorText(asError(error))}`, { cause: error });
  }
}

/** The Dockerfile after links are followed, and its path inside the folder, with `/`, if it is there. */
async function realDockerfile(
  folder: string,
  given: string,
  absolute: (path: string) => string,
): Promise<{ readonly real: string; readonly inside: string | undefined }> {
  let path = given === '' ? join(folder, 'Dockerfile') : absolute(given);
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
  return { real, inside: leavesFolder(inside) ? undefined : inside.split(sep).join('/') };
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

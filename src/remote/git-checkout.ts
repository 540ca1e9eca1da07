/** Brings the files of a repository, by the git that is installed. */
import { spawn } from 'node:child_process';
import { mkdir, realpath, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import { leavesFolder } from '../text/leaves-folder.ts';
import { parseGitAddress } from './git-address.ts';

export interface CheckoutOptions {
  readonly platform: 'win32' | 'linux';
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Otherwise there is no `.git` in the root: it never has the same bytes twice, so nothing made of it could be cached. */
  readonly keepGitDir: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches no more than the commit where the server can do that, checks it out with its submodules, and gives the real path of
 * the folder that the address names. `parent`: an empty folder of the caller's, who removes it. Errors: kind `invalid`, code
 * `GIT_CHECKOUT`, in Docker's words; `notFound`, code `GIT_NOT_FOUND` where there is no git.
 */
export async function checkOut(address: string, parent: string, options: CheckoutOptions): Promise<string> {
  const root = join(parent, 'repository');
  try {
    const { remote, ref, folder } = parseGitAddress(address);
    await mkdir(root, { recursive: true, mode: 0o700 });
    const git = (args: readonly string[], failed: string): Promise<string> =>
      runGit(parent, root, args, failed, options);
    await git(['init', '--quiet'], 'failed to init repo');
    await git(['remote', 'add', 'origin', remote], 'failed add origin repo');
    await fetchCommit(git, ref);
    // By its name first: then HEAD is the branch.
    const failed = `error checking out ${ref}`;
    await git(['checkout', '--quiet', ref, '--'], failed).catch((error: unknown) =>
      git(['checkout', '--quiet', 'FETCH_HEAD', '--'], failed).catch(() => {
        throw error;
      }),
    );
    await git(
      ['submodule', 'update', '--quiet', '--init', '--recursive', '--depth=1'],
      'error initializing submodules',
    );
    const found = await folderIn(root, folder);
    if (!options.keepGitDir) await rm(join(root, '.git'), { recursive: true, force: true, maxRetries: 5 });
    return found;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof PortholeError) throw error;
    throw failedCheckout(asError(error).message, error);
  }
}

type Git = (args: readonly string[], failed: string) => Promise<string>;

async function fetchCommit(git: Git, ref: string): Promise<void> {
  try {
    await git(['fetch', '--quiet', '--depth', '1', 'origin', '--', ref], 'error fetching');
  } catch (error) {
    // A web server that knows nothing of git.
    if (!/dumb http transport does not support shallow/.test(asError(error).message)) throw error;
    await git(['fetch', '--quiet', 'origin', '--', ref], 'error fetching');
  }
}

/** Of what the environment says to git, that which would lead it to another repository. */
const misleading = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
]);

/** Submodules may be anywhere but on this host, and no transport that runs a program is taken. */
const protections = ['-c', 'protocol.file.allow=never', '-c', 'protocol.ext.allow=never'];
const mostOutput = 64 << 10;

/** Gives what git says; when it fails, `failed: what it says: exit status n`. */
async function runGit(
  cwd: string,
  root: string,
  args: readonly string[],
  failed: string,
  { env, platform, signal }: CheckoutOptions,
): Promise<string> {
  const kept = Object.entries(env).filter(([name]) => !misleading.has(name));
  const child = spawn('git', [...protections, '-C', root, ...args], {
    // Not in the repository: Windows looks for programs in the current folder first.
    cwd,
    env: { ...Object.fromEntries(kept), GIT_PROTOCOL_FROM_USER: '0', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  const take = (chunk: Buffer): void => {
    if (output.length < mostOutput) output += chunk.toString('utf8');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const status = await new Promise<string>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? noGit(platform) : error),
    );
    child.once('close', (code, killed) =>
      resolve(killed === null ? `exit status ${code}` : `signal: ${killed}`),
    );
  });
  if (status === 'exit status 0') return output;
  throw failedCheckout([failed, output.trim(), status].filter((part) => part !== '').join(': '), undefined);
}

/** The folder after its links are followed: inside the repository, whatever they say. */
async function folderIn(root: string, folder: string): Promise<string> {
  const top = await realpath(root);
  const shown = JSON.stringify(folder);
  const outside = new Error(`error setting git context, ${shown} not within git root`);
  if (leavesFolder(relative(top, join(top, folder)))) throw outside;
  const found = await realpath(join(top, folder)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`stat ${folder}: no such file or directory`) : error;
  });
  if (leavesFolder(relative(top, found))) throw outside;
  if (!(await stat(found)).isDirectory())
    throw new Error(`error setting git context, not a directory: ${folder}`);
  return found;
}

function failedCheckout(message: string, cause: unknown): PortholeError {
  return new PortholeError('invalid', 'GIT_CHECKOUT', message, cause === undefined ? {} : { cause });
}

function noGit(platform: 'win32' | 'linux'): PortholeError {
  const variable = platform === 'win32' ? '%PATH%' : '$PATH';
  return new PortholeError(
    'notFound',
    'GIT_NOT_FOUND',
    `unable to find 'git': exec: "git": executable file not found in ${variable}`,
    { hint: 'install git, or give a folder or the address of an archive' },
  );
}

import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env } from 'node:process';

/**
 * Bare repositories behind a server on loopback: `/git/<name>.git` by git's own protocol, `/dumb/<name>.git` as mere files.
 * What git reads of this machine's settings is kept out.
 */
export class GitServer implements AsyncDisposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'porthole-git-')));
  readonly env: Readonly<Record<string, string>> = {
    PATH: env['PATH'] ?? '',
    HOME: this.folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'c',
    GIT_COMMITTER_EMAIL: 'c@example.com',
  };
  /** Paths that were asked for. */
  readonly requests: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<GitServer> {
    const server = new GitServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  git(folder: string, ...args: string[]): string {
    return execFileSync('git', args, { cwd: folder, env: this.env, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  /** A work tree of branch `trunk` without a commit. */
  newTree(name: string): string {
    const tree = join(this.folder, name);
    mkdirSync(tree);
    this.git(tree, 'init', '--quiet', '--initial-branch=trunk');
    return tree;
  }

  /** Files by path; `-> target` is a link. Gives the commit. */
  commit(tree: string, files: Readonly<Record<string, string>>): string {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(tree, path));
      else writeFileSync(join(tree, path), text);
    }
    this.git(tree, 'add', '.');
    this.git(tree, 'commit', '--quiet', '-m', 'x');
    return this.git(tree, 'rev-parse', 'HEAD');
  }

  publish(tree: string, name: string): void {
    const bare = join(this.folder, `${name}.git`);
    rmSync(bare, { recursive: true, force: true });
    this.git(this.folder, 'clone', '--quiet', '--bare', tree, bare);
    this.git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
    this.git(bare, 'update-server-info');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.folder, { recursive: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.address);
    this.requests.push(pathname);
    if (pathname.startsWith('/git/'))
      return this.#runBackend(request, response, pathname.slice(4), searchParams.toString());
    try {
      response.end(readFileSync(join(this.folder, pathname.replace(/^\/dumb/, ''))));
    } catch {
      response.writeHead(404).end();
    }
  }

  /** The CGI that comes with git. */
  #runBackend(request: IncomingMessage, response: ServerResponse, path: string, query: string): void {
    const child = spawn('git', ['http-backend'], {
      env: {
        ...this.env,
        GIT_PROJECT_ROOT: this.folder,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method,
        PATH_INFO: path,
        QUERY_STRING: query,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const output = Buffer.concat(chunks);
      const end = output.indexOf('\r\n\r\n');
      const headers = output.subarray(0, end).toString().split('\r\n');
      const status = headers.find((line) => line.startsWith('Status: '))?.slice(8, 11);
      response.statusCode = status === undefined ? 200 : Number(status);
      for (const line of headers) {
        const colon = line.indexOf(': ');
        if (!line.startsWith('Status: ')) response.setHeader(line.slice(0, colon), line.slice(colon + 2));
      }
      response.end(output.subarray(end + 4));
    });
  }
}

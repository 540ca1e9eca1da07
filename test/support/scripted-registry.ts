/**
 * A registry in memory behind a real HTTP server, that can be told to misbehave. It speaks enough of the distribution
 * protocol for pulls and pushes, logs every request, and runs `intercept` before answering.
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { RandomImage } from '../../src/image/random.ts';

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Return true when the response was (or will be) written by the interceptor. */
export type Interceptor = (request: LoggedRequest, response: ServerResponse) => boolean | Promise<boolean>;

interface StoredManifest {
  readonly type: string;
  readonly bytes: Buffer;
}

export class ScriptedRegistry {
  /** `repository@digest` -> bytes; blobs are per repository, as a real registry shows them. */
  readonly blobs = new Map<string, Buffer>();
  /** `repository:tag` or `repository@digest`. */
  readonly manifests = new Map<string, StoredManifest>();
  readonly requests: LoggedRequest[] = [];
  readonly uploads = new Map<string, { repository: string; bytes: Buffer }>();
  intercept: Interceptor = () => false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ScriptedRegistry> {
    const server = createServer();
    const registry = new ScriptedRegistry(server);
    server.on('request', (request, response) => void registry.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return registry;
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  addImage(repository: string, tag: string, image: RandomImage): void {
    this.addManifest(repository, tag, image.manifest, image.manifestType);
    this.blobs.set(`${repository}@${image.configDigest}`, image.config);
    for (const layer of image.layers) this.blobs.set(`${repository}@${layer.descriptor.digest}`, layer.blob);
  }

  addManifest(repository: string, tag: string | undefined, bytes: Buffer, type: string): void {
    this.manifests.set(`${repository}@${digestOf(bytes)}`, { type, bytes });
    if (tag !== undefined) this.manifests.set(`${repository}:${tag}`, { type, bytes });
  }

  /** `GET /v2/…/blobs/sha256:…` and the like, in order. */
  log(filter: (request: LoggedRequest) => boolean = () => true): string[] {
    return this.requests.filter(filter).map((request) => `${request.method} ${request.path}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${this.address}`);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // A broken upload: what came is what counts.
    }
    const logged: LoggedRequest = {
      method: request.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.requests.push(logged);
    response.on('error', () => undefined);
    if (await this.intercept(logged, response)) return;
    this.answer(logged, response);
  }

  /** The honest answer. */
  answer(request: LoggedRequest, response: ServerResponse): void {
    if (request.path === '/v2/') return void reply(response, 200, {}, '{}');
    const match = /^\/v2\/(.+)\/(manifests|blobs|tags)\/(.*)$/.exec(request.path);
    if (match === null)
      return void replyError(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
    const [, repository = '', kind, rest = ''] = match;
    if (kind === 'tags') return this.#tags(repository, response);
    if (kind === 'manifests') return this.#manifest(request, repository, rest, response);
    const upload = /^(.+)\/blobs$/.exec(`${repository}/blobs`);
    if (upload !== null && /^uploads\//.test(rest))
      return this.#upload(request, repository, rest.slice(8), response);
    this.#blob(request, repository, rest, response);
  }

  #tags(repository: string, response: ServerResponse): void {
    const tags = [...this.manifests.keys()]
      .filter((key) => key.startsWith(`${repository}:`))
      .map((key) => key.slice(repository.length + 1));
    reply(response, 200, { 'Content-Type': 'application/json' }, JSON.stringify({ name: repository, tags }));
  }

  #manifest(request: LoggedRequest, repository: string, name: string, response: ServerResponse): void {
    if (request.method === 'PUT') {
      const type = request.headers['content-type'] ?? '';
      const digest = digestOf(request.body);
      this.addManifest(repository, name.includes(':') ? undefined : name, request.body, type);
      return void reply(response, 201, { 'Docker-Content-Digest': digest }, '');
    }
    const stored = this.manifests.get(name.includes(':') ? `${repository}@${name}` : `${repository}:${name}`);
    if (stored === undefined) return void replyError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const headers = { 'Content-Type': stored.type, 'Docker-Content-Digest': digestOf(stored.bytes) };
    reply(response, 200, headers, stored.bytes, request.method === 'HEAD');
  }

  #blob(request: LoggedRequest, repository: string, digest: string, response: ServerResponse): void {
    const bytes = this.blobs.get(`${repository}@${digest}`);
    if (bytes === undefined)
      return void replyError(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const headers = { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': digest };
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start === 0) return void reply(response, 200, headers, bytes, request.method === 'HEAD');
    if (start >= bytes.length) return void reply(response, 416, {}, '');
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    reply(response, 206, { ...headers, 'Content-Range': range }, bytes.subarray(start));
  }

  #upload(request: LoggedRequest, repository: string, id: string, response: ServerResponse): void {
    const { method, query, body } = request;
    if (method === 'POST') {
      const [mount, from] = [query.get('mount'), query.get('from')];
      const mounted = mount === null || from === null ? undefined : this.blobs.get(`${from}@${mount}`);
      if (mounted !== undefined) {
        this.blobs.set(`${repository}@${mount}`, mounted);
        return void reply(response, 201, {}, '');
      }
      const session = randomUUID();
      this.uploads.set(session, { repository, bytes: Buffer.alloc(0) });
      return void reply(
        response,
        202,
        { Location: `/v2/${repository}/blobs/uploads/${session}?_state=x%3D` },
        '',
      );
    }
    const session = this.uploads.get(id);
    if (session === undefined)
      return void replyError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    const location = `/v2/${repository}/blobs/uploads/${id}?_state=y%3D`;
    const range = `0-${Math.max(0, session.bytes.length - 1)}`;
    if (method === 'GET') return void reply(response, 204, { Range: range, Location: location }, '');
    if (method === 'DELETE') {
      this.uploads.delete(id);
      return void reply(response, 204, {}, '');
    }
    session.bytes = Buffer.concat([session.bytes, body]);
    if (method === 'PATCH') {
      return void reply(response, 202, { Location: location, Range: `0-${session.bytes.length - 1}` }, '');
    }
    const digest = query.get('digest') ?? '';
    if (digestOf(session.bytes) !== digest) {
      return void replyError(
        response,
        400,
        'DIGEST_INVALID',
        'provided digest did not match uploaded content',
      );
    }
    this.blobs.set(`${repository}@${digest}`, session.bytes);
    this.uploads.delete(id);
    reply(response, 201, { 'Docker-Content-Digest': digest }, '');
  }
}

export function reply(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Buffer,
  headOnly = false,
): void {
  response.writeHead(status, { 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  response.end(headOnly ? undefined : body);
}

export function replyError(response: ServerResponse, status: number, code: string, message: string): void {
  reply(
    response,
    status,
    { 'Content-Type': 'application/json' },
    JSON.stringify({ errors: [{ code, message }] }),
  );
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

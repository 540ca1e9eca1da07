/**
 * One repository of one registry: manifests, blobs and tags, over whichever of its endpoints works (mirrors first). Only
 * mirrors and the choice between https and http fall through to the next endpoint; an answer of the registry is final.
 */
import type { Reference } from '../image/reference.ts';
import type { Descriptor } from '../image/descriptor.ts';
import { digestLike, isDigest, sha256 } from '../image/digest.ts';
import type { Digest } from '../image/digest.ts';
import { maxDocumentBytes } from '../image/manifest.ts';
import { bareMediaType, manifestAccept } from '../image/media-types.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { discardBody, readBody } from './bodies.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { RegistryError } from './errors.ts';
import type { HttpResponse } from './http.ts';
import { mayBeOtherProtocol } from './other-protocol.ts';

export interface RepositoryOptions {
  readonly reference: Reference;
  readonly action: 'pull' | 'push';
  readonly endpoints: readonly EndpointClient[];
  /** The endpoint that answered last time, remembered beyond this repository. */
  readonly onChosen?: (client: EndpointClient) => void;
}

export interface ResolvedTag {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly digest: Digest;
}

const maxTagPages = 1000;

export class Repository {
  readonly reference: Reference;
  readonly #options: RepositoryOptions;
  #chosen: EndpointClient | undefined;

  constructor(options: RepositoryOptions) {
    this.reference = options.reference;
    this.#options = options;
  }

  /** `repository:<path>:pull` or `…:pull,push`. */
  get scopes(): readonly string[] {
    return [`repository:${this.reference.path}:${this.#options.action === 'push' ? 'pull,push' : 'pull'}`];
  }

  path(rest: string): string {
    return `/v2/${this.reference.path}/${rest}`;
  }

  /** What a tag points to, by HEAD (does not count as a pull on Docker Hub). Undefined when only a GET can tell. */
  async resolve(tag: string, signal?: AbortSignal): Promise<ResolvedTag | undefined> {
    return this.each(async (client) => {
      const response = await client.exchange({
        method: 'HEAD',
        target: this.path(`manifests/${tag}`),
        headers: { Accept: manifestAccept },
        scopes: this.scopes,
        accept: [200, 400, 403, 404, 405, 429, 501],
        signal,
      });
      await discardBody(response.body);
      const digest = response.header('docker-content-digest');
      const size = Number(response.header('content-length') ?? Number.NaN);
      if (response.status !== 200 || !isDigest(digest) || !Number.isSafeInteger(size)) return undefined;
      return { digest, mediaType: bareMediaType(response.header('content-type')), size };
    });
  }

  /**
   * Manifest bytes by tag or digest. By digest (or with `expected`) they are verified: kind `invalid`, code
   * `MANIFEST_DIGEST_MISMATCH`, `manifest verification failed for digest …`.
   */
  async manifest(tagOrDigest: string, signal?: AbortSignal, expected?: Digest): Promise<FetchedManifest> {
    const wanted = expected ?? (isDigest(tagOrDigest) ? tagOrDigest : undefined);
    return this.each(async (client) => {
      const response = await client.exchange({
        method: 'GET',
        target: this.path(`manifests/${tagOrDigest}`),
        headers: { Accept: manifestAccept },
        scopes: this.scopes,
        accept: [200],
        signal,
      });
      const bytes = await readBody(response.body, maxDocumentBytes, 'manifest');
      const digest = wanted === undefined ? sha256(bytes) : digestLike(wanted, bytes);
      if (wanted !== undefined && digest !== wanted) throw manifestMismatch(wanted, digest);
      return { bytes, contentType: response.header('content-type') ?? '', digest };
    });
  }

  /** A small blob (a configuration), verified. `description` names it in the error. */
  async smallBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<Buffer> {
    if (descriptor.size > maxDocumentBytes) {
      throw new PortholeError(
        'invalid',
        'BODY_TOO_LARGE',
        `blob ${descriptor.digest} is larger than ${maxDocumentBytes} bytes`,
      );
    }
    return this.each(async (client) => {
      const response = await this.openBlob(client, descriptor.digest, 0, signal);
      const bytes = await readBody(response.body, descriptor.size, `blob ${descriptor.digest}`);
      if (bytes.length !== descriptor.size || digestLike(descriptor.digest, bytes) !== descriptor.digest) {
        throw new PortholeError(
          'invalid',
          'BLOB_DIGEST_MISMATCH',
          `image config verification failed for digest ${descriptor.digest}`,
        );
      }
      return bytes;
    });
  }

  /** A GET of a blob on one endpoint, from `offset`. The status (200, 206 or 416) is the caller's to judge. */
  async openBlob(
    client: EndpointClient,
    digest: Digest,
    offset: number,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    return client.exchange({
      method: 'GET',
      target: this.path(`blobs/${digest}`),
      headers: { Accept: '*/*', ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}) },
      scopes: this.scopes,
      accept: offset > 0 ? [200, 206, 416] : [200],
      repeatable: false,
      signal,
    });
  }

  async hasBlob(client: EndpointClient, digest: Digest, signal?: AbortSignal): Promise<boolean> {
    const response = await client.exchange({
      method: 'HEAD',
      target: this.path(`blobs/${digest}`),
      scopes: this.scopes,
      accept: [200, 404],
      signal,
    });
    await discardBody(response.body);
    return response.status === 200;
  }

  /** All tags, following `Link: <…>; rel="next"`. */
  async tags(signal?: AbortSignal): Promise<string[]> {
    return this.each(async (client) => {
      const tags: string[] = [];
      let target: string | undefined = this.path('tags/list');
      for (let page = 0; target !== undefined && page < maxTagPages; page += 1) {
        const response: HttpResponse = await client.exchange({
          method: 'GET',
          target,
          scopes: this.scopes,
          accept: [200],
          signal,
        });
        const bytes = await readBody(response.body, maxDocumentBytes, 'tag list');
        tags.push(...parseTags(bytes));
        target = nextPage(response.header('link'), response.url, client.endpoint.base);
      }
      return tags;
    });
  }

  /** Tries endpoints in order, the one that worked last first. */
  async each<T>(action: (client: EndpointClient) => Promise<T>): Promise<T> {
    const { endpoints } = this.#options;
    const order =
      this.#chosen === undefined
        ? endpoints
        : [this.#chosen, ...endpoints.filter((one) => one !== this.#chosen && !isTwin(one, this.#chosen!))];
    let firstError: unknown;
    for (const [index, client] of order.entries()) {
      try {
        const result = await action(client);
        this.#choose(client);
        return result;
      } catch (error) {
        const last = index === order.length - 1;
        if (last || !fallsThrough(client, error)) {
          if (error instanceof RegistryError && error.status > 0) this.#choose(client);
          throw preferFirst(firstError, error);
        }
        if (!client.endpoint.mirror) firstError ??= error;
      }
    }
    throw new PortholeError(
      'unavailable',
      'NO_ENDPOINTS',
      `no endpoints found for ${this.reference.domain}/${this.reference.path}`,
    );
  }

  #choose(client: EndpointClient): void {
    if (client.endpoint.mirror && this.#chosen === client) return;
    this.#chosen = client;
    if (!client.endpoint.mirror) this.#options.onChosen?.(client);
  }
}

/** The same registry by the other protocol: never tried again once one has answered. */
function isTwin(a: EndpointClient, b: EndpointClient): boolean {
  return !a.endpoint.mirror && !b.endpoint.mirror;
}

function fallsThrough(client: EndpointClient, error: unknown): boolean {
  if (!(error instanceof PortholeError)) return false;
  return client.endpoint.mirror || mayBeOtherProtocol(client.endpoint, error);
}

/** Both protocols failed to connect: what the first one said is what the user expects to read. */
function preferFirst(first: unknown, second: unknown): unknown {
  return first !== undefined && second instanceof RegistryError && second.status === 0 ? first : second;
}

function manifestMismatch(wanted: Digest, found: Digest): PortholeError {
  return new PortholeError(
    'invalid',
    'MANIFEST_DIGEST_MISMATCH',
    `manifest verification failed for digest ${wanted}`,
    {
      hint: `the registry sent a manifest with digest ${found}`,
    },
  );
}

function parseTags(bytes: Buffer): string[] {
  try {
    const { tags } = JSON.parse(bytes.toString('utf8')) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags)) return tags.filter((tag): tag is string => typeof tag === 'string');
  } catch {
    // Falls through to the one error.
  }
  throw new PortholeError('invalid', 'TAGS_INVALID', 'the registry sent an unreadable tag list');
}

/** The next page, only on the same registry. */
function nextPage(link: string | null, current: string, base: string): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = new URL(target, current);
  return url.origin === new URL(base).origin ? url.href : undefined;
}

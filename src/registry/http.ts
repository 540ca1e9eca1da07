/**
 * One HTTP exchange with node-fetch (loaded on first use): no redirects followed, no decompression, a deadline for the
 * headers and another for silence. Failures are `RegistryError`s in Go's words.
 */
import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { PortholeError } from '../errors/porthole-error.ts';
import { createAgent } from './agents.ts';
import type { HostCertificates } from './certificates.ts';
import { isUntrustedCertificate, networkError } from './network-error.ts';
import { proxyFor } from './proxy-rules.ts';
import type { RegistryTimeouts } from './timeouts.ts';

/** As many as Go's client follows. */
export const maxRedirects = 10;

export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Readable;
  /** Certificates are not checked. */
  readonly insecure: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly headersTimeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  header(name: string): string | null;
  headerValues(name: string): string[];
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

export interface HttpOptions {
  readonly userAgent: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeouts: RegistryTimeouts;
  /** Certificates for `host[:port]`. */
  readonly certificates: (host: string) => HostCertificates;
}

/** The caller's abort, and errors that have their words already (settings, certificates, proxies). */
function rethrowOwn(error: unknown, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
  if (error instanceof PortholeError) throw error;
}

export class HttpClient {
  readonly #options: HttpOptions;
  readonly #agents = new Map<string, Agent>();
  /** Hosts whose issuer only the operating system knows. */
  readonly #systemRootHosts = new Set<string>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Any status is a response. Errors: kind `unavailable`; an aborted `signal` rejects with its reason. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    try {
      return await this.#attempt(request);
    } catch (error) {
      const { host } = new URL(request.url);
      rethrowOwn(error, request.signal);
      if (!isUntrustedCertificate(error) || this.#systemRootHosts.has(host)) {
        throw networkError(request.method, request.url, error);
      }
      this.#systemRootHosts.add(host);
    }
    try {
      return await this.#attempt(request);
    } catch (error) {
      rethrowOwn(error, request.signal);
      throw networkError(request.method, request.url, error);
    }
  }

  /** Ends idle connections, so that the process can. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #attempt(request: HttpRequest): Promise<HttpResponse> {
    const { default: fetch } = await import('node-fetch');
    const abort = new AbortController();
    const cancel = (): void => abort.abort(request.signal?.reason);
    if (request.signal?.aborted === true) cancel();
    request.signal?.addEventListener('abort', cancel, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
    }, request.headersTimeoutMs ?? this.#options.timeouts.headers);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: { 'User-Agent': this.#options.userAgent, 'Accept-Encoding': 'identity', ...request.headers },
        redirect: 'manual',
        compress: false,
        highWaterMark: 1 << 20,
        agent: this.#agentFor(new URL(request.url), request.insecure),
        signal: abort.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      const body = response.body as unknown as Readable;
      body.once('close', () => request.signal?.removeEventListener('abort', cancel));
      return {
        status: response.status,
        statusText: response.statusText,
        url: request.url,
        header: (name) => response.headers.get(name),
        headerValues: (name) => response.headers.raw()[name.toLowerCase()] ?? [],
        body,
      };
    } catch (error) {
      request.signal?.removeEventListener('abort', cancel);
      if (timedOut)
        throw Object.assign(new Error('no response headers in time'), { code: 'HEADERS_TIMEOUT' });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #agentFor(url: URL, insecure: boolean): Agent {
    const proxy = proxyFor(url, this.#options.env);
    const secure = url.protocol === 'https:';
    const key = [
      secure ? url.host : 'http:',
      proxy?.href ?? '',
      insecure,
      this.#systemRootHosts.has(url.host),
    ].join(' ');
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      agent = createAgent({
        secure,
        proxy,
        verify: !insecure,
        systemRoots: this.#systemRootHosts.has(url.host),
        certificates: secure ? this.#options.certificates(url.host) : { roots: [] },
      });
      this.#agents.set(key, agent);
    }
    return agent;
  }
}

/**
 * Requests to one endpoint: authorisation, redirects, retries. Never sends `Authorization` to another origin than the
 * endpoint's (images-and-registries.md 2.5); never follows from https to http unless the registry is insecure.
 */
import type { Readable } from 'node:stream';
import type { Authorizer } from './authorizer.ts';
import { delayAfter, parseRetryAfter } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { discardBody, readUpTo } from './bodies.ts';
import { parseChallenges, preferredChallenge } from './challenge.ts';
import type { Clock } from './clock.ts';
import type { Endpoint } from './endpoints.ts';
import { RegistryError, isWorthRetrying, maxErrorBytes, responseError } from './errors.ts';
import { isRedirect, maxRedirects } from './http.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http.ts';
import { redactUrl } from './redact.ts';

export interface Exchange {
  readonly method: HttpRequest['method'];
  /** Path below the endpoint's base (`/v2/…`) or an absolute URL that the registry gave (an upload's Location). */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for every attempt. */
  readonly body?: () => Buffer | Readable;
  readonly scopes: readonly string[];
  /** Statuses that are answers; any other throws its `RegistryError`. */
  readonly accept: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly headersTimeoutMs?: number;
  /** False for requests that must not be sent twice. */
  readonly repeatable?: boolean;
  /** Told before each wait. */
  readonly onRetry?: (waitMs: number, error: RegistryError) => void;
}

export interface EndpointClientOptions {
  readonly endpoint: Endpoint;
  readonly http: Pick<HttpClient, 'send'>;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly backoff: BackoffPolicy;
  /** `Warning: 299` texts of the registry. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

export class EndpointClient {
  readonly endpoint: Endpoint;
  readonly #options: EndpointClientOptions;
  /** A server that asked for patience gets it from all requests. */
  #pausedUntil = 0;
  #answered = false;

  constructor(options: EndpointClientOptions) {
    this.endpoint = options.endpoint;
    this.#options = options;
  }

  /** Runs one exchange with retries. Errors: `RegistryError`, or the signal's reason. */
  async exchange(request: Exchange): Promise<HttpResponse> {
    const { clock, backoff } = this.#options;
    for (let failed = 1; ; failed += 1) {
      request.signal?.throwIfAborted();
      await this.#waitForPause(request.signal);
      try {
        return await this.#authorized(request);
      } catch (error) {
        if (!isWorthRetrying(error) || request.repeatable === false || this.#mayBeWrongProtocol(error))
          throw error;
        const wait = delayAfter(failed, backoff, clock.random(), error.retryAfterMs);
        if (wait === undefined) throw error;
        if (error.retryAfterMs !== undefined) this.#pausedUntil = clock.now() + wait;
        request.onRetry?.(wait, error);
        await clock.sleep(wait, request.signal);
      }
    }
  }

  /** The absolute URL of an exchange's target, with the mirror's namespace. */
  urlOf(target: string): URL {
    if (/^https?:\/\//i.test(target)) return new URL(target);
    const url = new URL(this.endpoint.base + target);
    if (this.endpoint.namespace !== undefined) url.searchParams.set('ns', this.endpoint.namespace);
    return url;
  }

  /** Nothing has answered here yet, and the same registry may be reached by the other protocol. */
  #mayBeWrongProtocol(error: RegistryError): boolean {
    return error.status === 0 && !this.#answered && this.endpoint.insecure && !this.endpoint.mirror;
  }

  async #waitForPause(signal: AbortSignal | undefined): Promise<void> {
    const wait = this.#pausedUntil - this.#options.clock.now();
    if (wait > 0) await this.#options.clock.sleep(wait, signal);
  }

  async #authorized(request: Exchange): Promise<HttpResponse> {
    const { authorizer } = this.#options;
    for (let round = 0; ; round += 1) {
      const authorization = await authorizer.header(request.scopes, request.signal);
      const response = await this.#followed(request, authorization);
      this.#answered = true;
      this.#passWarnings(response);
      if (request.accept.includes(response.status)) return response;
      const own = new URL(response.url).origin === new URL(this.endpoint.base).origin;
      if (
        response.status === 401 &&
        own &&
        round < 2 &&
        (await authorizer.learn(response, authorization, request.scopes))
      ) {
        await discardBody(response.body);
        continue;
      }
      throw await this.#errorOf(request, response);
    }
  }

  async #followed(request: Exchange, authorization: string | undefined): Promise<HttpResponse> {
    const first = this.urlOf(request.target);
    let url = first;
    for (let hop = 0; hop <= maxRedirects; hop += 1) {
      const trusted = url.origin === new URL(this.endpoint.base).origin;
      const response = await this.#options.http.send({
        method: request.method,
        url: url.href,
        insecure: this.endpoint.insecure,
        signal: request.signal,
        headers: {
          ...request.headers,
          ...(authorization === undefined || !trusted ? {} : { Authorization: authorization }),
        },
        ...(request.body === undefined ? {} : { body: request.body() }),
        ...(request.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: request.headersTimeoutMs }),
      });
      const location = response.header('location');
      if (!isRedirect(response.status) || location === null) return response;
      await discardBody(response.body);
      if (request.method !== 'GET' && request.method !== 'HEAD' && response.status < 307) {
        throw this.#redirectError(request, response.status, 'the registry redirects an upload');
      }
      url = this.#redirectTarget(request, url, location, response.status);
    }
    throw this.#redirectError(request, 310, `stopped after ${maxRedirects} redirects`);
  }

  #redirectTarget(request: Exchange, from: URL, location: string, status: number): URL {
    let next: URL;
    try {
      next = new URL(location, from);
    } catch {
      throw this.#redirectError(request, status, 'the registry redirects to an unreadable address');
    }
    const downgraded = from.protocol === 'https:' && next.protocol === 'http:' && !this.endpoint.insecure;
    if (downgraded || !/^https?:$/.test(next.protocol)) {
      throw this.#redirectError(request, status, `refusing the redirect to ${next.protocol}//${next.host}`);
    }
    return next;
  }

  #redirectError(request: Exchange, status: number, message: string): RegistryError {
    const url = this.urlOf(request.target).href;
    const verb = request.method.charAt(0) + request.method.slice(1).toLowerCase();
    return new RegistryError('internal', `${verb} "${redactUrl(url)}": ${message}`, {
      method: request.method,
      url,
      status,
      errors: [],
    });
  }

  async #errorOf(request: Exchange, response: HttpResponse): Promise<RegistryError> {
    const { bytes } = await readUpTo(response.body, maxErrorBytes).catch(() => ({ bytes: Buffer.alloc(0) }));
    const challenge = preferredChallenge(parseChallenges(response.headerValues('www-authenticate')));
    return responseError(
      { method: request.method, url: response.url },
      {
        status: response.status,
        statusText: response.statusText,
        contentType: response.header('content-type'),
        retryAfterMs: parseRetryAfter(response.header('retry-after'), this.#options.clock.wallNow()),
      },
      bytes,
      challenge?.parameters,
    );
  }

  #passWarnings(response: HttpResponse): void {
    for (const value of response.headerValues('warning')) {
      const text = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(value)?.[1];
      if (text !== undefined) this.#options.onWarning?.(text.replace(/\\(.)/g, '$1'));
    }
  }
}

/**
 * Answers challenges of one endpoint (images-and-registries.md 2.3, 2.4): never asks first, learns from the 401, then
 * authenticates in advance. Tokens are cached by scope set for as long as they live; parallel requests share one fetch.
 */
import type { RegistryAuth } from '../api/types/index.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { parseChallenges, preferredChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';
import type { Endpoint } from './endpoints.ts';
import { RegistryError } from './errors.ts';
import type { HttpResponse } from './http.ts';
import { fetchToken } from './token.ts';
import type { Token, TokenTransport } from './token.ts';

export interface AuthorizerOptions extends TokenTransport {
  readonly endpoint: Pick<Endpoint, 'base' | 'authHost' | 'insecure'>;
  /** Called at most once, when the registry asks. */
  readonly credentials: () => Promise<RegistryAuth | undefined>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** Tokens that would run out within this time are not used any more. */
const safetyMs = 5_000;

export class Authorizer {
  readonly #options: AuthorizerOptions;
  #credentials: Promise<RegistryAuth | undefined> | undefined;
  #challenge: Challenge | undefined;
  readonly #tokens = new Map<string, { readonly token: Token; readonly expires: number }>();
  readonly #fetches = new Map<string, Promise<string>>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The `Authorization` value for a request with these scopes; undefined before the first challenge. */
  async header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credentials = await this.#credentialsOnce();
    if (challenge.scheme === 'basic') return basicHeader(credentials, this.#options.endpoint.base);
    if (credentials?.registrytoken !== undefined && credentials.registrytoken !== '') {
      return `Bearer ${credentials.registrytoken}`;
    }
    return `Bearer ${await this.#token(challenge, credentials, scopes, signal)}`;
  }

  /**
   * Learns from a 401. False when trying again can't help: no usable challenge, or `sent` was made for this one already
   * and is not merely expired. A Basic challenge without credentials: `no basic auth credentials`.
   */
  async learn(response: HttpResponse, sent: string | undefined, scopes: readonly string[]): Promise<boolean> {
    const challenge = preferredChallenge(parseChallenges(response.headerValues('www-authenticate')));
    if (challenge === undefined) return false;
    const before = this.#challenge;
    this.#challenge = challenge;
    if (challenge.scheme === 'basic') {
      if (sent !== undefined) return false;
      basicHeader(await this.#credentialsOnce(), this.#options.endpoint.base);
      return true;
    }
    const key = scopeKey(withScope(scopes, challenge));
    if (sent === undefined || !sent.startsWith('Bearer ')) return true;
    const rejected = this.#tokens.get(key);
    this.#tokens.delete(key);
    const registryToken = (await this.#credentialsOnce())?.registrytoken;
    if (registryToken !== undefined && registryToken !== '') return false;
    return (
      rejected === undefined ||
      before?.parameters['realm'] !== challenge.parameters['realm'] ||
      challenge.parameters['error'] !== 'insufficient_scope'
    );
  }

  async #token(
    challenge: Challenge,
    credentials: RegistryAuth | undefined,
    wanted: readonly string[],
    signal?: AbortSignal,
  ): Promise<string> {
    const scopes = withScope(wanted, challenge);
    const key = scopeKey(scopes);
    const cached = this.#tokens.get(key);
    if (cached !== undefined && cached.expires > this.#options.now() + safetyMs) return cached.token.value;
    let pending = this.#fetches.get(key);
    if (pending === undefined) {
      pending = this.#fetch(challenge, credentials, scopes, key).finally(() => this.#fetches.delete(key));
      pending.catch(() => undefined);
      this.#fetches.set(key, pending);
    }
    return abortable(pending, signal);
  }

  async #fetch(
    challenge: Challenge,
    credentials: RegistryAuth | undefined,
    scopes: string[],
    key: string,
  ): Promise<string> {
    const received = this.#options.now();
    const token = await fetchToken(this.#options, this.#options.endpoint, challenge, credentials, scopes);
    this.#tokens.set(key, { token, expires: received + token.expiresInMs });
    return token.value;
  }

  #credentialsOnce(): Promise<RegistryAuth | undefined> {
    this.#credentials ??= this.#options.credentials();
    return this.#credentials;
  }
}

function basicHeader(credentials: RegistryAuth | undefined, base: string): string {
  const { username = '', password = '' } = credentials ?? {};
  if (username !== '' || password !== '') return basicAuthorization(username, password);
  throw new RegistryError(
    'unauthorized',
    'no basic auth credentials',
    {
      method: 'GET',
      url: `${base}/v2/`,
      status: 401,
      errors: [{ code: 'UNAUTHORIZED', message: 'no basic auth credentials' }],
    },
    { hint: `log in first: porthole login ${new URL(base).host}` },
  );
}

/** The challenge's own scope is asked for too. */
function withScope(scopes: readonly string[], challenge: Challenge): string[] {
  const own = (challenge.parameters['scope'] ?? '').split(' ').filter((scope) => scope !== '');
  const covered = own.filter((scope) => !scopes.some((wanted) => covers(wanted, scope)));
  return [...scopes, ...covered];
}

/** `repository:a:pull,push` covers `repository:a:pull`. */
function covers(wanted: string, scope: string): boolean {
  const split = (text: string): [string, string[]] => [
    text.slice(0, text.lastIndexOf(':')),
    text.slice(text.lastIndexOf(':') + 1).split(','),
  ];
  const [name, actions] = split(wanted);
  const [otherName, otherActions] = split(scope);
  return name === otherName && otherActions.every((action) => actions.includes(action));
}

function scopeKey(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ');
}

/** A shared fetch is not cancelled because one of its waiters is. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const cancel = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

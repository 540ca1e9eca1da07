/** Fetching a bearer token from the realm that a challenge names (images-and-registries.md 2.4). */
import { isIP } from 'node:net';
import type { RegistryAuth } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { discardBody, readBody, readUpTo } from './bodies.ts';
import type { Challenge } from './challenge.ts';
import type { Endpoint } from './endpoints.ts';
import { maxErrorBytes, responseError } from './errors.ts';
import type { HttpClient, HttpResponse } from './http.ts';
import { isPrivateAddress } from './private-address.ts';
import { bareHost } from './proxy-rules.ts';

export interface Token {
  readonly value: string;
  readonly expiresInMs: number;
  /** An identity token, when `offline` was asked for and the server gives them. */
  readonly refreshToken?: string;
}

export interface TokenTransport {
  readonly http: Pick<HttpClient, 'send'>;
  readonly tokenTimeoutMs: number;
  /** Said once for a realm on an unrelated host that is about to get a password. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

const clientId = 'porthole';
const floorSeconds = 60;

/**
 * GET with Basic or nothing; POST with the refresh token for identity tokens, and GET when the server has no POST. Errors:
 * the realm's own envelope, `no realm specified for token auth challenge`, `authorization server did not include a token in
 * the response`.
 */
export async function fetchToken(
  transport: TokenTransport,
  endpoint: Pick<Endpoint, 'base' | 'insecure'>,
  challenge: Challenge,
  credentials: RegistryAuth | undefined,
  scopes: readonly string[],
  offline = false,
): Promise<Token> {
  const realm = checkRealm(challenge.parameters['realm'], endpoint);
  const service = challenge.parameters['service'];
  const username = credentials?.username ?? '';
  const identity = credentials?.identitytoken ?? '';
  if (credentials !== undefined && (identity !== '' || username !== ''))
    warnForeignRealm(transport, endpoint, realm);
  if (identity !== '') {
    const token = await byRefreshToken(transport, endpoint, realm, service, scopes, identity);
    if (token !== undefined) return token;
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', clientId);
  }
  if (username !== '') url.searchParams.set('account', username);
  const response = await transport.http.send({
    method: 'GET',
    url: url.href,
    insecure: endpoint.insecure,
    headersTimeoutMs: transport.tokenTimeoutMs,
    ...(username === ''
      ? {}
      : { headers: { Authorization: basicAuthorization(username, credentials?.password ?? '') } }),
  });
  if (response.status !== 200) throw await tokenError('GET', url.href, response);
  return parseToken(await readBody(response.body, maxErrorBytes, 'token response'));
}

/** Undefined when the server does not know the method (404, 405). */
async function byRefreshToken(
  transport: TokenTransport,
  endpoint: Pick<Endpoint, 'insecure'>,
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  refreshToken: string,
): Promise<Token | undefined> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
  });
  const response = await transport.http.send({
    method: 'POST',
    url: realm.href,
    insecure: endpoint.insecure,
    headersTimeoutMs: transport.tokenTimeoutMs,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  });
  if (response.status === 404 || response.status === 405) {
    await discardBody(response.body);
    return undefined;
  }
  if (response.status !== 200) throw await tokenError('POST', realm.href, response);
  return parseToken(await readBody(response.body, maxErrorBytes, 'token response'));
}

function parseToken(bytes: Buffer): Token {
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new PortholeError('unauthorized', 'TOKEN_INVALID', 'unable to decode token response', { cause });
  }
  const value = [document['access_token'], document['token']].find(
    (item) => typeof item === 'string' && item !== '',
  );
  if (value === undefined) {
    throw new PortholeError(
      'unauthorized',
      'TOKEN_MISSING',
      'authorization server did not include a token in the response',
    );
  }
  const seconds = typeof document['expires_in'] === 'number' ? document['expires_in'] : floorSeconds;
  const refreshToken = document['refresh_token'];
  return {
    value: value as string,
    expiresInMs: Math.max(seconds, floorSeconds) * 1000,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
  };
}

async function tokenError(method: string, url: string, response: HttpResponse): Promise<PortholeError> {
  const { bytes } = await readUpTo(response.body, maxErrorBytes);
  return responseError(
    { method, url },
    {
      status: response.status,
      statusText: response.statusText,
      contentType: response.header('content-type'),
    },
    bytes,
  );
}

/** https unless the registry is insecure, and no address inside the network unless it is the registry's own (SSRF). */
function checkRealm(text: string | undefined, endpoint: Pick<Endpoint, 'base' | 'insecure'>): URL {
  if (text === undefined || text === '') {
    throw new PortholeError('unauthorized', 'REALM_INVALID', 'no realm specified for token auth challenge');
  }
  let realm: URL;
  try {
    realm = new URL(text, endpoint.base);
  } catch (cause) {
    throw new PortholeError('unauthorized', 'REALM_INVALID', 'invalid token auth challenge realm', { cause });
  }
  const allowed = realm.protocol === 'https:' || (realm.protocol === 'http:' && endpoint.insecure);
  const registry = bareHost(new URL(endpoint.base).hostname);
  const host = bareHost(realm.hostname);
  if (!allowed || realm.username !== '' || (isPrivateAddress(host) && host !== registry)) {
    throw new PortholeError(
      'unauthorized',
      'REALM_INVALID',
      `refusing the token auth challenge realm ${realm.origin}`,
      {
        hint: 'the registry asks to send credentials over an insecure connection or into a private network',
      },
    );
  }
  return realm;
}

/** Hosts of one organisation share their last two labels; Docker Hub's token server is `auth.docker.io`. */
function warnForeignRealm(transport: TokenTransport, endpoint: Pick<Endpoint, 'base'>, realm: URL): void {
  const own = bareHost(new URL(endpoint.base).hostname);
  const other = bareHost(realm.hostname);
  const site = (host: string): string => (isIP(host) === 0 ? host.split('.').slice(-2).join('.') : host);
  if (site(own) !== site(other)) {
    transport.onWarning?.(`sending the credentials of ${own} to its token server ${other}`);
  }
}

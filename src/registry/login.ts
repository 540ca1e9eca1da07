/** Checking credentials against a registry (images-and-registries.md 3.3), for `login`. */
import type { RegistryAuth } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { discardBody, readUpTo } from './bodies.ts';
import { parseChallenges, preferredChallenge } from './challenge.ts';
import type { RegistryClient } from './client.ts';
import { endpointsFor } from './endpoints.ts';
import type { Endpoint } from './endpoints.ts';
import { RegistryError, maxErrorBytes, responseError } from './errors.ts';
import type { HttpResponse } from './http.ts';
import { mayBeOtherProtocol } from './other-protocol.ts';
import { fetchToken } from './token.ts';

/**
 * Pings `/v2/` with the credentials. Resolves with an identity token when the registry's token server gives one (it is kept
 * instead of the password). Wrong credentials: kind `unauthorized`, `Get "https://host/v2/": unauthorized: …`; never falls
 * back to http after a 401.
 */
export async function checkLogin(
  client: RegistryClient,
  registry: string,
  auth: RegistryAuth,
  signal?: AbortSignal,
): Promise<{ readonly identityToken?: string }> {
  const endpoints = endpointsFor({ domain: registry }, 'push', client.settings);
  let first: unknown;
  for (const [index, endpoint] of endpoints.entries()) {
    try {
      return await loginAt(client, endpoint, auth, signal);
    } catch (error) {
      const other =
        mayBeOtherProtocol(endpoint, error) || mayBeOtherProtocol(endpoint, (error as Error).cause);
      if (!other || index === endpoints.length - 1) throw other ? (first ?? error) : error;
      first ??= error;
    }
  }
  throw new PortholeError('unavailable', 'NO_ENDPOINTS', `no endpoints found for ${registry}`);
}

async function loginAt(
  client: RegistryClient,
  endpoint: Endpoint,
  auth: RegistryAuth,
  signal: AbortSignal | undefined,
): Promise<{ identityToken?: string }> {
  const url = `${endpoint.base}/v2/`;
  const ping = (headers: Record<string, string>): Promise<HttpResponse> =>
    client.http.send({ method: 'GET', url, headers, insecure: endpoint.insecure, signal });
  const open = await ping({});
  if (open.status !== 200 && open.status !== 401) throw await refused(url, open);
  await discardBody(open.body);
  const challenge =
    open.status === 401
      ? preferredChallenge(parseChallenges(open.headerValues('www-authenticate')))
      : undefined;
  let identityToken: string | undefined;
  let authorization = basicAuthorization(auth.username ?? '', auth.password ?? '');
  if (challenge?.scheme === 'bearer') {
    const token = await tokenFor(client, endpoint, url, challenge, auth);
    identityToken = token.refreshToken;
    authorization = `Bearer ${token.value}`;
  }
  const response = await ping({ Authorization: authorization });
  if (response.status === 200) {
    await discardBody(response.body);
    return identityToken === undefined ? {} : { identityToken };
  }
  throw await refused(url, response);
}

async function tokenFor(
  client: RegistryClient,
  endpoint: Endpoint,
  url: string,
  challenge: Parameters<typeof fetchToken>[2],
  auth: RegistryAuth,
): ReturnType<typeof fetchToken> {
  try {
    return await fetchToken(
      { http: client.http, tokenTimeoutMs: client.timeouts.token },
      endpoint,
      challenge,
      auth,
      [],
      true,
    );
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'unauthorized') throw error;
    throw new PortholeError('unauthorized', 'LOGIN_REFUSED', `Get "${url}": ${error.message}`, {
      cause: error,
    });
  }
}

async function refused(url: string, response: HttpResponse): Promise<PortholeError> {
  const { bytes } = await readUpTo(response.body, maxErrorBytes);
  const error = responseError(
    { method: 'GET', url },
    {
      status: response.status,
      statusText: response.statusText,
      contentType: response.header('content-type'),
    },
    bytes,
  );
  const message =
    response.status === 401
      ? `Get "${url}": ${error.message}`
      : `login attempt to ${url} failed with status: ${response.status} ${response.statusText}`;
  return new PortholeError(response.status === 401 ? 'unauthorized' : error.kind, 'LOGIN_REFUSED', message, {
    cause: error,
  });
}

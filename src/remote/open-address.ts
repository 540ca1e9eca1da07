/** Gets what an http(s) address leads to: through the proxies of the environment, with the certificates that this system trusts. */
import type { Readable } from 'node:stream';
import { PortholeError, asError } from '../errors/porthole-error.ts';
import type { ErrorKind } from '../errors/porthole-error.ts';
import { HttpClient, isRedirect, maxRedirects } from '../registry/http.ts';
import type { HttpResponse } from '../registry/http.ts';
import { redactUrl, redactUserInfo } from '../registry/redact.ts';
import { defaultTimeouts } from '../registry/timeouts.ts';

export interface OpenedAddress {
  readonly body: Readable;
  header(name: string): string | null;
  /** Ends the connection, whether the body was read or not. */
  close(): void;
}

export interface OpenOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** As messages may have it: without a name and password. */
export function shownAddress(address: string): string {
  return redactUserInfo(address);
}

const mostErrorText = 1000;

/**
 * Follows redirects. Errors in Docker's words: `Get "address": reason`, kind `unavailable`, and `failed to GET address with
 * status …: text`, kind by the status; code `DOWNLOAD`.
 */
export async function openAddress(address: string, { env, signal }: OpenOptions): Promise<OpenedAddress> {
  const client = new HttpClient({
    userAgent: 'porthole',
    env,
    timeouts: defaultTimeouts,
    certificates: () => ({ roots: [] }),
  });
  try {
    const response = await follow(client, address, signal);
    if (response.status >= 400) throw await refusal(address, response);
    return {
      body: response.body,
      header: (name) => response.header(name),
      close: () => {
        response.body.destroy();
        client.close();
      },
    };
  } catch (error) {
    client.close();
    signal?.throwIfAborted();
    if (error instanceof PortholeError && error.code === 'DOWNLOAD') throw error;
    throw new PortholeError('unavailable', 'DOWNLOAD', asError(error).message, { cause: error });
  }
}

async function follow(
  client: HttpClient,
  address: string,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  let url = address;
  for (let redirects = 0; ; redirects += 1) {
    const { href, authorization } = withoutUser(url);
    const response = await client.send({
      method: 'GET',
      url: href,
      insecure: false,
      signal,
      ...(authorization === undefined ? {} : { headers: { Authorization: authorization } }),
    });
    const location = response.header('location');
    if (!isRedirect(response.status) || location === null) return response;
    response.body.destroy();
    if (redirects === maxRedirects)
      throw new Error(`Get "${redactUrl(url)}": stopped after ${maxRedirects} redirects`);
    url = new URL(location, href).href;
    if (!/^https?:/.test(url))
      throw new Error(
        `Get "${redactUrl(url)}": unsupported protocol scheme "${new URL(url).protocol.slice(0, -1)}"`,
      );
  }
}

/** Names and passwords in an address are sent as Go sends them. */
function withoutUser(address: string): { readonly href: string; readonly authorization: string | undefined } {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { href: url.href, authorization: undefined };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { href: url.href, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function refusal(address: string, { status, statusText, body }: HttpResponse): Promise<PortholeError> {
  let text = '';
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      text += chunk.toString('utf8');
      if (text.length >= mostErrorText) break;
    }
  } catch {
    // What it said so far will do.
  }
  return new PortholeError(
    kindOf(status),
    'DOWNLOAD',
    `failed to GET ${shownAddress(address)} with status ${status} ${statusText}: ${text.trim().slice(0, mostErrorText)}`,
  );
}

function kindOf(status: number): ErrorKind {
  if (status === 404) return 'notFound';
  if (status === 400) return 'invalid';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  return 'unavailable';
}

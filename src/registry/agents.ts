/**
 * Connection pools, one for each (protocol, proxy, certificates). Through a proxy, https targets get a CONNECT tunnel and
 * http targets an absolute request line (RFC 9112 3.2).
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import type { HostCertificates } from './certificates.ts';

export interface AgentRequest {
  readonly secure: boolean;
  readonly proxy: URL | undefined;
  /** False: any certificate is taken. */
  readonly verify: boolean;
  /** Also trust what the operating system trusts. */
  readonly systemRoots: boolean;
  readonly certificates: HostCertificates;
}

const keepAlive = { keepAlive: true, maxSockets: 16, scheduling: 'lifo' } as const;

export function createAgent(request: AgentRequest): http.Agent {
  const { proxy, secure } = request;
  if (!secure) return proxy === undefined ? new http.Agent(keepAlive) : new PlainProxyAgent(proxy);
  const options: https.AgentOptions = { ...keepAlive, ...tlsOptions(request) };
  return proxy === undefined ? new https.Agent(options) : new TunnelAgent(proxy, options);
}

function tlsOptions(request: AgentRequest): tls.ConnectionOptions {
  const { roots, client } = request.certificates;
  const extra = [...(request.systemRoots ? tls.getCACertificates('system') : []), ...roots];
  return {
    rejectUnauthorized: request.verify,
    ...(extra.length === 0 ? {} : { ca: [...tls.getCACertificates('default'), ...extra] }),
    ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
  };
}

type Created = (error: Error | null, stream: Duplex) => void;

class TunnelAgent extends https.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: https.RequestOptions, callback?: Created): undefined {
    const failed = callback as ((error: Error) => void) | undefined;
    const target = `${bracketed(options.host ?? '')}:${options.port ?? 443}`;
    const request = requestTo(this.#proxy, {
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: { Host: target, ...proxyAuthorization(this.#proxy) },
    });
    request.once('error', (error) => failed?.(error));
    request.once('connect', (response: http.IncomingMessage, socket: Socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        const status = `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`.trimEnd();
        failed?.(new Error(`proxyconnect tcp: ${status}`));
        return;
      }
      const tlsOptions = options as tls.ConnectionOptions;
      callback?.(
        null,
        tls.connect({ ...tlsOptions, socket, servername: tlsOptions.servername ?? options.host ?? '' }),
      );
    });
    request.end();
    return undefined;
  }
}

interface AgentWithRequests {
  addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void;
}

class PlainProxyAgent extends http.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super(keepAlive);
    this.#proxy = proxy;
  }

  /** Node calls this for every request: the place where http proxies rewrite the request line. */
  addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void {
    const host = request.getHeader('host');
    request.path = `http://${typeof host === 'string' ? host : `${options.host ?? ''}:${options.port ?? 80}`}${request.path}`;
    for (const [name, value] of Object.entries(proxyAuthorization(this.#proxy)))
      request.setHeader(name, value);
    const proxied = { ...options, host: this.#proxy.hostname, port: portOf(this.#proxy) };
    (http.Agent.prototype as unknown as AgentWithRequests).addRequest.call(this, request, proxied);
  }
}

function requestTo(proxy: URL, options: http.RequestOptions): http.ClientRequest {
  const send = proxy.protocol === 'https:' ? https.request : http.request;
  return send({ ...options, host: proxy.hostname.replace(/^\[|\]$/g, ''), port: portOf(proxy) });
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function portOf(proxy: URL): number {
  return proxy.port !== '' ? Number(proxy.port) : proxy.protocol === 'https:' ? 443 : 80;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

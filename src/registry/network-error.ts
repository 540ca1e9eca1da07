/** Failures below HTTP in the words of Docker's (Go's) HTTP client, so that scripts and search engines know them. */
import { RegistryError } from './errors.ts';
import { redactUrl } from './redact.ts';

const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);
/** Worth another attempt within the same operation. */
const transient = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'HEADERS_TIMEOUT',
  'IDLE_TIMEOUT',
  'ENETRESET',
]);

interface SystemError extends Error {
  code?: string;
  errno?: string | number;
  address?: string;
  port?: number;
  hostname?: string;
  reason?: string;
  cause?: unknown;
  erroredSysCall?: string;
  errors?: readonly Error[];
}

/** `Get "https://host/v2/": dial tcp: lookup host: no such host`, kind `unavailable`. */
export function networkError(method: string, url: string, thrown: unknown): RegistryError {
  const error = innermost(thrown);
  const code = error.code ?? '';
  // Docker pings with a GET before anything else.
  const verb = method === 'HEAD' ? 'Get' : method.charAt(0) + method.slice(1).toLowerCase();
  return new RegistryError(
    'unavailable',
    `${verb} "${shownUrl(url)}": ${reasonText(error, url)}`,
    { method, url, status: 0, errors: [{ code: code === '' ? 'NETWORK' : code, message: error.message }] },
    { cause: thrown, retriable: transient.has(code), ...hintOf(code) },
  );
}

/** Docker pings `/v2/` first, so that is what its connection errors name. */
function shownUrl(url: string): string {
  return redactUrl(url).replace(/\/v2\/.*$/, '/v2/');
}

/** True when the certificate was refused for its issuer: system roots may help. */
export function isUntrustedCertificate(thrown: unknown): boolean {
  return untrusted.has(innermost(thrown).code ?? '');
}

/** True when a TLS hello was answered by something that is not TLS. */
export function isPlainHttpAnswer(thrown: unknown): boolean {
  const { code, message } = innermost(thrown);
  return (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' ||
    (code === 'EPROTO' && /wrong version number|packet length/i.test(message))
  );
}

/** True when nobody listens there. */
export function isConnectionRefused(thrown: unknown): boolean {
  return innermost(thrown).code === 'ECONNREFUSED';
}

/** The system error inside node-fetch's wrapper and inside an AggregateError of connection attempts. */
export function innermost(thrown: unknown): SystemError {
  let error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SystemError;
  for (let depth = 0; depth < 5; depth += 1) {
    const inner: unknown =
      error.cause ?? (error as { erroredSysCall?: unknown; error?: unknown }).error ?? error.errors?.[0];
    if (!(inner instanceof Error)) break;
    error = inner;
  }
  return error;
}

function reasonText(error: SystemError, url: string): string {
  const target = new URL(url);
  const address = `${error.address ?? target.hostname}:${error.port ?? portOf(target)}`;
  switch (error.code) {
    case 'ENOTFOUND':
      return `dial tcp: lookup ${error.hostname ?? target.hostname}: no such host`;
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${error.hostname ?? target.hostname}: Temporary failure in name resolution`;
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${address}: connect: no route to host`;
    case 'ENETUNREACH':
      return `dial tcp ${address}: connect: network is unreachable`;
    case 'ETIMEDOUT':
      return `dial tcp ${address}: i/o timeout`;
    case 'HEADERS_TIMEOUT':
      return 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
    case 'IDLE_TIMEOUT':
      return 'net/http: request canceled (no data received, timeout exceeded while reading body)';
    case 'ECONNRESET':
      return 'read: connection reset by peer';
    case 'EPIPE':
      return 'write: broken pipe';
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'unexpected EOF';
    case 'CERT_HAS_EXPIRED':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: certificate is not valid for ${target.hostname}`;
    default:
      if (untrusted.has(error.code ?? ''))
        return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
      if (isPlainHttpAnswer(error)) return 'http: server gave HTTP response to HTTPS client';
      // node-fetch puts the request before the reason.
      return error.message.replace(/^request to \S+ failed, reason: /, '');
  }
}

function hintOf(code: string): { hint?: string } {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { hint: 'check the registry name, the DNS settings and HTTPS_PROXY' };
  if (code === 'ECONNREFUSED') return { hint: 'is the registry running, and is the port right?' };
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return { hint: 'check the network, a firewall, and HTTPS_PROXY' };
  if (untrusted.has(code)) {
    return {
      hint: 'put the registry\'s CA into certs.d/<host>/ca.crt, or list the host under "insecure-registries" in registries.json',
    };
  }
  if (/WRONG_VERSION|PACKET_LENGTH|EPROTO/.test(code)) {
    return { hint: 'the registry speaks plain http: list it under "insecure-registries" in registries.json' };
  }
  return {};
}

function portOf(url: URL): string {
  return url.port !== '' ? url.port : url.protocol === 'http:' ? '80' : '443';
}

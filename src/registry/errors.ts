/**
 * Errors of registries in Docker's words (images-and-registries.md 2.9). `errors` keeps the envelope's codes, so callers
 * decide by code and never by text.
 */
import { PortholeError } from '../errors/porthole-error.ts';
import type { ErrorDetails, ErrorKind } from '../errors/porthole-error.ts';
import { kindOfHttpStatus } from '../errors/http-status.ts';
import { bareMediaType } from '../image/media-types.ts';
import { redactUrl } from './redact.ts';

export interface EnvelopeError {
  /** Upper case as in the specification: `MANIFEST_UNKNOWN`, `DENIED`. */
  readonly code: string;
  readonly message: string;
}

export interface RegistryErrorInfo {
  readonly method: string;
  readonly url: string;
  /** 0 when no response came. */
  readonly status: number;
  readonly errors: readonly EnvelopeError[];
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

export class RegistryError extends PortholeError {
  readonly method: string;
  /** Without secrets. */
  readonly url: string;
  readonly status: number;
  readonly errors: readonly EnvelopeError[];
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, info: RegistryErrorInfo, details: ErrorDetails = {}) {
    super(kind, info.errors[0]?.code ?? 'REGISTRY_ERROR', message, details);
    this.name = 'RegistryError';
    this.method = info.method;
    this.url = redactUrl(info.url);
    this.status = info.status;
    this.errors = info.errors;
    this.retryAfterMs = info.retryAfterMs;
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof RegistryError && error.errors.some((item) => codes.includes(item.code));
}

/** Another attempt may help. A rate limit without a date is over in hours, not seconds (Docker does not retry it either). */
export function isWorthRetrying(error: unknown): error is RegistryError {
  return (
    error instanceof RegistryError &&
    error.retriable &&
    !(error.status === 429 && error.retryAfterMs === undefined)
  );
}

/** Error bodies above this many bytes are cut. */
export const maxErrorBytes = 1 << 20;
const shownCharacters = 400;

const defaultMessages: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  UNAVAILABLE: 'service unavailable',
  TOOMANYREQUESTS: 'too many requests',
  UNSUPPORTED: 'The operation is unsupported.',
  MANIFEST_UNKNOWN: 'manifest unknown',
  NAME_UNKNOWN: 'repository name not known to registry',
  BLOB_UNKNOWN: 'blob unknown to registry',
  UNKNOWN: 'unknown error',
};

/** `MANIFEST_UNKNOWN` + message -> `manifest unknown: <message>`. */
export function envelopeText(error: EnvelopeError): string {
  return `${error.code.toLowerCase().replaceAll('_', ' ')}: ${error.message}`;
}

/** The error for a response outside 2xx, from its status and (cut) body. `challenge`: the WWW-Authenticate parameters, if any. */
export function responseError(
  request: { readonly method: string; readonly url: string },
  response: {
    readonly status: number;
    readonly statusText: string;
    readonly contentType: string | null;
    readonly retryAfterMs?: number | undefined;
  },
  body: Buffer,
  challenge: Readonly<Record<string, string>> = {},
): RegistryError {
  const { status } = response;
  const retriable = isRetriableStatus(status);
  const info = (errors: readonly EnvelopeError[]): RegistryErrorInfo => ({
    ...request,
    status,
    errors,
    retryAfterMs: response.retryAfterMs,
  });
  const text = body.toString('utf8').slice(0, shownCharacters);
  if (status >= 400 && challenge['error'] === 'insufficient_scope') {
    const denied = { code: 'DENIED', message: challenge['error_description'] ?? defaultMessages['DENIED']! };
    return new RegistryError('forbidden', envelopeText(denied), info([denied]), { hint: loginHint });
  }
  if (status >= 500 || status < 400) {
    return new RegistryError(
      retriable ? 'unavailable' : 'internal',
      `received unexpected HTTP status: ${status} ${response.statusText}`.trimEnd(),
      info([]),
      { retriable, hint: 'the registry has a problem of its own; try again later' },
    );
  }
  // A HEAD's headers describe a body that is not sent.
  const contentType = request.method === 'HEAD' ? null : response.contentType;
  const errors = parseErrors(status, contentType, text, body);
  if (typeof errors === 'string') {
    return new RegistryError(
      kindOfHttpStatus(status),
      errors,
      info([{ code: codeOfStatus(status), message: text }]),
    );
  }
  const first = errors[0]!;
  return new RegistryError(kindOf(first.code, status), errors.map(envelopeText).join('\n'), info(errors), {
    ...(hintFor(first.code) === undefined ? {} : { hint: hintFor(first.code)! }),
    retriable,
  });
}

export function isRetriableStatus(status: number): boolean {
  return [408, 429, 500, 502, 503, 504, 522].includes(status);
}

const loginHint = 'log in with an account that may do this: porthole login <registry>';

function hintFor(code: string): string | undefined {
  switch (code) {
    case 'UNAUTHORIZED':
    case 'DENIED':
      return loginHint;
    case 'TOOMANYREQUESTS':
      return 'log in to raise the limit, or wait until it is over';
    default:
      return undefined;
  }
}

function kindOf(code: string, status: number): ErrorKind {
  switch (code) {
    case 'UNAUTHORIZED':
      return 'unauthorized';
    case 'DENIED':
      return 'forbidden';
    case 'MANIFEST_UNKNOWN':
    case 'NAME_UNKNOWN':
    case 'BLOB_UNKNOWN':
      return 'notFound';
    case 'TOOMANYREQUESTS':
    case 'UNAVAILABLE':
      return 'unavailable';
    default:
      return kindOfHttpStatus(status);
  }
}

/** The envelope's errors, or the whole message when the body promised JSON and did not keep it. */
function parseErrors(
  status: number,
  contentType: string | null,
  text: string,
  body: Buffer,
): EnvelopeError[] | string {
  const code = codeOfStatus(status);
  if (!/^application\/(.*\+)?json$/.test(bareMediaType(contentType))) {
    return [{ code, message: text.trim() === '' ? (defaultMessages[code] ?? 'unknown error') : text.trim() }];
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return `error parsing HTTP ${status} response body: ${(error as Error).message}: ${JSON.stringify(text)}`;
  }
  const document = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  if (typeof document['details'] === 'string')
    return [{ code, message: document['details'].slice(0, shownCharacters) }];
  const list = Array.isArray(document['errors']) ? (document['errors'] as unknown[]) : [];
  const errors = list
    .filter((item) => typeof item === 'object' && item !== null)
    .map((item) => errorOf(item as Record<string, unknown>));
  if (errors.length > 0) return errors;
  return `error parsing HTTP ${status} response body: no error details found in HTTP response body: ${JSON.stringify(text)}`;
}

function errorOf(item: Record<string, unknown>): EnvelopeError {
  const code =
    typeof item['code'] === 'string' && item['code'] !== '' ? item['code'].toUpperCase() : 'UNKNOWN';
  const message = typeof item['message'] === 'string' ? item['message'].slice(0, shownCharacters) : '';
  return { code, message: message === '' ? (defaultMessages[code] ?? 'unknown error') : message };
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'DENIED';
    case 429:
      return 'TOOMANYREQUESTS';
    default:
      return 'UNKNOWN';
  }
}

import type { ErrorKind } from './porthole-error.ts';

/** kind -> HTTP status of Docker's API (moby `httpstatus.FromError`; codebases.md 5.6). `cancelled` has none: 499 is nginx's. */
export const httpStatusOf: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  notFound: 404,
  conflict: 409,
  notModified: 304,
  unauthorized: 401,
  forbidden: 403,
  notImplemented: 501,
  unavailable: 503,
  cancelled: 500,
  internal: 500,
};

/** HTTP status -> kind, for engines on the other side of a connection. */
export function kindOfHttpStatus(status: number): ErrorKind {
  switch (status) {
    case 304:
      return 'notModified';
    case 400:
      return 'invalid';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'notFound';
    case 409:
      return 'conflict';
    case 501:
      return 'notImplemented';
    case 503:
      return 'unavailable';
    default:
      return status >= 400 && status < 500 ? 'invalid' : 'internal';
  }
}

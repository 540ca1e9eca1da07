import type { Endpoint } from './endpoints.ts';
import { RegistryError } from './errors.ts';
import { isConnectionRefused, isPlainHttpAnswer } from './network-error.ts';

/**
 * True when a failure at an insecure endpoint may only mean that the registry speaks the other of http and https. Anything
 * that it answered by the right one is final: never http after a 401.
 */
export function mayBeOtherProtocol(endpoint: Pick<Endpoint, 'base' | 'insecure'>, error: unknown): boolean {
  if (!(error instanceof RegistryError) || !endpoint.insecure) return false;
  if (endpoint.base.startsWith('http:')) return speaksTls(error) || isConnectionRefused(error);
  return error.status === 0 && (isPlainHttpAnswer(error) || isConnectionRefused(error));
}

/** A TLS server that was asked in plain http: it says so with 400, or drops the connection. */
function speaksTls(error: RegistryError): boolean {
  if (error.status === 400)
    return /HTTP request (was sent )?to (an )?HTTPS (server|port)/i.test(error.message);
  return (
    error.status === 0 &&
    /Parse Error|HPE_|connection reset|unexpected EOF|socket hang up/i.test(error.message)
  );
}

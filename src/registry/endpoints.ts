/** Where requests for a repository go, in order: mirrors, then the registry by https, then by http where that is allowed. */
import { registryHost } from '../image/reference.ts';
import type { Reference } from '../image/reference.ts';
import { bareHost, inNetwork, isLoopback } from './proxy-rules.ts';
import type { RegistrySettings } from './settings.ts';

export interface Endpoint {
  /** Without trailing slash: `https://mcr.microsoft.com`, `http://mirror:5000/hub`. */
  readonly base: string;
  /** Key for credentials and tokens: a registry's domain, a mirror's host. */
  readonly authHost: string;
  readonly mirror: boolean;
  /** No certificate checks, http allowed for realms and redirects. */
  readonly insecure: boolean;
  /** Mirrors of other registries than Docker Hub are told whose content is wanted (`?ns=`). */
  readonly namespace?: string;
}

/**
 * Loopback on an explicit port is asked by http first: test registries speak it, and a TLS server there says so. Any other
 * insecure host is tried by https (unchecked certificate) first.
 */
export function endpointsFor(
  reference: Pick<Reference, 'domain'>,
  action: 'pull' | 'push',
  settings: Pick<RegistrySettings, 'mirrors' | 'insecure'>,
): Endpoint[] {
  const mirrors = action === 'pull' ? (settings.mirrors.get(reference.domain) ?? []) : [];
  return [
    ...mirrors.map((base) => mirrorEndpoint(base, reference.domain, settings.insecure)),
    ...originEndpoints(reference, settings.insecure),
  ];
}

/** True for loopback, and for hosts and networks listed as insecure. `host` may carry a port. */
export function isInsecure(host: string, insecure: readonly string[]): boolean {
  const name = bareHost(host.replace(/:\d+$/, ''));
  if (isLoopback(name)) return true;
  return insecure.some((item) => {
    const [network, prefix] = item.split('/');
    if (prefix !== undefined) return inNetwork(name, network!, Number(prefix));
    return item.toLowerCase() === host.toLowerCase() || item.toLowerCase() === name;
  });
}

function mirrorEndpoint(base: string, domain: string, insecure: readonly string[]): Endpoint {
  const url = new URL(base);
  return {
    base,
    authHost: url.host,
    mirror: true,
    insecure: url.protocol === 'http:' || isInsecure(url.host, insecure),
    ...(domain === 'docker.io' ? {} : { namespace: domain }),
  };
}

function originEndpoints(reference: Pick<Reference, 'domain'>, insecureList: readonly string[]): Endpoint[] {
  const host = registryHost(reference);
  const insecure = isInsecure(host, insecureList);
  const endpoint = (scheme: string): Endpoint => ({
    base: `${scheme}://${host}`,
    authHost: reference.domain,
    mirror: false,
    insecure,
  });
  if (!insecure) return [endpoint('https')];
  const plainFirst =
    isLoopback(bareHost(host.replace(/:\d+$/, ''))) && /:\d+$/.test(host) && !host.endsWith(':443');
  return plainFirst ? [endpoint('http'), endpoint('https')] : [endpoint('https'), endpoint('http')];
}

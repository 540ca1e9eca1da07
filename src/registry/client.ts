/**
 * The registry client of one operation: opens repositories, shares connections, tokens and what was learnt about hosts.
 * node-fetch is loaded with the first request.
 */
import { join } from 'node:path';
import type { RegistryAuth } from '../api/types/index.ts';
import type { Environment } from '../environment.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import type { Reference } from '../image/reference.ts';
import { readTextIfExists } from '../state/atomic-file.ts';
import { Authorizer } from './authorizer.ts';
import { defaultBackoff } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { certificateFolders, readHostCertificates } from './certificates.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { EndpointClient } from './endpoint-client.ts';
import { endpointsFor } from './endpoints.ts';
import type { Endpoint } from './endpoints.ts';
import { HttpClient } from './http.ts';
import { redactUrl } from './redact.ts';
import { Repository } from './repository.ts';
import { parseSettings } from './settings.ts';
import type { RegistrySettings } from './settings.ts';
import { defaultTimeouts } from './timeouts.ts';
import type { RegistryTimeouts } from './timeouts.ts';

export interface RegistryClientOptions {
  readonly environment: Pick<Environment, 'platform' | 'env' | 'dataRoot'>;
  /** Credentials by registry domain, or a mirror's host; asked only when the registry challenges. */
  readonly auth?: ((registry: string) => Promise<RegistryAuth | undefined>) | undefined;
  readonly settings?: RegistrySettings;
  readonly timeouts?: RegistryTimeouts;
  readonly backoff?: BackoffPolicy;
  readonly clock?: Clock;
  readonly userAgent?: string;
  readonly onWarning?: (text: string) => void;
}

/** File in the data root, see `settings.ts`. */
export const settingsFile = 'registries.json';

export class RegistryClient implements Disposable {
  readonly settings: RegistrySettings;
  readonly clock: Clock;
  readonly backoff: BackoffPolicy;
  readonly timeouts: RegistryTimeouts;
  readonly http: HttpClient;
  readonly #options: RegistryClientOptions;
  readonly #clients = new Map<string, EndpointClient>();
  /** Registry domain -> the protocol that it answered by. */
  readonly #chosen = new Map<string, EndpointClient>();
  readonly #warned = new Set<string>();

  constructor(options: RegistryClientOptions) {
    const { environment } = options;
    this.#options = options;
    this.settings =
      options.settings ?? parseSettings(readTextIfExists(join(environment.dataRoot, settingsFile)));
    this.clock = options.clock ?? systemClock;
    this.timeouts = options.timeouts ?? defaultTimeouts;
    this.backoff = options.backoff ?? { ...defaultBackoff, attempts: this.settings.maxDownloadAttempts };
    this.http = new HttpClient({
      userAgent: options.userAgent ?? 'porthole',
      env: environment.env,
      timeouts: this.timeouts,
      certificates: (host) =>
        readHostCertificates(
          certificateFolders(host, {
            platform: environment.platform,
            dataRoot: environment.dataRoot,
            programData: environment.env['ProgramData'],
          }),
        ),
    });
  }

  /** A repository for pulling (mirrors first) or pushing (never to a mirror). */
  open(reference: Reference, action: 'pull' | 'push'): Repository {
    const known = this.#chosen.get(reference.domain);
    const endpoints = endpointsFor(reference, action, this.settings)
      .map((endpoint) => this.#clientFor(endpoint))
      .filter((client) => client.endpoint.mirror || known === undefined || client === known);
    return new Repository({
      reference,
      action,
      endpoints,
      onChosen: (client) => this.#chosen.set(reference.domain, client),
    });
  }

  /**
   * A plain URL outside the registry (foreign layers): no credentials, same redirect and retry rules. Kind `invalid` for a
   * URL that is not http(s) or carries user information.
   */
  plainEndpoint(url: string): EndpointClient {
    const parsed = new URL(url);
    if (!/^https?:$/.test(parsed.protocol) || parsed.username !== '') {
      throw new PortholeError('invalid', 'LAYER_URL', `refusing the layer address ${redactUrl(url)}`);
    }
    return this.#clientFor({ base: parsed.origin, authHost: '', mirror: false, insecure: false });
  }

  [Symbol.dispose](): void {
    this.http.close();
  }

  #clientFor(endpoint: Endpoint): EndpointClient {
    const key = `${endpoint.base} ${endpoint.authHost} ${endpoint.namespace ?? ''}`;
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = new EndpointClient({
        endpoint,
        http: this.http,
        authorizer: new Authorizer({
          endpoint,
          http: this.http,
          tokenTimeoutMs: this.timeouts.token,
          credentials: async () =>
            endpoint.authHost === '' ? undefined : this.#options.auth?.(endpoint.authHost),
          now: () => this.clock.now(),
          onWarning: (text) => this.#warn(text),
        }),
        clock: this.clock,
        backoff: this.backoff,
        onWarning: (text) => this.#warn(text),
      });
      this.#clients.set(key, client);
    }
    return client;
  }

  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.onWarning?.(text);
  }
}

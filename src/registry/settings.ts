/**
 * What a machine says about registries: `registries.json` in the data root, with the keys of Docker's daemon.json
 * (`registry-mirrors`, `insecure-registries`, `max-concurrent-downloads`, `max-concurrent-uploads`,
 * `max-download-attempts`) and `mirrors`, which maps any registry host to its mirrors (Docker has them for Docker Hub only).
 */
import { PortholeError } from '../errors/porthole-error.ts';
import { redactUserInfo } from './redact.ts';

export interface RegistrySettings {
  /** Registry domain -> base URLs without trailing slash, tried in order before the registry itself; never for pushing. */
  readonly mirrors: ReadonlyMap<string, readonly string[]>;
  /** `host`, `host:port` or CIDR. Loopback is always insecure. */
  readonly insecure: readonly string[];
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
  readonly maxDownloadAttempts: number;
}

export const defaultSettings: RegistrySettings = {
  mirrors: new Map(),
  insecure: [],
  maxConcurrentDownloads: 3,
  maxConcurrentUploads: 5,
  maxDownloadAttempts: 5,
};

/** Parses the file's text; undefined = the defaults. Kind `invalid`, code `REGISTRY_SETTINGS`, Docker's texts for mirrors. */
export function parseSettings(text: string | undefined): RegistrySettings {
  if (text === undefined) return defaultSettings;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalidSettings('not valid JSON', cause);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw invalidSettings('not a JSON object');
  const keys = document as Record<string, unknown>;
  const unknown = Object.keys(keys).find((key) => !knownKeys.includes(key));
  if (unknown !== undefined)
    throw invalidSettings(`the following directives don't match any configuration option: ${unknown}`);
  const mirrors = new Map<string, string[]>();
  const perHost = keys['mirrors'] ?? {};
  if (typeof perHost !== 'object' || perHost === null || Array.isArray(perHost))
    throw invalidSettings('mirrors is not an object');
  for (const [host, list] of Object.entries(perHost))
    mirrors.set(hubName(host), texts(list, `mirrors.${host}`).map(checkMirror));
  const hub = texts(keys['registry-mirrors'] ?? [], 'registry-mirrors').map(checkMirror);
  if (hub.length > 0) mirrors.set('docker.io', [...hub, ...(mirrors.get('docker.io') ?? [])]);
  return {
    mirrors,
    insecure: texts(keys['insecure-registries'] ?? [], 'insecure-registries').map((host) =>
      host.replace(/^https?:\/\//, '').replace(/\/$/, ''),
    ),
    maxConcurrentDownloads: count(keys, 'max-concurrent-downloads', defaultSettings.maxConcurrentDownloads),
    maxConcurrentUploads: count(keys, 'max-concurrent-uploads', defaultSettings.maxConcurrentUploads),
    maxDownloadAttempts: count(keys, 'max-download-attempts', defaultSettings.maxDownloadAttempts),
  };
}

const knownKeys = [
  'mirrors',
  'registry-mirrors',
  'insecure-registries',
  'max-concurrent-downloads',
  'max-concurrent-uploads',
  'max-download-attempts',
];

/** Validates one mirror URL and drops its trailing slash. Docker's error texts. */
export function checkMirror(mirror: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(mirror)?.[1]?.toLowerCase();
  const use = "must use either 'https://' or 'http://'";
  if (scheme === undefined)
    throw invalidSettings(`invalid mirror: no scheme specified for "${mirror}": ${use}`);
  if (scheme !== 'http' && scheme !== 'https') {
    throw invalidSettings(`invalid mirror: unsupported scheme "${scheme}" in "${mirror}": ${use}`);
  }
  let url: URL;
  try {
    url = new URL(mirror);
  } catch (cause) {
    throw invalidSettings(`invalid mirror: "${mirror}" is not a valid URI`, cause);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidSettings(`invalid mirror: username/password not allowed in URI "${redactUserInfo(mirror)}"`);
  }
  if (/[?#]/.test(mirror))
    throw invalidSettings(`invalid mirror: query or fragment at end of the URI "${mirror}"`);
  return url.href.replace(/\/+$/, '');
}

function hubName(host: string): string {
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

function texts(value: unknown, key: string): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw invalidSettings(`${key} is not a list of strings`);
  return value;
}

function count(keys: Record<string, unknown>, key: string, fallback: number): number {
  const value = keys[key];
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || (value as number) < 1)
    throw invalidSettings(`invalid ${key.replaceAll('-', ' ')}: ${JSON.stringify(value)}`);
  return value as number;
}

function invalidSettings(message: string, cause?: unknown): PortholeError {
  return new PortholeError('invalid', 'REGISTRY_SETTINGS', message, {
    hint: 'correct registries.json in the data root',
    cause,
  });
}

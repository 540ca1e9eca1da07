/**
 * Docker's credential store (images-and-registries.md 3): `config.json` with `auths`, or a helper program per host. Shared
 * by pulling (`get`) and by login and logout (`store`, `erase`). Secrets never appear in errors.
 */
import { realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { RegistryAuth } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';
import { errorCode, readTextIfExists, writeFileAtomic } from '../state/atomic-file.ts';
import { withLock } from '../state/lock.ts';
import { helperGet, runHelper, tokenUser } from './credential-helper.ts';
import { own } from '../text/own.ts';

export interface CredentialOptions {
  /** Folder of config.json (`--config`, `DOCKER_CONFIG` or `~/.docker`). */
  readonly configDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: 'win32' | 'linux';
  /** Unreadable files are reported here and then treated as empty. */
  readonly onWarning?: (text: string) => void;
}

export interface StoredCredentials {
  readonly username: string;
  /** Password, or identity token when `username` is `<token>`. */
  readonly auth: RegistryAuth;
}

export const hubKey = 'https://index.docker.io/v1/';

interface AuthEntry {
  auth?: string;
  identitytoken?: string;
  registrytoken?: string;
  username?: string;
  password?: string;
}

interface ConfigFile {
  auths?: Record<string, AuthEntry>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  [key: string]: unknown;
}

/** The key under which a registry's credentials are kept: Docker Hub's is a URL, any other registry's its host. */
export function credentialKey(registry: string): string {
  const host = registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === 'docker.io' || host === 'index.docker.io' || host === 'registry-1.docker.io'
    ? hubKey
    : host;
}

/**
 * Credentials for a registry (`mcr.microsoft.com`, `docker.io`, `localhost:5000`), or undefined. Order: DOCKER_AUTH_CONFIG,
 * the host's helper, the default helper, the file. A helper that fails is an error, a helper that knows nothing is not.
 */
export async function getCredentials(
  registry: string,
  options: CredentialOptions,
): Promise<RegistryAuth | undefined> {
  const key = credentialKey(registry);
  const fromEnvironment = environmentAuths(options);
  const preset = fromEnvironment === undefined ? undefined : lookUp(fromEnvironment, key);
  if (preset !== undefined) return decodeEntry(preset, key);
  const config = readConfig(options);
  const helper = helperFor(config, key, options);
  if (helper !== undefined) return helperGet(helper, key, options);
  const entry = lookUp(config.auths ?? {}, key);
  return entry === undefined ? undefined : decodeEntry(entry, key);
}

/** Keeps credentials; returns the file they are in when they are not encrypted (login warns then), undefined with a helper. */
export async function storeCredentials(
  registry: string,
  auth: RegistryAuth,
  options: CredentialOptions,
): Promise<{ readonly plainFile?: string }> {
  const key = credentialKey(registry);
  return changeConfig(options, async (config) => {
    const helper = helperFor(config, key, options);
    config.auths ??= {};
    if (helper !== undefined) {
      const secret = auth.identitytoken !== undefined && auth.identitytoken !== '';
      await runHelper(
        helper,
        'store',
        JSON.stringify({
          ServerURL: key,
          Username: secret ? tokenUser : (auth.username ?? ''),
          Secret: secret ? auth.identitytoken : (auth.password ?? ''),
        }),
        options,
      );
      config.auths[key] = {};
      return {};
    }
    config.auths[key] = encodeEntry(auth);
    return { plainFile: configPath(options) };
  });
}

/**
 * Forgets credentials under every spelling that logins have used. Gives the failures by key; logout warns only when all
 * spellings failed (3.3).
 */
export async function eraseCredentials(
  registry: string,
  options: CredentialOptions,
): Promise<{
  readonly failures: readonly { readonly key: string; readonly error: Error }[];
  readonly all: boolean;
}> {
  const key = credentialKey(registry);
  const spellings = key === hubKey ? [key] : [...new Set([registry, key, `http://${key}`, `https://${key}`])];
  return changeConfig(options, async (config) => {
    const failures: { key: string; error: Error }[] = [];
    for (const spelling of spellings) {
      const helper = helperFor(config, credentialKey(spelling), options);
      try {
        if (helper !== undefined) await runHelper(helper, 'erase', spelling, options);
      } catch (error) {
        failures.push({ key: spelling, error: error as Error });
      }
      delete config.auths?.[spelling];
    }
    return { failures, all: failures.length === spellings.length };
  });
}

/** True when something is stored for the registry, without asking for the secret. */
export async function hasCredentials(registry: string, options: CredentialOptions): Promise<boolean> {
  return (await getCredentials(registry, options)) !== undefined;
}

function configPath(options: Pick<CredentialOptions, 'configDir'>): string {
  return join(options.configDir, 'config.json');
}

function readConfig(options: CredentialOptions): ConfigFile {
  try {
    return parseConfig(options);
  } catch (error) {
    options.onWarning?.(`Error parsing config file (${configPath(options)}): ${(error as Error).message}`);
    return {};
  }
}

function parseConfig(options: CredentialOptions): ConfigFile {
  const text = readTextIfExists(configPath(options));
  if (text === undefined || text.trim() === '') return {};
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error('not a JSON object');
  return parsed as ConfigFile;
}

/** Reads, changes and replaces the file under a lock; keys that we don't know survive. A file that can't be read is kept. */
async function changeConfig<T>(
  options: CredentialOptions,
  change: (config: ConfigFile) => Promise<T>,
): Promise<T> {
  const path = configPath(options);
  return withLock(`${path}.porthole.lock`, async () => {
    let config: ConfigFile;
    try {
      config = parseConfig(options);
    } catch (cause) {
      throw new PortholeError(
        'invalid',
        'CLIENT_CONFIG_INVALID',
        `Error parsing config file (${path}): ${(cause as Error).message}`,
        {
          hint: 'correct the file first: it is not overwritten while it cannot be read',
          cause,
        },
      );
    }
    const result = await change(config);
    writeFileAtomic(resolveLink(path), `${JSON.stringify(config, null, '\t')}`, {
      durable: true,
      mode: modeOf(path),
    });
    return result;
  });
}

/** A config.json that is a link stays one. */
function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return path;
    throw error;
  }
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return 0o600;
  }
}

/** Exact key first, then any key that names the same host (`https://host/v1/`). */
function lookUp(auths: Readonly<Record<string, AuthEntry>>, key: string): AuthEntry | undefined {
  const exact = own(auths, key);
  if (exact !== undefined) return isFilled(exact) ? exact : undefined;
  const host = (text: string): string => text.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const entry = Object.entries(auths).find(([other]) => host(other) === host(key))?.[1];
  return entry !== undefined && isFilled(entry) ? entry : undefined;
}

/** Helpers leave empty objects behind. */
function isFilled(entry: AuthEntry): boolean {
  return Object.values(entry).some((value) => typeof value === 'string' && value !== '');
}

function decodeEntry(entry: AuthEntry, key: string): RegistryAuth {
  const auth: RegistryAuth = { serveraddress: key };
  if (entry.auth !== undefined && entry.auth !== '') {
    const pair = Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '');
    const colon = pair.indexOf(':');
    if (colon < 0)
      throw new PortholeError('invalid', 'CLIENT_CONFIG_INVALID', 'invalid auth configuration file');
    auth.username = pair.slice(0, colon);
    auth.password = pair.slice(colon + 1);
  } else {
    if (entry.username !== undefined) auth.username = entry.username;
    if (entry.password !== undefined) auth.password = entry.password;
  }
  if (entry.identitytoken !== undefined && entry.identitytoken !== '')
    auth.identitytoken = entry.identitytoken;
  if (entry.registrytoken !== undefined && entry.registrytoken !== '')
    auth.registrytoken = entry.registrytoken;
  return auth;
}

function encodeEntry(auth: RegistryAuth): AuthEntry {
  const pair = `${auth.username ?? ''}:${auth.identitytoken === undefined ? (auth.password ?? '') : ''}`;
  return {
    ...(pair === ':' ? {} : { auth: Buffer.from(pair).toString('base64') }),
    ...(auth.identitytoken === undefined ? {} : { identitytoken: auth.identitytoken }),
    ...(auth.registrytoken === undefined ? {} : { registrytoken: auth.registrytoken }),
  };
}

/** `DOCKER_AUTH_CONFIG`: only `{"auths":{"host":{"auth":"…"}}}`; anything else is reported and ignored. */
function environmentAuths(options: CredentialOptions): Record<string, AuthEntry> | undefined {
  const text = options.env['DOCKER_AUTH_CONFIG'];
  if (text === undefined || text === '') return undefined;
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const other = Object.keys(parsed).find((key) => key !== 'auths');
    if (other !== undefined) throw new Error(`json: unknown field "${other}"`);
    const auths = (parsed['auths'] ?? {}) as Record<string, AuthEntry>;
    for (const [host, entry] of Object.entries(auths)) {
      const extra = Object.keys(entry).find((key) => key !== 'auth');
      if (extra !== undefined) throw new Error(`json: unknown field "${extra}"`);
      if (typeof entry.auth !== 'string' || entry.auth === '')
        throw new Error(`DOCKER_AUTH_CONFIG environment variable is missing key \`auth\` for ${host}`);
    }
    return auths;
  } catch (error) {
    options.onWarning?.(
      `Failed to create credential store from DOCKER_AUTH_CONFIG:  ${(error as Error).message}`,
    );
    return undefined;
  }
}

function helperFor(config: ConfigFile, key: string, options: CredentialOptions): string | undefined {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const named = config.credHelpers?.[key] ?? config.credHelpers?.[host] ?? config.credsStore;
  if (named !== undefined && named !== '') return named;
  const empty = config.auths === undefined || Object.keys(config.auths).length === 0;
  return options.platform === 'win32' && empty && isOnPath('docker-credential-wincred.exe', options.env)
    ? 'wincred'
    : undefined;
}

function isOnPath(program: string, env: CredentialOptions['env']): boolean {
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      return folder !== '' && statSync(join(folder, program)).isFile();
    } catch {
      return false;
    }
  });
}

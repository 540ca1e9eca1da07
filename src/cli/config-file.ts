/** The part of Docker's client configuration (`config.json`) that commands read (docker-cli.md 8). Credentials: `src/registry`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asError } from '../errors/porthole-error.ts';
import type { CommandContext } from './command.ts';
import { cut } from './requests/key-values.ts';
import type { Filters } from '../engine/roles/index.ts';

export interface ClientConfig {
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly detachKeys?: string;
  /** `key=value`, added to every prune. */
  readonly pruneFilters?: readonly string[];
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Reads the file. None = empty; one that cannot be parsed is warned about on stderr and taken as empty. */
export function readClientConfig({
  globals,
  stderr,
}: Pick<CommandContext, 'globals' | 'stderr'>): ClientConfig {
  const path = join(globals.config, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
    throw new Error('not a JSON object');
  } catch (error) {
    stderr.write(`WARNING: Error parsing config file (${path}): ${asError(error).message}\n`);
    return {};
  }
}

const proxyNames = {
  httpProxy: 'HTTP_PROXY',
  httpsProxy: 'HTTPS_PROXY',
  noProxy: 'NO_PROXY',
  ftpProxy: 'FTP_PROXY',
  allProxy: 'ALL_PROXY',
} as const;

/** `proxies.default` as variables, each in upper and lower case, for containers and build arguments. */
export function proxyVariables({ proxies }: ClientConfig): string[] {
  const values = proxies?.['default'] ?? {};
  return Object.entries(proxyNames).flatMap(([key, name]) => {
    const value = values[key];
    return typeof value === 'string' && value !== ''
      ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`]
      : [];
  });
}

/** The command's filters and the configuration's, except labels that the command excludes or the other way round. */
export function withPruneFilters(filters: Filters, { pruneFilters = [] }: ClientConfig): Filters {
  const merged = new Map<string, string[]>();
  const add = (key: string, value: string): void => {
    merged.set(key, [...(merged.get(key) ?? []), value]);
  };
  for (const [key, values] of Object.entries(filters)) for (const value of values) add(key, value);
  for (const filter of pruneFilters) {
    const [key, value, found] = cut(filter, '=');
    const opposite = key === 'label' ? 'label!' : key === 'label!' ? 'label' : undefined;
    if (found && !(opposite !== undefined && filters[opposite]?.includes(value))) add(key, value);
  }
  return Object.fromEntries(merged);
}

/**
 * Image configuration documents (images-and-registries.md 5.2). The bytes are the image's identity: a parsed document is
 * for reading only, and unknown keys survive a mutation because mutations work on the parsed JSON object.
 */
import type { HealthConfig, ImageConfigSection } from '../api/types/index.ts';
import { PortholeError } from '../errors/porthole-error.ts';

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly config?: ImageConfigSection | null;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly HistoryEntry[];
  /** Docker's legacy keys. */
  readonly comment?: string;
  readonly container?: string;
  readonly container_config?: ImageConfigSection | null;
  readonly docker_version?: string;
  readonly parent?: string;
}

export type { HealthConfig, ImageConfigSection };

/**
 * Parses and checks configuration bytes: `rootfs.type` is `layers`, diff IDs are digests, history has no more non-empty
 * entries than layers. Errors: kind `invalid`, code `IMAGE_CONFIG_INVALID`, Docker's words.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw invalidConfig('invalid image JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalidConfig('invalid image JSON');
  const document = parsed as Record<string, unknown>;
  const rootfs = document['rootfs'] as Record<string, unknown> | undefined;
  if (typeof rootfs !== 'object' || rootfs === null) throw invalidConfig('invalid image JSON, no RootFS key');
  const diffIds: unknown = rootfs['diff_ids'] ?? [];
  if (rootfs['type'] !== 'layers' || !Array.isArray(diffIds))
    throw invalidConfig('invalid rootfs in image configuration');
  for (const id of diffIds as unknown[]) {
    if (typeof id !== 'string' || !/^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/.test(id)) {
      throw invalidConfig('invalid rootfs in image configuration');
    }
  }
  for (const key of ['os', 'architecture', 'os.version', 'created', 'author'] as const) {
    const value = document[key];
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw invalidConfig(`invalid image JSON, ${key} is not a string`);
  }
  const history: unknown = document['history'] ?? [];
  if (!Array.isArray(history)) throw invalidConfig('invalid image JSON, history is not a list');
  const filled = (history as HistoryEntry[]).filter((entry) => entry?.empty_layer !== true).length;
  if (filled > diffIds.length) throw invalidConfig('too many non-empty layers in History section');
  return {
    ...(document as unknown as ImageConfig),
    os: (document['os'] as string | undefined) ?? '',
    architecture: (document['architecture'] as string | undefined) ?? '',
    rootfs: { type: 'layers', diff_ids: diffIds as string[] },
  };
}

function invalidConfig(message: string, cause?: unknown): PortholeError {
  return new PortholeError('invalid', 'IMAGE_CONFIG_INVALID', message, { cause });
}

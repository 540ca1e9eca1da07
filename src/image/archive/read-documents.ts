/** Parsing what an image archive says about itself. Everything in it is a stranger's: shapes are checked before use. */
import { asError } from '../../errors/porthole-error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import { isDigest } from '../digest.ts';
import { familiarString, parseReference } from '../reference.ts';
import type { Reference } from '../reference.ts';
import { invalidArchive } from './archive-error.ts';

/** One image of `manifest.json`. */
export interface DockerItem {
  /** Name of the configuration's member. */
  readonly config: string;
  readonly tags: readonly Reference[];
  /** Names of members, bottom first. */
  readonly layers: readonly string[];
  readonly parent?: Digest;
}

const maxImages = 1000;

/** `manifest.json` of a docker-archive (images-and-registries.md 6.1). */
export function parseDockerManifest(bytes: Uint8Array): DockerItem[] {
  const items = parseJson(bytes, 'manifest.json');
  if (items === null) throw invalidArchive('invalid manifest, manifest cannot be null (but can be [])');
  if (!Array.isArray(items)) throw undecodable('manifest.json', 'not a list');
  if (items.length > maxImages) throw invalidArchive(`more than ${maxImages} images`);
  return items.map(parseItem);
}

function parseItem(item: unknown): DockerItem {
  if (typeof item !== 'object' || item === null) throw undecodable('manifest.json', 'an entry is no object');
  const { Config: config, RepoTags: tags, Layers: layers, Parent: parent } = item as Record<string, unknown>;
  if (typeof config !== 'string') throw undecodable('manifest.json', 'Config is not a string');
  const texts = (value: unknown, key: string): string[] => {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    throw undecodable('manifest.json', `${key} is not a list of strings`);
  };
  return {
    config,
    tags: texts(tags, 'RepoTags').map(parseTag),
    layers: texts(layers, 'Layers'),
    ...(isDigest(parent) ? { parent } : {}),
  };
}

/** Docker writes familiar names, skopeo and podman full ones. */
function parseTag(text: string): Reference {
  let reference: Reference | undefined;
  try {
    reference = parseReference(text);
  } catch (cause) {
    throw invalidArchive(`invalid tag ${JSON.stringify(text)}`, { cause });
  }
  if (reference.tag === undefined || reference.digest !== undefined)
    throw invalidArchive(`invalid tag ${JSON.stringify(text)}`);
  return reference;
}

/** Checks `oci-layout`. */
export function checkLayoutVersion(bytes: Uint8Array): void {
  const document = parseJson(bytes, 'oci-layout');
  const version =
    typeof document === 'object' && document !== null
      ? (document as Record<string, unknown>)['imageLayoutVersion']
      : undefined;
  if (version !== '1.0.0')
    throw invalidArchive(
      `unsupported OCI version ${typeof version === 'string' ? version : JSON.stringify(version)}`,
    );
}

/**
 * The name of an entry of `index.json`: the full one that Docker and containerd write, else the short one when it is a
 * name with a tag (skopeo, buildah). A bare tag names nothing.
 */
export function nameOfEntry({ annotations }: Pick<Descriptor, 'annotations'>): Reference | undefined {
  if (typeof annotations !== 'object' || annotations === null) return undefined;
  for (const key of ['io.containerd.image.name', 'org.opencontainers.image.ref.name']) {
    const text: unknown = annotations[key];
    if (typeof text !== 'string' || !text.includes(':')) continue;
    try {
      const reference = parseReference(text);
      if (reference.tag !== undefined && reference.digest === undefined) return reference;
    } catch {
      if (key === 'io.containerd.image.name') throw invalidArchive(`invalid tag ${JSON.stringify(text)}`);
    }
  }
  return undefined;
}

/** Both, each name once. */
export function joinReferences(some: readonly Reference[], more: readonly Reference[]): Reference[] {
  return [...new Map([...some, ...more].map((one) => [familiarString(one), one])).values()];
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw undecodable(name, asError(error).message, error);
  }
}

function undecodable(name: string, why: string, cause?: unknown): Error {
  return invalidArchive(`failed to decode ${name}: ${why}`, { cause });
}

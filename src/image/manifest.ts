/**
 * Manifests and indexes (images-and-registries.md 2.2, 5.1). A parsed document keeps its bytes: the digest is of them, and
 * nothing is ever serialised again.
 */
import { PortholeError } from '../errors/porthole-error.ts';
import { isDescriptor } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { sha256 } from './digest.ts';
import type { Digest } from './digest.ts';
import { bareMediaType, isIndexType, isManifestType, isSchema1Type, mediaTypes } from './media-types.ts';

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly config: Descriptor;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
  readonly artifactType?: string;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly manifests: readonly Descriptor[];
}

export type ManifestDocument = ImageManifest | ImageIndex;

/** Manifest, index and configuration documents above this many bytes are refused while being read. */
export const maxDocumentBytes = 4 << 20;
const maxIndexEntries = 1000;
/** Docker's own maximum depth of a layer chain. */
export const maxLayers = 125;

/**
 * Parses bytes as received. `contentType` is the registry's word and decides when it is a manifest type; otherwise the
 * body's `mediaType` and shape do. Kind `invalid`: code `MANIFEST_INVALID`, or `MANIFEST_SCHEMA1` with the text that names
 * `fullReference`. A body that fits two kinds of document is refused (type confusion).
 */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  fullReference: string,
): ManifestDocument {
  const given = bareMediaType(contentType);
  const body = parseObject(bytes);
  if (isSchema1Type(given) || 'fsLayers' in body || body['schemaVersion'] === 1) throw schema1(fullReference);
  const inBody = body['mediaType'];
  if (inBody !== undefined && typeof inBody !== 'string') throw invalidManifest('mediaType is not a string');
  const known = (type: string): boolean => isManifestType(type) || isIndexType(type);
  if (known(given) && inBody !== undefined && inBody !== given) {
    throw invalidManifest(`media type in manifest should be "${given}" not "${inBody}"`);
  }
  const type = known(given) ? given : typeof inBody === 'string' ? inBody : shapeType(body);
  if (body['schemaVersion'] !== undefined && body['schemaVersion'] !== 2) {
    throw new PortholeError('invalid', 'MANIFEST_INVALID', 'unsupported manifest format');
  }
  if (isIndexType(type)) return parseIndex(bytes, type, body);
  if (isManifestType(type)) return parseImage(bytes, type, body);
  throw new PortholeError('invalid', 'MANIFEST_INVALID', 'unsupported manifest format', {
    hint: `the registry sent ${type === '' ? 'an unknown document' : type}`,
  });
}

/** Where a descriptor is read back from the content store: its media type was checked when it came in. */
export function parseStoredManifest(bytes: Uint8Array, mediaType: string): ImageManifest {
  const document = parseManifest(bytes, mediaType, mediaType);
  if (document.kind !== 'manifest') throw invalidManifest('a list where an image manifest was expected');
  return document;
}

function parseIndex(bytes: Uint8Array, mediaType: string, body: Record<string, unknown>): ImageIndex {
  if ('config' in body || 'layers' in body)
    throw invalidManifest('a manifest list must not have config or layers');
  const entries = body['manifests'] ?? [];
  if (!Array.isArray(entries) || !entries.every(isDescriptor)) {
    throw invalidManifest('manifests is not a list of descriptors');
  }
  if (entries.length > maxIndexEntries)
    throw invalidManifest(`a list of more than ${maxIndexEntries} entries`);
  return { kind: 'index', mediaType, digest: sha256(bytes), bytes: Buffer.from(bytes), manifests: entries };
}

function parseImage(bytes: Uint8Array, mediaType: string, body: Record<string, unknown>): ImageManifest {
  if ('manifests' in body) throw invalidManifest('an image manifest must not have manifests');
  const { config, layers } = body;
  if (!isDescriptor(config)) throw invalidManifest('config is not a descriptor');
  if (!Array.isArray(layers) || !layers.every(isDescriptor))
    throw invalidManifest('layers is not a list of descriptors');
  const artifactType = body['artifactType'];
  return {
    kind: 'manifest',
    mediaType,
    digest: sha256(bytes),
    bytes: Buffer.from(bytes),
    config,
    layers,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
  };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new PortholeError('invalid', 'MANIFEST_INVALID', 'manifest is not valid JSON', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalidManifest('not a JSON object');
  }
  return parsed as Record<string, unknown>;
}

function shapeType(body: Record<string, unknown>): string {
  if ('manifests' in body) return mediaTypes.ociIndex;
  return 'config' in body && 'layers' in body ? mediaTypes.ociManifest : '';
}

function schema1(fullReference: string): PortholeError {
  return new PortholeError(
    'invalid',
    'MANIFEST_SCHEMA1',
    'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. ' +
      `Suggest the author of ${fullReference} to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. ` +
      'More information at https://docs.docker.com/go/deprecated-image-specs/',
  );
}

function invalidManifest(why: string): PortholeError {
  return new PortholeError('invalid', 'MANIFEST_INVALID', `manifest invalid: ${why}`);
}

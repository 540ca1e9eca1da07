/**
 * The documents of an image archive as Docker 25 and newer write it: an OCI image layout and a docker-archive over the same
 * blobs (images-and-registries.md 6.1, 6.3). Equal images give equal bytes.
 */
import type { Descriptor, PlatformFields } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import { digestHex } from '../digest.ts';
import { mediaTypes } from '../media-types.ts';
import { canonicalString, familiarName, familiarString } from '../reference.ts';
import type { Reference } from '../reference.ts';
import { blobName } from './member-table.ts';

export interface ArchivedImage {
  /** The configuration's digest. */
  readonly id: Digest;
  /** Of the OCI manifest that the archive holds. */
  readonly manifest: { readonly digest: Digest; readonly size: number };
  /** The Docker manifest that the OCI one was made from: the one that registries know. The archive holds it too. */
  readonly original?: { readonly digest: Digest; readonly size: number };
  readonly platform: PlatformFields;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  /** Tagged ones only. */
  readonly references: readonly Reference[];
  /** An image of the same archive that this one was built on. */
  readonly parent?: Digest;
}

export interface ArchiveDocument {
  readonly name: string;
  readonly bytes: Buffer;
}

/** `oci-layout`, `index.json`, `manifest.json`, and `repositories` when anything has a name: what readers look for first. */
export function archiveDocuments(images: readonly ArchivedImage[]): ArchiveDocument[] {
  const repositories = repositoriesOf(images);
  return [
    document('oci-layout', { imageLayoutVersion: '1.0.0' }),
    document('index.json', {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: images.flatMap(indexEntries),
    }),
    document('manifest.json', images.map(manifestItem)),
    ...(Object.keys(repositories).length === 0 ? [] : [document('repositories', repositories)]),
  ];
}

function document(name: string, value: unknown): ArchiveDocument {
  return { name, bytes: Buffer.from(JSON.stringify(value)) };
}

/** Annotation of an entry: digest of the manifest that registries know, where the entry's own is made from it. */
export const originalManifest = 'io.porthole.manifest';

/** One entry a name; one without a name for an image that has none. */
function indexEntries({ manifest, original, platform, references }: ArchivedImage): unknown[] {
  const descriptor = { mediaType: mediaTypes.ociManifest, digest: manifest.digest, size: manifest.size };
  const from = original === undefined ? {} : { [originalManifest]: original.digest };
  if (references.length === 0)
    return [{ ...descriptor, ...(original === undefined ? {} : { annotations: from }), platform }];
  return references.map((reference) => ({
    ...descriptor,
    annotations: {
      'io.containerd.image.name': canonicalString(reference),
      'org.opencontainers.image.ref.name': reference.tag,
      ...from,
    },
    platform,
  }));
}

function manifestItem({ id, references, layers, diffIds, parent }: ArchivedImage): unknown {
  const sources = layers.map(({ mediaType, size, digest, urls }, at) => [
    diffIds[at],
    { mediaType, size, digest, ...(urls === undefined ? {} : { urls }) },
  ]);
  return {
    Config: blobName(id),
    RepoTags: references.length === 0 ? null : references.map(familiarString),
    Layers: layers.map(({ digest }) => blobName(digest)),
    ...(parent === undefined ? {} : { Parent: parent }),
    ...(sources.length === 0 ? {} : { LayerSources: Object.fromEntries(sources) as unknown }),
  };
}

function repositoriesOf(images: readonly ArchivedImage[]): Record<string, Record<string, string>> {
  const repositories = new Map<string, Map<string, string>>();
  for (const { id, references, layers } of images) {
    for (const reference of references) {
      const name = familiarName(reference);
      const tags = repositories.get(name) ?? new Map<string, string>();
      repositories.set(name, tags.set(reference.tag!, digestHex(layers.at(-1)?.digest ?? id)));
    }
  }
  return Object.fromEntries(Array.from(repositories, ([name, tags]) => [name, Object.fromEntries(tags)]));
}

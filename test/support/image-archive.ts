/** Image archives in the forms that engines write, from generated images; and archives that no engine writes. */
import { createHash } from 'node:crypto';
import { formatHeader, paddingOf, tarEnd } from '../../src/layer/tar-writer.ts';
import { TarParser } from '../../src/layer/tar-reader.ts';
import type { RandomImage } from '../../src/image/random.ts';
import { mediaTypes } from '../../src/image/media-types.ts';
import { asOciManifest, buildManifest } from '../../src/image/mutate.ts';
import { parseStoredManifest } from '../../src/image/manifest.ts';

export type Member =
  | { readonly name: string; readonly bytes: Buffer | string }
  | { readonly name: string; readonly link: string; readonly hard?: boolean }
  | { readonly name: string; readonly folder: true };

export function archiveOf(members: readonly Member[]): Buffer {
  const blocks: Buffer[] = [];
  for (const member of members) {
    const { name } = member;
    if ('folder' in member)
      blocks.push(formatHeader({ name: `${name}/`, type: '5', mode: 0o755, mtime: '0' }));
    else if ('link' in member)
      blocks.push(
        formatHeader({
          name,
          linkName: member.link,
          type: member.hard === true ? '1' : '2',
          mode: 0o777,
          mtime: '0',
        }),
      );
    else {
      const bytes = Buffer.from(member.bytes);
      blocks.push(formatHeader({ name, type: '0', mode: 0o644, size: bytes.length, mtime: '0' }), bytes);
      blocks.push(Buffer.alloc(paddingOf(bytes.length)));
    }
  }
  return Buffer.concat([...blocks, tarEnd]);
}

/** Names and contents of a tar's files, in its order. */
export function membersOf(archive: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  let name = '';
  let pieces: Buffer[] = [];
  const parser = new TarParser({
    entry: (entry) => {
      name = entry.name;
      pieces = [];
    },
    data: (chunk, start, end) => void pieces.push(Buffer.from(chunk.subarray(start, end))),
    end: () => void found.set(name, Buffer.concat(pieces)),
  });
  parser.push(archive);
  parser.finish();
  return found;
}

const hexOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const json = (value: unknown): string => JSON.stringify(value);
const blob = (bytes: Buffer | string): Member => ({ name: `blobs/sha256/${hexOf(bytes)}`, bytes });

/** Docker up to 24: a folder a layer, shared ones as links. */
export function dockerArchive24(image: RandomImage, tags: readonly string[] | null): Member[] {
  const ids = image.layers.map((_, at) => hexOf(`layer ${at}`));
  const config = `${hexOf(image.config)}.json`;
  return [
    ...image.layers.flatMap(({ tar }, at): Member[] => {
      const twin = image.layers.findIndex((one) => one.diffId === image.layers[at]!.diffId);
      const data: Member =
        twin < at
          ? { name: `${ids[at]}/layer.tar`, link: `../${ids[twin]}/layer.tar` }
          : { name: `${ids[at]}/layer.tar`, bytes: tar };
      return [
        { name: ids[at]!, folder: true },
        { name: `${ids[at]}/VERSION`, bytes: '1.0' },
        { name: `${ids[at]}/json`, bytes: json({ id: ids[at] }) },
        data,
      ];
    }),
    { name: config, bytes: image.config },
    {
      name: 'manifest.json',
      bytes: json([{ Config: config, RepoTags: tags, Layers: ids.map((id) => `${id}/layer.tar`) }]),
    },
    { name: 'repositories', bytes: json({}) },
  ];
}

/** skopeo and podman: a file a layer, links from folders, full names. */
export function skopeoDockerArchive(image: RandomImage, tag: string): Member[] {
  const config = `${hexOf(image.config)}.json`;
  return [
    ...image.layers.flatMap(({ tar }, at): Member[] => [
      { name: `${hexOf(tar)}.tar`, bytes: tar },
      { name: `${hexOf(`id ${at}`)}/layer.tar`, link: `../${hexOf(tar)}.tar` },
    ]),
    { name: config, bytes: image.config },
    {
      name: 'manifest.json',
      bytes: json([
        { Config: config, RepoTags: [tag], Layers: image.layers.map(({ tar }) => `${hexOf(tar)}.tar`) },
      ]),
    },
  ];
}

/** Docker 25 and newer with its classic store: both layouts over uncompressed layers. */
export function dockerArchive25(image: RandomImage, tag: string): Member[] {
  const layers = image.layers.map(({ tar, diffId }) => ({
    mediaType: mediaTypes.ociLayer,
    digest: diffId,
    size: tar.length,
  }));
  const config = { digest: image.configDigest, size: image.config.length };
  const manifest = buildManifest(config, layers, { mediaType: mediaTypes.ociManifest }).bytes;
  return [
    { name: 'blobs', folder: true },
    { name: 'blobs/sha256', folder: true },
    ...image.layers.map(({ tar }) => blob(tar)),
    blob(image.config),
    blob(manifest),
    ...layoutDocuments([{ bytes: manifest, name: `docker.io/library/${tag}`, tag: tag.split(':')[1]! }]),
    {
      name: 'manifest.json',
      bytes: json([
        {
          Config: `blobs/sha256/${hexOf(image.config)}`,
          RepoTags: [tag],
          Layers: image.layers.map(({ tar }) => `blobs/sha256/${hexOf(tar)}`),
        },
      ]),
    },
  ];
}

/** An OCI layout as skopeo and buildah write it: blobs as they are, the reference as the entry's short name. */
export function ociArchive(image: RandomImage, name?: string): Member[] {
  const manifest = ociManifestOf(image);
  return [
    ...image.layers.map((layer) => blob(layer.blob)),
    blob(image.config),
    blob(manifest),
    ...layoutDocuments([{ bytes: manifest, tag: name }]),
  ];
}

export function ociManifestOf(image: RandomImage): Buffer {
  const manifest = parseStoredManifest(image.manifest, image.manifestType);
  return asOciManifest(manifest) ?? image.manifest;
}

export function layoutDocuments(
  entries: readonly {
    readonly bytes: Buffer | string;
    readonly name?: string;
    readonly tag?: string | undefined;
    readonly type?: string;
    readonly platform?: unknown;
  }[],
): Member[] {
  const manifests = entries.map(({ bytes, name, tag, type, platform }) => ({
    mediaType: type ?? mediaTypes.ociManifest,
    digest: `sha256:${hexOf(bytes)}`,
    size: Buffer.from(bytes).length,
    ...(platform === undefined ? {} : { platform }),
    ...(name === undefined && tag === undefined
      ? {}
      : {
          annotations: {
            ...(name === undefined ? {} : { 'io.containerd.image.name': name }),
            ...(tag === undefined ? {} : { 'org.opencontainers.image.ref.name': tag }),
          },
        }),
  }));
  return [
    { name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', bytes: json({ schemaVersion: 2, manifests }) },
  ];
}

export { blob as blobMember };

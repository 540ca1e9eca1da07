/** Media types of manifests, configurations and layers (images-and-registries.md 2.2), and the questions asked about them. */
export const mediaTypes = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Sent with every manifest request: without the OCI types many registries answer 404 for OCI images. */
export const manifestAccept = [
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  '*/*',
].join(', ');

/** Without parameters and in lower case: `Application/JSON; charset=utf-8` -> `application/json`. */
export function bareMediaType(contentType: string | null | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

export function isIndexType(type: string): boolean {
  return type === mediaTypes.dockerManifestList || type === mediaTypes.ociIndex;
}

export function isManifestType(type: string): boolean {
  return type === mediaTypes.dockerManifest || type === mediaTypes.ociManifest;
}

export function isSchema1Type(type: string): boolean {
  return type === mediaTypes.dockerSchema1 || type === mediaTypes.dockerSchema1Signed;
}

const oldConfigTypes = ['application/octet-stream', 'application/json', 'text/html', ''];

/** Image configuration types, with those that old images carry. */
export function isImageConfigType(type: string): boolean {
  return type === mediaTypes.dockerConfig || type === mediaTypes.ociConfig || oldConfigTypes.includes(type);
}

/** A layer's archive, whatever its compression. The type's word on compression is not trusted: the magic is sniffed. */
export function isLayerType(type: string): boolean {
  return (
    /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar([.+](gzip|zstd|bzip2|xz))?$/.test(
      type,
    ) ||
    /^application\/vnd\.oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+(gzip|zstd|bzip2|xz))?$/.test(type)
  );
}

/** Layers that need not be in the registry: their descriptor may carry `urls` (old Windows bases). */
export function isForeignLayerType(type: string): boolean {
  return (
    type.startsWith('application/vnd.docker.image.rootfs.foreign.') ||
    type.startsWith('application/vnd.oci.image.layer.nondistributable.')
  );
}

/** The ordinary type of a foreign layer, for pushing it as data. Other types are returned as they are. */
export function distributableLayerType(type: string): string {
  return type
    .replace('.rootfs.foreign.diff', '.rootfs.diff')
    .replace('.layer.nondistributable.v1', '.layer.v1');
}

/** The OCI spelling of Docker's layer types: `….diff.tar.gzip` -> `….layer.v1.tar+gzip`. */
export function ociLayerType(type: string): string {
  const match = /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar(?:[.+](\w+))?$/.exec(type);
  if (match === null) return type;
  const kind = match[1] === undefined ? 'layer' : 'layer.nondistributable';
  return `application/vnd.oci.image.${kind}.v1.tar${match[2] === undefined ? '' : `+${match[2]}`}`;
}

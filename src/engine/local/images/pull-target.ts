/** From a reference to the documents of the one image to pull: manifest (chosen from lists), configuration, all checked. */
import type { RequestedPlatform } from './selection-host.ts';
import type { BlobStore } from '../../../content/blobs.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { ImageConfig } from '../../../image/config.ts';
import type { Digest } from '../../../image/digest.ts';
import { isDigest } from '../../../image/digest.ts';
import { parseManifest } from '../../../image/manifest.ts';
import type { ImageManifest, ManifestDocument } from '../../../image/manifest.ts';
import { formatPlatformShort, normalizePlatform } from '../../../image/platform.ts';
import { checkImagePlatform, selectManifest } from '../../../image/platform-select.ts';
import type { Fit, SelectionHost } from '../../../image/platform-select.ts';
import { canonicalString, familiarString } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { checkIsImage, checkLayerCount } from '../../../image/validate.ts';
import type { Repository } from '../../../registry/repository.ts';

export interface PullTarget {
  /** What the reference means at the registry: a manifest or a list. */
  readonly target: ManifestDocument;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  /** Set when the image will not run here as it is. */
  readonly warning?: string;
}

const maxNesting = 4;

/** The digest that a tag has at the registry now, without fetching (and without counting as a pull), if it can be told. */
export async function resolveDigest(
  repository: Repository,
  reference: Reference,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  if (reference.digest !== undefined) return reference.digest;
  return (await repository.resolve(reference.tag!, signal))?.digest;
}

/** The manifest or list itself: from the store when its digest is known and here, else from the registry. */
export async function fetchTarget(
  repository: Repository,
  blobs: BlobStore,
  reference: Reference,
  digest: Digest | undefined,
  signal: AbortSignal | undefined,
): Promise<ManifestDocument> {
  const full = canonicalString(reference);
  const here = digest === undefined ? undefined : blobs.readIfExists(digest);
  if (here !== undefined) return parseManifest(here, undefined, full);
  const fetched = await repository.manifest(digest ?? reference.tag!, signal);
  const document = parseManifest(fetched.bytes, fetched.contentType, full);
  return isDigest(digest) ? { ...document, digest } : document;
}

/** Chooses, fetches and checks the image. No layer has been touched when this throws. */
export async function fetchImageDocuments(
  repository: Repository,
  blobs: BlobStore,
  target: ManifestDocument,
  host: SelectionHost,
  requested: RequestedPlatform | undefined,
  signal: AbortSignal | undefined,
): Promise<PullTarget> {
  let document = target;
  let fit: Fit | undefined;
  for (let depth = 0; document.kind === 'index'; depth += 1) {
    if (depth >= maxNesting)
      throw new PortholeError('invalid', 'MANIFEST_INVALID', 'manifest lists are nested too deeply');
    const selection = selectManifest(document.manifests, host, requested);
    fit = selection.fit;
    document = await fetchTarget(
      repository,
      blobs,
      repository.reference,
      selection.descriptor.digest,
      signal,
    );
  }
  checkIsImage(document);
  const configBytes =
    blobs.readIfExists(document.config.digest) ?? (await repository.smallBlob(document.config, signal));
  const config = parseImageConfig(configBytes);
  const ownFit = checkImagePlatform(config, host);
  checkLayerCount(document, config);
  const warning = warningOf(
    repository.reference,
    config,
    ownFit === 'unversioned' ? fit : ownFit,
    host,
    requested,
  );
  return { target, manifest: document, config, configBytes, ...(warning === undefined ? {} : { warning }) };
}

function warningOf(
  reference: Reference,
  config: ImageConfig,
  fit: Fit | undefined,
  host: SelectionHost,
  requested: RequestedPlatform | undefined,
): string | undefined {
  const have = normalizePlatform({ os: config.os, architecture: config.architecture });
  if (
    requested !== undefined &&
    (have.os !== requested.platform.os || have.architecture !== requested.platform.architecture)
  ) {
    return (
      `image with reference ${familiarString(reference)} was found but its platform (${formatPlatformShort(have)}) ` +
      `does not match the specified platform (${formatPlatformShort(requested.platform)})`
    );
  }
  if (fit === 'older' && host.isolation === 'process') {
    return `the image is built for Windows ${config['os.version'] ?? 'of another build'}: it runs here with --isolation=hyperv only`;
  }
  return undefined;
}

/** For which platforms a reference is offered: from the store, else from the registry's documents. No layer is fetched. */
import { BlobStore } from '../../../content/blobs.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { parseImageConfig } from '../../../image/config.ts';
import type { ManifestDocument } from '../../../image/manifest.ts';
import { normalizePlatform, platformOfFields } from '../../../image/platform.ts';
import type { Platform } from '../../../image/platform.ts';
import { familiarString, parseReference, withDefaultTag } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { checkIsImage } from '../../../image/validate.ts';
import { RegistryClient } from '../../../registry/client.ts';
import { explainPullError } from '../../../registry/messages.ts';
import type { Repository } from '../../../registry/repository.ts';
import type { ImagePlatform, ImagePlatforms, PlatformsOptions } from '../../roles/images.ts';
import type { ImageReadDeps } from './deps.ts';
import { openImageIndex } from './index-view.ts';
import { cancelled, checkNotScratch } from './pull-layers.ts';
import { fetchTarget, resolveDigest } from './pull-target.ts';

const maxNesting = 4;
const maxEntries = 500;

export async function imagePlatforms(
  deps: ImageReadDeps,
  name: string,
  options: PlatformsOptions = {},
): Promise<ImagePlatforms> {
  if (options.registry !== true) {
    const local = localPlatforms(deps, name);
    if (local !== undefined) return local;
  }
  const reference = parseReference(name);
  checkNotScratch(reference);
  return registryPlatforms(deps, withDefaultTag(reference), options);
}

function localPlatforms(deps: ImageReadDeps, name: string): ImagePlatforms | undefined {
  const view = openImageIndex(deps);
  const found = view.find(name);
  if (found === undefined) return undefined;
  const { architecture, os, variant, 'os.version': osVersion } = view.config(found.id);
  const platform = normalizePlatform({
    os: os === '' ? 'windows' : os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined || osVersion === '' ? {} : { osVersion }),
  });
  const reference = view.references(found.id).find((one) => one.tag !== undefined);
  return {
    reference: reference === undefined ? name : familiarString(reference),
    source: 'local',
    kind: 'manifest',
    digest: found.record.manifest,
    platforms: [entry(found.record.manifest, platform)],
  };
}

async function registryPlatforms(
  deps: ImageReadDeps,
  reference: Reference,
  { auth, signal }: PlatformsOptions,
): Promise<ImagePlatforms> {
  using client = new RegistryClient({ environment: deps.environment, auth });
  const repository = client.open(reference, 'pull');
  const blobs = new BlobStore(deps.paths);
  try {
    const digest = await resolveDigest(repository, reference, signal);
    const target = await fetchTarget(repository, blobs, reference, digest, signal);
    return {
      reference: familiarString(reference),
      source: 'registry',
      kind: target.kind === 'index' ? 'index' : 'manifest',
      digest: target.digest,
      platforms: await platformsOf(repository, blobs, target, signal, 0),
    };
  } catch (error) {
    if (signal?.aborted === true) throw cancelled(error);
    throw explainPullError(error, reference);
  }
}

async function platformsOf(
  repository: Repository,
  blobs: BlobStore,
  document: ManifestDocument,
  signal: AbortSignal | undefined,
  depth: number,
): Promise<ImagePlatform[]> {
  if (document.kind !== 'index') {
    checkIsImage(document);
    const bytes =
      blobs.readIfExists(document.config.digest) ?? (await repository.smallBlob(document.config, signal));
    const { architecture, os, variant, 'os.version': osVersion } = parseImageConfig(bytes);
    return [
      entry(
        document.digest,
        normalizePlatform({
          os: os === '' ? 'linux' : os,
          architecture,
          ...(variant === undefined ? {} : { variant }),
          ...(osVersion === undefined || osVersion === '' ? {} : { osVersion }),
        }),
      ),
    ];
  }
  if (depth >= maxNesting || document.manifests.length > maxEntries)
    throw new PortholeError('invalid', 'MANIFEST_INVALID', 'manifest lists are nested too deeply');
  const found: ImagePlatform[] = [];
  for (const descriptor of document.manifests) {
    const { platform } = descriptor;
    // Attestations and signatures travel in the list as entries for no platform.
    if (platform?.os === 'unknown') continue;
    if (platform !== undefined && platform !== null && platform.os !== '') {
      found.push(entry(descriptor.digest, platformOfFields(platform)));
      continue;
    }
    const inner = await fetchTarget(repository, blobs, repository.reference, descriptor.digest, signal);
    found.push(...(await platformsOf(repository, blobs, inner, signal, depth + 1)));
  }
  return found;
}

function entry(
  digest: string,
  { os, architecture, variant, osVersion, osFeatures }: Platform,
): ImagePlatform {
  return {
    digest,
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(osFeatures === undefined ? {} : { osFeatures: [...osFeatures] }),
  };
}

/** `pull`: what Docker's classic engine does and prints, on our content and layer stores (images-and-registries.md 7.3). */
import { statfsSync } from 'node:fs';
import type { ProgressListener } from '../../../api/types/index.ts';
import { BlobStore } from '../../../content/blobs.ts';
import { changeImageIndex, readImageIndex } from '../../../content/image-index.ts';
import type { ImageIndexDocument } from '../../../content/image-index.ts';
import { manifestBlobs, storeManifest } from '../../../content/image-record.ts';
import { openLease } from '../../../content/leases.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { LayerInfo, LayerStore } from '../../../host/ports/layers.ts';
import { layerIdsOf } from '../../../image/chain-id.ts';
import { shortDigest } from '../../../image/digest.ts';
import type { Digest } from '../../../image/digest.ts';
import { parseStoredManifest } from '../../../image/manifest.ts';
import type { SelectionHost } from '../../../image/platform-select.ts';
import {
  canonicalString,
  familiarName,
  familiarString,
  parseReference,
  withDefaultTag,
  withDigest,
} from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { RegistryClient } from '../../../registry/client.ts';
import { explainPullError } from '../../../registry/messages.ts';
import type { Repository } from '../../../registry/repository.ts';
import type { TransferOptions } from '../../roles/images.ts';
import type { ImageDeps } from './deps.ts';
import { LayerProgress } from './progress.ts';
import { cancelled, checkNotScratch, pullLayers } from './pull-layers.ts';
import type { PullLayer } from './pull-layers.ts';
import { fetchImageDocuments, fetchTarget, resolveDigest } from './pull-target.ts';
import type { PullTarget } from './pull-target.ts';
import type { RequestedPlatform } from './selection-host.ts';
import { requestedPlatform, selectionHost } from './selection-host.ts';
import { setReference } from './tag.ts';
import { removeUnneeded } from './unneeded.ts';
import { packedNote } from './unpack.ts';
import { fitYoungGeneration } from './young-generation.ts';

export type PullOptions = TransferOptions & { readonly allTags?: boolean };

interface PullContext {
  readonly deps: ImageDeps;
  readonly client: RegistryClient;
  readonly blobs: BlobStore;
  readonly host: () => Promise<SelectionHost>;
  readonly requested: RequestedPlatform | undefined;
  readonly signal: AbortSignal | undefined;
  readonly emit: ProgressListener | undefined;
}

const sweepBudgetMs = 1000;
const partialLifeMs = 7 * 24 * 3600 * 1000;

/**
 * Pulls one tag or digest, or all tags. Errors before the first message are Docker's request errors; cancelled: kind
 * `cancelled`, `context canceled`. Nothing half-pulled becomes visible; finished blobs and parts are kept for the next try.
 */
export async function pullImage(deps: ImageDeps, text: string, options: PullOptions = {}): Promise<void> {
  const named = parseReference(text);
  if (options.allTags === true && (named.tag !== undefined || named.digest !== undefined)) {
    throw new PortholeError('invalid', 'REFERENCE_INVALID', "tag can't be used with --all-tags/-a");
  }
  checkNotScratch(named);
  const requested = requestedPlatform(deps, options.platform);
  const { signal, onProgress } = options;
  const client = new RegistryClient({
    environment: deps.environment,
    auth: options.auth,
    onWarning: (warning) => onProgress?.({ status: `WARNING: ${warning}` }),
  });
  const letGrow = fitYoungGeneration();
  let known: Promise<SelectionHost> | undefined;
  const context: PullContext = {
    deps,
    client,
    blobs: new BlobStore(deps.paths),
    host: () => (known ??= selectionHost(deps)),
    requested,
    signal,
    emit: onProgress,
  };
  try {
    const repository = client.open(named, 'pull');
    const tags = options.allTags === true ? await allTags(context, repository, named) : undefined;
    let changed = false;
    for (const tag of tags ?? [undefined]) {
      const reference = tag === undefined ? withDefaultTag(named) : { ...named, tag };
      changed = (await pullOne(context, reference)) || changed;
    }
    const shown = tags === undefined ? familiarString(withDefaultTag(named)) : familiarName(named);
    // What earlier, broken commands left. At the end, because deleting slows the making of files that follows it.
    await removeUnneeded(deps, { olderThanMs: partialLifeMs, signal });
    await (await deps.host()).layers.sweep({ budgetMs: sweepBudgetMs });
    onProgress?.({
      status: `Status: ${changed ? 'Downloaded newer image for' : 'Image is up to date for'} ${shown}`,
    });
  } catch (error) {
    if (signal?.aborted === true) throw cancelled(error);
    throw error;
  } finally {
    letGrow();
    client[Symbol.dispose]();
  }
}

/** True when the reference now names something that it did not name here before. */
async function pullOne(context: PullContext, reference: Reference): Promise<boolean> {
  const { blobs, signal, emit, deps } = context;
  const repository = context.client.open(reference, 'pull');
  const index = readImageIndex(deps.paths);
  let documents: PullTarget;
  try {
    const digest = await resolveDigest(repository, reference, signal);
    if (
      digest !== undefined &&
      context.requested === undefined &&
      (await isComplete(context, index, reference, digest))
    ) {
      announce(emit, reference);
      emit?.({ status: `Digest: ${digest}` });
      return false;
    }
    const target = await fetchTarget(repository, blobs, reference, digest, signal);
    announce(emit, reference);
    documents = await fetchImageDocuments(
      repository,
      blobs,
      target,
      await context.host(),
      context.requested,
      signal,
    );
  } catch (error) {
    const build =
      error instanceof PortholeError && error.kind !== 'cancelled' ? await buildForHints(context) : undefined;
    throw explainPullError(error, reference, build);
  }
  if (documents.warning !== undefined) emit?.({ status: `WARNING: ${documents.warning}` });
  const changed = await bring(context, repository, reference, documents);
  emit?.({ status: `Digest: ${documents.target.digest}` });
  await deps.emit?.({
    action: 'pull',
    id: familiarString(reference),
    attributes: { name: familiarName(reference) },
  });
  return changed;
}

function announce(emit: ProgressListener | undefined, reference: Reference): void {
  const id = reference.digest === undefined ? reference.tag! : canonicalString(reference);
  emit?.({ status: `Pulling from ${reference.path}`, id });
}

/** The reference names that digest here, and everything the image needs is here. */
async function isComplete(
  context: PullContext,
  index: ImageIndexDocument,
  reference: Reference,
  digest: Digest,
): Promise<boolean> {
  const named = index.references[canonicalString(reference)];
  const record = named === undefined ? undefined : index.images[named.image];
  if (
    named?.target !== digest ||
    record === undefined ||
    !context.blobs.has({ digest: record.manifest, size: record.manifestSize })
  ) {
    return false;
  }
  const config = context.blobs.readIfExists(named.image);
  if (config === undefined) return false;
  const { rootfs } = JSON.parse(config.toString('utf8')) as { rootfs: { diff_ids: Digest[] } };
  const { layers } = await context.deps.host();
  const found = await Promise.all(layerIdsOf(rootfs.diff_ids).map((id) => layers.get(id)));
  if (found.every((info) => info !== undefined)) return true;
  if (await layers.isPrivileged()) return false;
  const manifest = parseStoredManifest(context.blobs.read(record.manifest), record.manifestType);
  return manifest.layers.every((layer) => context.blobs.has(layer));
}

/** Layers, documents and finally the name, under a lease that keeps collection away from what nothing names yet. */
async function bring(
  context: PullContext,
  repository: Repository,
  reference: Reference,
  documents: PullTarget,
): Promise<boolean> {
  const { deps, blobs, signal } = context;
  const { manifest, config, target, configBytes } = documents;
  const ids = layerIdsOf(config.rootfs.diff_ids);
  const digests = [
    target.digest,
    ...manifestBlobs(manifest),
    manifest.config.digest,
    ...manifest.layers.map((layer) => layer.digest),
  ];
  const lease = await openLease(deps.paths, { blobs: digests, layers: ids }, signal);
  try {
    checkSpace(deps, blobs, manifest.layers);
    const infos = await bringLayers(context, repository, documents, ids.toReversed());
    blobs.put(configBytes);
    blobs.put(target.bytes);
    return await record(context, reference, documents, infos);
  } finally {
    lease.release();
  }
}

/** `ids`: bottom first. */
async function bringLayers(
  context: PullContext,
  repository: Repository,
  { manifest, config }: PullTarget,
  ids: readonly string[],
): Promise<Pick<LayerInfo, 'size'>[]> {
  const { deps, blobs, client, signal, emit } = context;
  const layers: PullLayer[] = manifest.layers.map((descriptor, at) => ({
    id: ids[at]!,
    diffId: config.rootfs.diff_ids[at]!,
    descriptor,
    parents: ids.slice(0, at).reverse(),
  }));
  const { layers: store } = await deps.host();
  return pullLayers(
    {
      paths: deps.paths,
      blobs,
      client,
      repository,
      layers: store,
      unpacks: await unpacksHere(store, emit),
      signal,
      progressFor: (layer) =>
        new LayerProgress(shortDigest(layer.descriptor.digest), emit, () => client.clock.now()),
    },
    layers,
  );
}

/** Without the rights for it, unpacking is put off until somebody who has them uses the image. */
async function unpacksHere(store: LayerStore, emit: ProgressListener | undefined): Promise<boolean> {
  const unpacks = await store.isPrivileged();
  if (!unpacks) emit?.({ status: packedNote });
  return unpacks;
}

/** What must still be fetched has to fit on the disk, before anything is fetched. */
function checkSpace(deps: ImageDeps, blobs: BlobStore, layers: PullTarget['manifest']['layers']): void {
  const missing = layers.filter((layer) => !blobs.has(layer)).reduce((sum, layer) => sum + layer.size, 0);
  if (missing === 0) return;
  let free: number;
  try {
    const { bavail, bsize } = statfsSync(deps.paths.leases);
    free = bavail * bsize;
  } catch {
    return;
  }
  if (missing <= free) return;
  throw new PortholeError('unavailable', 'NO_SPACE', `write ${deps.paths.ingest}: no space left on device`, {
    hint: `the image needs ${missing} more bytes, ${free} are free: free some space or use another --data-root`,
  });
}

async function record(
  context: PullContext,
  reference: Reference,
  documents: PullTarget,
  infos: readonly Pick<LayerInfo, 'size'>[],
): Promise<boolean> {
  const { deps, signal } = context;
  const { manifest, config, target } = documents;
  const image = manifest.config.digest;
  const stored = storeManifest(context.blobs, manifest, config);
  return changeImageIndex(
    deps.paths,
    (draft) => {
      const before = draft.references[canonicalString(reference)];
      const earlier = draft.images[image];
      draft.images[image] = {
        ...stored,
        layerSizes: infos.map((info) => info.size),
        ...(earlier?.parent === undefined ? {} : { parent: earlier.parent }),
        ...(earlier?.lastTagTime === undefined ? {} : { lastTagTime: earlier.lastTagTime }),
      };
      setReference(draft, withDigest(reference, target.digest), image, target.digest, deps.environment.now());
      if (reference.digest === undefined)
        setReference(draft, reference, image, target.digest, deps.environment.now());
      return before?.image !== image || before.target !== target.digest;
    },
    { signal },
  );
}

async function allTags(
  context: PullContext,
  repository: Repository,
  reference: Reference,
): Promise<string[]> {
  try {
    return await repository.tags(context.signal);
  } catch (error) {
    throw explainPullError(error, reference);
  }
}

async function buildForHints(context: PullContext): Promise<number | undefined> {
  try {
    return (await context.host()).osVersion.build;
  } catch {
    return undefined;
  }
}

/**
 * The layers of one image, from the registry to the layer store (performance.md 3.3): up to three downloads at once, each
 * kept as a blob; unpacking follows the chain from the bottom and starts while its blob is still arriving.
 */
import type { Ingest } from '../../../content/ingest.ts';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import type { LayerInfo, LayerStore } from '../../../host/ports/layers.ts';
import { hasherOf, digestAlgorithm } from '../../../image/digest.ts';
import type { Descriptor } from '../../../image/descriptor.ts';
import type { Digest } from '../../../image/digest.ts';
import { familiarName } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import { applyLayer } from './apply-layer.ts';
import { FileBlobSource, SourceRestarted } from './blob-source.ts';
import type { BlobSource } from './blob-source.ts';
import { fetchInto, openFetch } from './fetch-blob.ts';
import type { FetchContext } from './fetch-blob.ts';
import { measureLayer } from './measure-layer.ts';
import type { LayerProgress } from './progress.ts';
import { Slots } from './slots.ts';

export interface PullLayer {
  /** chainID hex. */
  readonly id: string;
  readonly diffId: Digest;
  readonly descriptor: Descriptor;
  /** Layer ids below, topmost first. */
  readonly parents: readonly string[];
}

export interface PullLayersContext extends Omit<FetchContext, 'signal'> {
  readonly layers: LayerStore;
  /** False: layers are checked and kept as blobs, because this process may not unpack them. */
  readonly unpacks: boolean;
  readonly signal: AbortSignal | undefined;
  readonly progressFor: (layer: PullLayer) => LayerProgress;
}

type LayerSize = Pick<LayerInfo, 'size'>;

/** A blob on its way: readable at once, verified when `done` resolves. */
interface Arrival {
  readonly source: BlobSource;
  readonly done: Promise<void>;
  readonly close: () => void;
}

/**
 * Resolves with every layer, bottom first. The first failure cancels the rest and is thrown when all have ended, so that
 * nothing works on behind the caller's back.
 */
export async function pullLayers(
  context: PullLayersContext,
  layers: readonly PullLayer[],
): Promise<LayerSize[]> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort(context.signal?.reason);
  if (context.signal?.aborted === true) cancel();
  context.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const fetching = { ...context, signal: abort.signal };
    const existing = await Promise.all(layers.map((layer) => context.layers.get(layer.id)));
    const progress = layers.map((layer) => context.progressFor(layer));
    const slots = new Slots(context.client.settings.maxConcurrentDownloads);
    progress.forEach((one, index) =>
      one.state(existing[index] === undefined ? 'Pulling fs layer' : 'Already exists'),
    );
    let below: Promise<unknown> = Promise.resolve();
    const tasks = layers.map((layer, index) => {
      const present = existing[index];
      if (present !== undefined) return Promise.resolve(present);
      const task = pullLayer(fetching, layer, progress[index]!, slots, below);
      below = task;
      task.catch((error: unknown) => abort.abort(error));
      return task;
    });
    const results = await Promise.allSettled(tasks);
    context.signal?.throwIfAborted();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw (abort.signal.reason as Error | undefined) ?? failed.reason;
    return results.map((result) => (result as PromiseFulfilledResult<LayerSize>).value);
  } finally {
    context.signal?.removeEventListener('abort', cancel);
  }
}

type Fetching = Omit<PullLayersContext, 'signal'> & { readonly signal: AbortSignal };

async function pullLayer(
  context: Fetching,
  layer: PullLayer,
  progress: LayerProgress,
  slots: Slots,
  below: Promise<unknown>,
): Promise<LayerSize> {
  below.catch(() => undefined);
  let arrival = await arrive(context, layer, progress, slots);
  try {
    await below;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await applyArrival(context, layer, progress, arrival);
      } catch (error) {
        if (error instanceof SourceRestarted) continue;
        if (attempt > 1 || !(await isDamagedBlob(layer.descriptor, error, arrival))) throw error;
        arrival.close();
        context.blobs.remove(layer.descriptor.digest);
        arrival = await arrive(context, layer, progress, slots);
      }
    }
  } finally {
    await arrival.done.catch(() => undefined);
    arrival.close();
  }
}

async function applyArrival(
  context: Fetching,
  layer: PullLayer,
  progress: LayerProgress,
  arrival: Arrival,
): Promise<LayerSize> {
  if (!context.unpacks) return checkArrival(context, layer, progress, arrival);
  let downloaded = false;
  arrival.done.then(
    () => (downloaded = true),
    () => undefined,
  );
  const info = await applyLayer(context.layers, context.paths, {
    id: layer.id,
    diffId: layer.diffId,
    parents: layer.parents,
    source: arrival.source,
    verified: arrival.done,
    signal: context.signal,
    // One line a layer: unpacking shows only when the download no longer does.
    onProgress: (bytes) => downloaded && progress.bytes('Extracting', bytes, layer.descriptor.size),
  });
  progress.state('Pull complete');
  return info;
}

/** What unpacking would find out. */
async function checkArrival(
  { blobs, signal }: Fetching,
  { descriptor, diffId }: PullLayer,
  progress: LayerProgress,
  arrival: Arrival,
): Promise<LayerSize> {
  await arrival.done;
  progress.state('Verifying Checksum');
  const size = await measureLayer(blobs.pathOf(descriptor.digest), descriptor, diffId, { signal });
  progress.state('Pull complete');
  return size;
}

/** Waits for a download slot and starts; a blob that is here needs neither. */
async function arrive(
  context: Fetching,
  layer: PullLayer,
  progress: LayerProgress,
  slots: Slots,
): Promise<Arrival> {
  const { descriptor } = layer;
  if (context.blobs.has(descriptor)) return stored(context, descriptor, progress);
  const slot = await slots.take(context.signal, () => progress.state('Waiting'));
  let ingest: Ingest | undefined;
  try {
    ingest = await openFetch(context, descriptor, progress);
  } catch (error) {
    slot.release();
    throw error;
  }
  if (ingest === undefined) {
    slot.release();
    return stored(context, descriptor, progress);
  }
  const open = ingest;
  const done = fetchInto(context, open, descriptor, progress).finally(() => slot.release());
  done.catch(() => undefined);
  return { source: sourceOf(open, descriptor.size), done, close: () => open.close() };
}

function stored(context: Fetching, descriptor: Descriptor, progress: LayerProgress): Arrival {
  const source = new FileBlobSource(context.blobs.pathOf(descriptor.digest), descriptor);
  progress.state('Download complete');
  return { source, done: Promise.resolve(), close: () => source.close() };
}

function sourceOf(ingest: Ingest, size: number): BlobSource {
  return {
    size,
    get generation() {
      return ingest.generation;
    },
    readAt: (target, position) => ingest.readAt(target, position),
    waitBeyond: (position, generation) => ingest.waitBeyond(position, generation),
  };
}

/** A stored blob that can't be unpacked may have rotted on the disk: only then it is worth fetching again. */
async function isDamagedBlob(descriptor: Descriptor, error: unknown, arrival: Arrival): Promise<boolean> {
  if (!(arrival.source instanceof FileBlobSource) || !isKind(error, 'invalid')) return false;
  const source = arrival.source;
  const hash = hasherOf(descriptor.digest);
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let position = 0; position < source.size;) {
    const count = source.readAt(buffer, position);
    if (count === 0) return true;
    hash.update(buffer.subarray(0, count));
    position += count;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return `${digestAlgorithm(descriptor.digest)}:${hash.digest('hex')}` !== descriptor.digest;
}

/** The error of an operation that the user cancelled. */
export function cancelled(cause: unknown): PortholeError {
  return new PortholeError('cancelled', 'CANCELLED', 'context canceled', { cause });
}

/** `FROM scratch` is no image: no registry is asked for it. */
export function checkNotScratch(reference: Reference): void {
  if (familiarName(reference) === 'scratch')
    throw new PortholeError('invalid', 'REFERENCE_INVALID', "'scratch' is a reserved name");
}

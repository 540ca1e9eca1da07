/** Unpacks one layer blob into the layer store, whole or not at all. */
import type { LayerApply, LayerInfo, LayerStore } from '../../../host/ports/layers.ts';
import type { Digest } from '../../../image/digest.ts';
import { acquireLock } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { join } from 'node:path';
import type { BlobSource } from './blob-source.ts';
import { pumpLayer } from '../../../layer/pump.ts';
import type { ChunkConsumer } from '../../../layer/pump.ts';
import { releaseBuffer } from '../../../registry/release-buffer.ts';
import { SourceRestarted, readBlob } from './blob-source.ts';

export interface ApplyRequest {
  /** chainID hex. */
  readonly id: string;
  readonly diffId: Digest;
  /** Layer ids below, topmost first. */
  readonly parents: readonly string[];
  readonly source: BlobSource;
  /** Resolves when the blob's own digest is verified; nothing becomes visible before. */
  readonly verified: Promise<void>;
  readonly signal: AbortSignal;
  readonly onProgress?: (compressedBytes: number) => void;
}

/**
 * Applies the layer, unless another process has done so meanwhile. A blob that fails its digest is reported as that, and
 * not as the damaged archive that it also is.
 */
export async function applyLayer(
  layers: LayerStore,
  paths: Pick<DataPaths, 'locks'>,
  request: ApplyRequest,
): Promise<LayerInfo> {
  const { id, signal } = request;
  const lock = await acquireLock(join(paths.locks, `layer-${id}.lock`), { timeoutMs: Infinity, signal });
  try {
    const existing = await layers.get(id);
    if (existing !== undefined) {
      await request.verified;
      return existing;
    }
    return await unpack(layers, request);
  } finally {
    lock.release();
  }
}

async function unpack(layers: LayerStore, request: ApplyRequest): Promise<LayerInfo> {
  const { id, parents, source, signal } = request;
  const { generation } = source;
  const apply = await layers.openApply(id, { parents, declaredSize: source.size, signal });
  try {
    await pumpLayer(readBlob(source, request.onProgress), releasing(apply), {
      signal,
      onTaken: releaseBuffer,
    });
    await request.verified;
    if (source.generation !== generation) throw new SourceRestarted();
    return await apply.commit(request.diffId);
  } catch (error) {
    await apply.abort();
    if (!signal.aborted) await request.verified;
    if (source.generation !== generation) throw new SourceRestarted();
    throw error;
  }
}

/** Chunks are consumed when `write` is over: their memory is given back then. */
function releasing(apply: LayerApply): ChunkConsumer {
  return {
    write: (chunk) => {
      const waiting = apply.write(chunk);
      if (waiting !== undefined) return waiting.then(() => releaseBuffer(chunk));
      releaseBuffer(chunk);
      return undefined;
    },
  };
}

import { LayerError } from './layer-error.ts';

/** What one layer may ask of this host (windows-layers.md 7.7.8). */
export interface LayerLimits {
  /** Uncompressed bytes of the whole tar. */
  readonly totalBytes: number;
  readonly entries: number;
  /** Bytes of one absolute path on this host. */
  readonly hostPathBytes: number;
  /** Uncompressed bytes per compressed byte, once `ratioFreeBytes` are exceeded. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
}

/** The largest Windows image layers hold about 15 GB and 200,000 entries. */
export const defaultLayerLimits: LayerLimits = {
  totalBytes: 100e9,
  entries: 4_000_000,
  hostPathBytes: 4095,
  ratio: 200,
  ratioFreeBytes: 1 << 30,
};

/** Bytes that a layer of `declaredSize` compressed bytes may inflate to. */
export function uncompressedLimit(limits: LayerLimits, declaredSize: number | undefined): number {
  if (declaredSize === undefined) return limits.totalBytes;
  return Math.min(limits.totalBytes, limits.ratioFreeBytes + limits.ratio * declaredSize);
}

export function limitError(what: string): LayerError {
  return new LayerError('LAYER_LIMIT', `layer refused: ${what}`, {
    hint: 'this looks like a decompression bomb; nothing of it was kept',
  });
}

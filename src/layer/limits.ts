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

/** Bytes that `declaredSize` compressed bytes may inflate to. */
export function uncompressedLimit(limits: LayerLimits, declaredSize: number | undefined): number {
  if (declaredSize === undefined) return limits.totalBytes;
  return Math.min(limits.totalBytes, limits.ratioFreeBytes + limits.ratio * declaredSize);
}

function limitError(what: string): LayerError {
  return new LayerError('LAYER_LIMIT', `layer refused: ${what}`, {
    hint: 'this looks like a decompression bomb; nothing of it was kept',
  });
}

/** How far over its bytes an entry may claim to reach: headers and padding that have not been counted. */
const claimSlack = 64 << 20;

/** Counts what one layer asks for; throws `LAYER_LIMIT` at the first that is too much. */
export class LayerBudget {
  readonly #limits: LayerLimits;
  readonly #byteLimit: number;
  #bytes = 0;
  #entries = 0;

  constructor(limits: LayerLimits, declaredSize: number | undefined) {
    this.#limits = limits;
    this.#byteLimit = uncompressedLimit(limits, declaredSize);
  }

  /** So far. */
  get entries(): number {
    return this.#entries;
  }

  takeBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes > this.#byteLimit) throw limitError(`it inflates to more than ${this.#byteLimit} bytes`);
  }

  takeEntry(entry: { readonly name: string; readonly size: number }): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.entries)
      throw limitError(`it has more than ${this.#limits.entries} entries`);
    if (entry.size > this.#byteLimit - this.#bytes + claimSlack)
      throw limitError(`${entry.name} claims to have ${entry.size} bytes`);
  }
}

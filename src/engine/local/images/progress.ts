/** Docker's progress messages of pulls and pushes (images-and-registries.md 7): one emitter a layer, throttled. */
import type { ProgressListener } from '../../../api/types/index.ts';

/** No more often than this in milliseconds, except for the last one. */
const minIntervalMs = 100;
const maxStepBytes = 512 << 10;

export class LayerProgress {
  readonly #id: string;
  readonly #emit: ProgressListener | undefined;
  readonly #now: () => number;
  #lastBytes = 0;
  #lastTime = -Infinity;

  /** `id`: 12 hex digits. `now`: milliseconds. */
  constructor(id: string, emit: ProgressListener | undefined, now: () => number) {
    this.#id = id;
    this.#emit = emit;
    this.#now = now;
  }

  /** A state change, such as `Pulling fs layer`. */
  state(status: string): void {
    this.#lastBytes = 0;
    this.#lastTime = -Infinity;
    this.#emit?.({ status, progressDetail: {}, id: this.#id });
  }

  /** `current` of `total` bytes; dropped when too little has changed since the last one. */
  bytes(status: string, current: number, total: number): void {
    if (this.#emit === undefined) return;
    const step = Math.min(total / 100, maxStepBytes);
    const now = this.#now();
    if (current < total && (current - this.#lastBytes < step || now - this.#lastTime < minIntervalMs)) return;
    this.#lastBytes = current;
    this.#lastTime = now;
    this.#emit({
      status,
      progressDetail: { current, total },
      progress: progressBar(current, total),
      id: this.#id,
    });
  }
}

/** `[====>      ]  5.243MB/127MB` with 50 cells, as engines send it for clients that don't draw (engine-api.md 5.1). */
export function progressBar(current: number, total: number): string {
  const size = (bytes: number): string => humanSize(bytes).padStart(8);
  if (total <= 0) return size(current);
  const cells = Math.min(Math.floor(((current / total) * 100) / 2), 50);
  const bar = cells === 50 ? `${'='.repeat(50)}>` : `${'='.repeat(cells)}>${' '.repeat(50 - cells)}`;
  return current > total ? size(current) : `[${bar}] ${size(current)}/${humanSize(total)}`;
}

/** Decimal units, four significant digits, as Go's `%.4g`. */
function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

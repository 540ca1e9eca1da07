import type { Clock } from '../../src/registry/clock.ts';

/** A clock whose sleeps end at once and are written down, and whose chance is always the least. */
export class InstantClock implements Clock {
  readonly sleeps: number[] = [];
  #time = 0;

  now(): number {
    return this.#time;
  }

  wallNow(): number {
    return Date.parse('2024-01-01T00:00:00Z') + this.#time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.#time += ms;
  }

  random(): number {
    return 0;
  }

  advance(ms: number): void {
    this.#time += ms;
  }
}

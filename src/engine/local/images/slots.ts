/** A number of places that are taken in order. */
export interface Slot {
  release(): void;
}

export class Slots {
  #free: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with a place; `onWait` is told when none is free at once. Aborting rejects with the signal's reason. */
  async take(signal: AbortSignal, onWait?: () => void): Promise<Slot> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#slot();
    }
    onWait?.();
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      this.#queue.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
    return this.#slot();
  }

  #slot(): Slot {
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        const next = this.#queue.shift();
        if (next === undefined) this.#free += 1;
        else next();
      },
    };
  }
}

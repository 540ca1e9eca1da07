/**
 * A pause that an event can cut short. Events only wake: what happened is always asked for, because a notification can be
 * lost (hcs.md 8.6). The timer keeps the event loop alive, which a native callback alone does not (hcs.md 1.5).
 */
export class Wake {
  #woken = false;
  #resume: (() => void) | undefined;

  readonly wake = (): void => {
    this.#woken = true;
    this.#resume?.();
  };

  /** Returns at once when `wake` was called since the last pause. */
  async pause(milliseconds: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#resume = undefined;
    }
    this.#woken = false;
  }
}

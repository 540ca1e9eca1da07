export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResult {
  readonly exitCode: number;
  readonly error?: string;
}

interface Waiter {
  readonly condition: WaitCondition;
  readonly resolve: (result: WaitResult) => void;
}

/** Who waits for what: `next-exit` for the end of a run, `not-running` for an end without restart, `removed` for removal. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  add(condition: WaitCondition): { readonly result: Promise<WaitResult>; readonly cancel: () => void } {
    let waiter: Waiter | undefined;
    const result = new Promise<WaitResult>((resolve) => {
      waiter = { condition, resolve };
      this.#waiters.add(waiter);
    });
    return { result, cancel: () => void this.#waiters.delete(waiter!) };
  }

  settle(conditions: readonly WaitCondition[], result: WaitResult): void {
    for (const waiter of [...this.#waiters]) {
      if (!conditions.includes(waiter.condition)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(result);
    }
  }

  settleAll(result: WaitResult): void {
    this.settle(['not-running', 'next-exit', 'removed'], result);
  }
}

import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import { bounded, serviceHangs } from './bounded.ts';
import { hcsTimeouts, type DriverHandle } from './hcs-driver.ts';

export interface UseOptions<T> {
  readonly timeoutMs?: number;
  readonly abandoned?: (answer: T) => unknown;
}

/**
 * One handle of a driver and the calls that use it at the moment. It is closed when the last of them has returned: closing
 * while a call runs has crashed HCS' clients (hcs.md 8.2).
 */
export class OpenHandle {
  readonly #handle: DriverHandle;
  readonly #give: (handle: DriverHandle) => Promise<void>;
  readonly #idle: (() => void)[] = [];
  #users = 0;
  #closing: Promise<void> | undefined;

  constructor(handle: DriverHandle, give: (handle: DriverHandle) => Promise<void>) {
    this.#handle = handle;
    this.#give = give;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Throws `HcsError` 0x80070006 once the handle was closed, 0x80370118 when the call does not return in time: it counts as
   * a user of the handle until it does, and `abandoned` gets what it gives.
   */
  async use<T>(
    op: string,
    systemId: string,
    call: (handle: DriverHandle) => Promise<T>,
    { timeoutMs = hcsTimeouts.call, abandoned }: UseOptions<T> = {},
  ): Promise<T> {
    if (this.#closing !== undefined) throw new HcsError(op, HRESULT.invalidHandle, { systemId });
    return bounded(
      this.#counted(call),
      timeoutMs,
      () => {
        throw new HcsError(op, HRESULT.operationTimeout, { systemId, hint: serviceHangs });
      },
      abandoned,
    );
  }

  async #counted<T>(call: (handle: DriverHandle) => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await call(this.#handle);
    } finally {
      this.#users -= 1;
      if (this.#users === 0) for (const resume of this.#idle.splice(0)) resume();
    }
  }

  /** May be called many times. */
  close(): Promise<void> {
    this.#closing ??= this.#whenIdle().then(() => this.#give(this.#handle));
    return this.#closing;
  }

  #whenIdle(): Promise<void> {
    return this.#users === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

/** The key sequence that leaves a container running (docker-cli.md 4.3). */

export const defaultDetachKeys = 'ctrl-p,ctrl-q';

const controls = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/** `ctrl-p,ctrl-q` -> bytes. Throws with Docker's reason for a key it does not know. */
export function parseDetachKeys(keys: string): number[] {
  return keys.split(',').map((key) => {
    if (Buffer.byteLength(key) === 1) return key.charCodeAt(0);
    const control = key.startsWith('ctrl-') && key.length === 6 ? controls.indexOf(key[5]!) : -1;
    if (control >= 0) return control;
    if (key === 'DEL') return 127;
    throw new Error(`Unknown character: '${key}'`);
  });
}

/**
 * Looks for the sequence in what is typed. Bytes that could begin it are held back until it is certain that they don't;
 * then they are passed on.
 */
export class DetachScanner {
  readonly #keys: readonly number[];
  #matched = 0;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  /** What of the input goes to the container, and whether the sequence is complete (the rest of the input is dropped). */
  scan(input: Uint8Array): { forward: Buffer; detached: boolean } {
    const forward: number[] = [];
    for (const byte of input) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { forward: Buffer.from(forward), detached: true };
        continue;
      }
      forward.push(...this.#keys.slice(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) forward.push(byte);
    }
    return { forward: Buffer.from(forward), detached: false };
  }
}

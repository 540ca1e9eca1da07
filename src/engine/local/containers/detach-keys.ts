import { PortholeError } from '../../../errors/porthole-error.ts';

const controlNames: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** `ctrl-p,ctrl-q`, `a`, `ctrl-@`: bytes of the sequence (docker-cli.md 4.3). Docker's text for anything else. */
export function parseDetachKeys(text: string): Buffer {
  const bytes = text.split(',').map((key) => {
    const control = /^ctrl-(.)$/.exec(key)?.[1];
    if (control !== undefined) {
      if (/[a-z]/.test(control)) return control.charCodeAt(0) - 96;
      const code = controlNames[control];
      if (code !== undefined) return code;
    } else if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    throw new PortholeError('invalid', 'DETACH_KEYS', `Invalid detach keys (${text}) provided`);
  });
  return Buffer.from(bytes);
}

/**
 * Looks for the sequence in typed input. Bytes that may be its beginning are held back until they are not; `detached` says
 * that it was typed, and nothing of it or after it is passed on.
 */
export class DetachScanner {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  scan(chunk: Buffer): { readonly pass: Buffer; readonly detached: boolean } {
    const pass: number[] = [];
    for (const byte of chunk) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { pass: Buffer.from(pass), detached: true };
        continue;
      }
      pass.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = 0;
      if (byte === this.#keys[0]) this.#matched = 1;
      else pass.push(byte);
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}

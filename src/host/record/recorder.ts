/** Writes the lines of one process. Synchronous appends: what was asked for is on disk when the process is killed. */
import { appendFileSync } from 'node:fs';
import { argumentsToJson, errorToJson, toJson } from './encode.ts';
import type { Places } from './encode.ts';
import type { Line } from './lines.ts';
import { Redactor } from './redact.ts';

/** Of one stream. */
const streamLimit = 8 << 20;

export class Recorder {
  readonly #file: string;
  readonly #process: string;
  readonly #places: Places;
  readonly #redactor = new Redactor();
  readonly #sizes = new Map<string, number>();
  #calls = 0;

  constructor(file: string, process: string, places: Places) {
    this.#file = file;
    this.#process = process;
    this.#places = places;
  }

  ports(ports: { networkTypes?: readonly string[]; publish: boolean; warnings: boolean }): void {
    this.#write({ p: this.#process, ports });
  }

  /** Gives the number of the call. */
  begin(call: string, on: number | undefined, args: readonly unknown[]): number {
    this.#calls += 1;
    this.#write({
      p: this.#process,
      n: this.#calls,
      call,
      ...(on === undefined ? {} : { on }),
      args: this.#redactor.value(argumentsToJson(args, this.#places)) as unknown[],
    });
    return this.#calls;
  }

  end(n: number, result: unknown): void {
    const json = toJson(result, this.#places);
    this.#write({
      p: this.#process,
      n,
      ...(json === undefined ? {} : { result: this.#redactor.value(json) }),
    });
  }

  fail(n: number, error: unknown): void {
    const json = toJson(errorToJson(error), this.#places);
    this.#write({ p: this.#process, n, error: this.#redactor.value(json) as never });
  }

  entry(of: number, entry: unknown): void {
    this.#write({ p: this.#process, of, entry: this.#redactor.value(toJson(entry, this.#places)) });
  }

  data(of: number, stream: string, bytes: Uint8Array): void {
    const key = `${of} ${stream}`;
    const before = this.#sizes.get(key) ?? 0;
    if (before > streamLimit) return;
    this.#sizes.set(key, before + bytes.length);
    if (before + bytes.length > streamLimit) {
      this.#sizes.set(key, streamLimit + 1);
      this.#write({ p: this.#process, of, stream, cut: true });
      return;
    }
    const text = Buffer.from(bytes).toString('utf8');
    const isText = Buffer.from(text).equals(bytes);
    const shown = isText ? this.#redactor.text(text) : '';
    this.#write({
      p: this.#process,
      of,
      stream,
      ...(isText ? { text: shown } : { base64: Buffer.from(bytes).toString('base64') }),
    });
  }

  dataEnd(of: number, stream: string): void {
    this.#write({ p: this.#process, of, stream, end: true });
  }

  id(id: string): void {
    this.#write({ p: this.#process, id });
  }

  #write(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

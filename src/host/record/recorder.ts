/** Writes the lines of one process. Synchronous appends: what was asked for is on disk when the process is killed. */
import { appendFileSync } from 'node:fs';
import { argumentsToJson, errorToJson, toJson } from './encode.ts';
import type { Places } from './encode.ts';
import type { Line } from './lines.ts';
import { Redactor } from './redact.ts';

/** Of one stream. */
const streamLimit = 8 << 20;
/** Longer lines are written in pieces. */
const longestRest = 8 << 10;

export class Recorder {
  readonly #file: string;
  readonly #process: string;
  readonly #places: Places;
  readonly #redactor: Redactor;
  /** The last line of each stream, until it is whole: a secret must not be missed because it came in two pieces. */
  readonly #rest = new Map<string, Buffer>();
  readonly #sizes = new Map<string, number>();
  #calls = 0;

  constructor(file: string, process: string, places: Places, redactor = new Redactor()) {
    this.#redactor = redactor;
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
      this.dataRest(of, stream);
      this.#sizes.set(key, streamLimit + 1);
      this.#write({ p: this.#process, of, stream, cut: true });
      return;
    }
    const all = Buffer.concat([this.#rest.get(key) ?? Buffer.alloc(0), bytes]);
    const end = shownEnd(all);
    const whole = all.length - end > longestRest ? all.length : end;
    this.#rest.set(key, all.subarray(whole));
    if (whole > 0) this.#shown(of, stream, all.subarray(0, whole));
  }

  /** What is left of a stream that nothing follows, however it ended. */
  dataRest(of: number, stream: string): void {
    const key = `${of} ${stream}`;
    const rest = this.#rest.get(key);
    this.#rest.delete(key);
    if (rest !== undefined && rest.length > 0) this.#shown(of, stream, rest);
  }

  #shown(of: number, stream: string, bytes: Buffer): void {
    const text = bytes.toString('utf8');
    const isText = Buffer.from(text).equals(bytes);
    this.#write({
      p: this.#process,
      of,
      stream,
      ...(isText
        ? { text: this.#redactor.text(text) }
        : { base64: this.#redactor.bytes(bytes).toString('base64') }),
    });
  }

  dataEnd(of: number, stream: string): void {
    this.dataRest(of, stream);
    this.#write({ p: this.#process, of, stream, end: true });
  }

  id(id: string): void {
    this.#write({ p: this.#process, id });
  }

  #write(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

/** How far a stream may be shown: to its last line's end, but not into a private key, of which a part is not known for one. */
function shownEnd(bytes: Buffer): number {
  const lineEnd = bytes.lastIndexOf(0x0a) + 1;
  const key = bytes.lastIndexOf('-----BEGIN ');
  const isOpen = key >= 0 && bytes.indexOf('-----END ', key) < 0;
  return isOpen ? Math.min(lineEnd, key) : lineEnd;
}

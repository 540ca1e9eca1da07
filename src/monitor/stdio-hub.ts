import type { Readable, Writable } from 'node:stream';
import type { LogStream } from './json-log.ts';

/** One attached client's side of the fan-out. */
export interface HubReader {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** False when the reader has enough for now: it calls `onDrain` of its subscription when it can take more. */
  write(stream: LogStream, chunk: Buffer): boolean;
  /** The process's streams have ended. */
  end(): void;
}

export interface HubSubscription {
  drained(): void;
  detach(): void;
}

export interface HubSource {
  readonly stdin?: Writable;
  readonly stdout?: Readable;
  readonly stderr?: Readable;
}

/**
 * The stdio of one run: every chunk goes to the log first, then to all attached readers. A slow reader holds the source
 * back, as Docker's does: output is never dropped and never kept in memory without bound. Readers may come before the
 * source, then they miss nothing.
 */
export class StdioHub {
  readonly #log: (stream: LogStream, chunk: Buffer) => void;
  readonly #readers = new Set<HubReader>();
  readonly #slow = new Set<HubReader>();
  readonly #sources = new Set<Readable>();
  #stdin: Writable | undefined;
  #ended = false;

  constructor(log: (stream: LogStream, chunk: Buffer) => void) {
    this.#log = log;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Starts pumping. `onEnd` is called once, when both streams have ended. */
  connect(source: HubSource, onEnd: () => void): void {
    this.#stdin = source.stdin;
    // A program that closes its input or ends while somebody types is no error of ours.
    source.stdin?.on('error', () => undefined);
    let open = 0;
    const pump = (stream: LogStream, readable: Readable | undefined): void => {
      if (readable === undefined) return;
      open += 1;
      this.#sources.add(readable);
      let done = false;
      const finish = (): void => {
        if (done) return;
        done = true;
        this.#sources.delete(readable);
        open -= 1;
        if (open === 0) onEnd();
      };
      readable.on('data', (chunk: Buffer) => this.#broadcast(stream, chunk));
      readable.once('end', finish);
      readable.once('error', finish);
      readable.once('close', finish);
      if (this.#slow.size > 0) readable.pause();
    };
    pump('stdout', source.stdout);
    pump('stderr', source.stderr);
    if (open === 0) onEnd();
  }

  attach(reader: HubReader): HubSubscription {
    this.#readers.add(reader);
    if (this.#ended) reader.end();
    return {
      drained: () => {
        this.#slow.delete(reader);
        this.#resume();
      },
      detach: () => {
        this.#readers.delete(reader);
        this.#slow.delete(reader);
        this.#resume();
      },
    };
  }

  /** The process's input; undefined before `connect` and when it has none. */
  get stdin(): Writable | undefined {
    return this.#stdin;
  }

  /** Tells all readers that nothing follows. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of [...this.#readers]) reader.end();
    this.#readers.clear();
    this.#slow.clear();
    this.#resume();
  }

  #broadcast(stream: LogStream, chunk: Buffer): void {
    this.#log(stream, chunk);
    for (const reader of this.#readers) {
      if (reader[stream] && !reader.write(stream, chunk)) this.#slow.add(reader);
    }
    if (this.#slow.size > 0) for (const source of this.#sources) source.pause();
  }

  #resume(): void {
    if (this.#slow.size === 0) for (const source of this.#sources) source.resume();
  }
}

import type { Readable, Writable } from 'node:stream';
import type { LogStream } from './json-log.ts';

/** Input that is kept for a process that does not run yet. */
const longestBacklog = 1 << 20;

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
  readonly #inputListeners = new Set<() => void>();
  #stdin: Writable | undefined;
  #pendingInput: Buffer[] = [];
  #pendingBytes = 0;
  #inputClosed = false;
  #ended = false;

  constructor(log: (stream: LogStream, chunk: Buffer) => void) {
    this.#log = log;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Starts pumping. `onEnd` is called once, when both streams have ended. */
  connect(source: HubSource, onEnd: () => void): void {
    this.#connectInput(source.stdin);
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

  /**
   * Passes input on; before the process runs it is kept. False when the writer should pause until `onInputDrain` calls.
   * A process without input takes it and forgets it.
   */
  write(chunk: Buffer): boolean {
    if (this.#inputClosed || this.#ended) return true;
    if (this.#stdin !== undefined) return this.#stdin.write(chunk);
    this.#pendingInput.push(Buffer.from(chunk));
    this.#pendingBytes += chunk.length;
    return this.#pendingBytes < longestBacklog;
  }

  closeInput(): void {
    if (this.#inputClosed) return;
    this.#inputClosed = true;
    this.#stdin?.end();
  }

  onInputDrain(listener: () => void): () => void {
    this.#inputListeners.add(listener);
    return () => void this.#inputListeners.delete(listener);
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

  #connectInput(stdin: Writable | undefined): void {
    this.#stdin = stdin;
    // A program that closes its input or ends while somebody types is no error of ours.
    stdin?.on('error', () => undefined);
    stdin?.on('drain', () => this.#tellInput());
    for (const chunk of this.#pendingInput) stdin?.write(chunk);
    this.#pendingInput = [];
    if (this.#inputClosed) stdin?.end();
    this.#tellInput();
  }

  #tellInput(): void {
    for (const listener of this.#inputListeners) listener();
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

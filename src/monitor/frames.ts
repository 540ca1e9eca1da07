/**
 * Frames of an upgraded connection, Docker's multiplex format (engine-api.md 3.2): type, three zero bytes, payload length as
 * big-endian 32 bits, payload. Both directions are framed, because a named pipe cannot be half-closed.
 */
export const frameType = {
  /** To the monitor. Empty payload: end of input. */
  stdin: 0,
  stdout: 1,
  stderr: 2,
  /** Text of an error after the streams began. */
  error: 3,
  /** `{"exitCode":n}`: the process ended; nothing follows. */
  end: 4,
} as const;

const headerLength = 8;
/** One frame carries at most this much, so that a reader never has to keep more. */
export const longestPayload = 1 << 20;

export function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(headerLength);
  header[0] = type;
  header.writeUInt32BE(length, 4);
  return header;
}

/** Takes a byte stream apart. Payloads are handed on as they come, in parts of any size, without waiting for a whole frame. */
export class FrameParser {
  readonly #onData: (type: number, part: Buffer, last: boolean) => void;
  #header = Buffer.alloc(0);
  #type = 0;
  #left = -1;

  constructor(onData: (type: number, part: Buffer, last: boolean) => void) {
    this.#onData = onData;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left < 0) {
        const needed = headerLength - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, needed)]);
        rest = rest.subarray(needed);
        if (this.#header.length < headerLength) return;
        this.#type = this.#header[0]!;
        this.#left = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        if (this.#left === 0) this.#emit(Buffer.alloc(0));
        continue;
      }
      const part = rest.subarray(0, this.#left);
      rest = rest.subarray(part.length);
      this.#left -= part.length;
      this.#emit(part);
    }
  }

  #emit(part: Buffer): void {
    const last = this.#left === 0;
    if (last) this.#left = -1;
    this.#onData(this.#type, part, last);
  }
}

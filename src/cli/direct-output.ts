/**
 * A standard stream that is opened only when something needs more than `write`: Node's own takes a fifth of the start-up
 * of a command that prints one table (performance.md 4). Until then writes go straight to the descriptor.
 */
export interface OutputDescriptor {
  /** `fs.writeSync` on the descriptor: how many bytes were taken. Throws Node's system errors. */
  readonly writeSync: (bytes: Uint8Array) => number;
  /** The real stream. */
  readonly open: () => NodeJS.WriteStream;
  /** The reader has gone away. */
  readonly closed: () => void;
}

export interface DirectOutput {
  readonly stream: NodeJS.WriteStream;
  /** The real stream, if it was needed. */
  readonly opened: () => NodeJS.WriteStream | undefined;
}

type Done = (error?: Error | null) => void;

export function directOutput(descriptor: OutputDescriptor): DirectOutput {
  let real: NodeJS.WriteStream | undefined;
  const open = (): NodeJS.WriteStream => (real ??= descriptor.open());

  function write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const finished = typeof encoding === 'function' ? encoding : done;
    const text = typeof chunk === 'string';
    if (real || !(text || chunk instanceof Uint8Array)) {
      return open().write(chunk as string, encoding as BufferEncoding, done);
    }
    const bytes = text ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk;
    for (let sent = 0; sent < bytes.length;) {
      try {
        sent += descriptor.writeSync(bytes.subarray(sent));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') {
          descriptor.closed();
          return false;
        }
        // A descriptor that somebody made non-blocking is full: the stream waits for it.
        if (code === 'EAGAIN')
          return finished ? open().write(bytes.subarray(sent), finished) : open().write(bytes.subarray(sent));
        throw error;
      }
    }
    if (finished) queueMicrotask(() => finished());
    return true;
  }

  const stream = new Proxy({} as NodeJS.WriteStream, {
    get: (_target, name) => {
      if (name === 'write') return write;
      const value: unknown = Reflect.get(open(), name);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(open()) : value;
    },
    set: (_target, name, value) => Reflect.set(open(), name, value),
    has: (_target, name) => Reflect.has(open(), name),
    getPrototypeOf: () => Reflect.getPrototypeOf(open()),
  });
  return { stream, opened: () => real };
}

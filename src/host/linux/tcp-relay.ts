import { connect, Socket, type Server, type SocketConstructorOpts } from 'node:net';

/** Bytes read at once. Two such buffers belong to a connection while it lives; memory is used as far as reads fill them. */
const bufferSize = 256 * 1024;
const mostSpareBuffers = 16;
const spareBuffers: Buffer[] = [];

/**
 * Carries TCP connections that a server accepts to a target (performance.md 8). Each direction closes on its own, small
 * packets go at once. A target that cannot be reached resets the connection.
 *
 * Both directions read into buffers of their own instead of letting Node allocate one for each read: that is worth half of
 * the rate of a stream (bench/proxy.ts).
 */
export class TcpRelay {
  readonly #sockets = new Set<Socket>();
  readonly #targets: readonly string[];
  readonly #port: number;

  /** `targets`: addresses that are tried in order. */
  constructor(targets: readonly string[], port: number) {
    this.#targets = targets;
    this.#port = port;
  }

  /** Takes every connection of a server that was made with `pauseOnConnect` and `allowHalfOpen`. */
  serve(server: Server): void {
    server.on('connection', (accepted) => this.take(accepted));
  }

  /** Takes one connection that nobody has read from. */
  take(accepted: Socket): void {
    const near = adopt(accepted);
    this.#keep(near.socket);
    near.socket.setNoDelay(true);
    this.#dial(near, 0);
  }

  /** Ends all connections at once. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #dial(near: Adopted, attempt: number): void {
    const host = this.#targets[attempt];
    if (host === undefined || near.socket.destroyed) {
      near.socket.resetAndDestroy();
      return;
    }
    const buffer = takeBuffer();
    const far: Socket = connect({
      host,
      port: this.#port,
      allowHalfOpen: true,
      noDelay: true,
      onread: { buffer, callback: (count) => forward(far, near.socket, buffer, count) },
    });
    this.#keep(far);
    let connected = false;
    const abandon = (): void => void far.destroy();
    near.socket.once('close', abandon);
    // What was read into a buffer may still wait in the other side's queue.
    whenClosed([near.socket, far], () => giveBuffer(buffer));
    far.once('close', () => {
      near.socket.off('close', abandon);
      if (!connected) this.#dial(near, attempt + 1);
    });
    far.once('connect', () => {
      connected = true;
      if (near.buffer !== undefined) whenClosed([near.socket, far], () => giveBuffer(near.buffer!));
      near.flowTo(far);
      closeTogether(near.socket, far);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // An error ends in 'close', which tells the other side.
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

interface Adopted {
  readonly socket: Socket;
  /** Its own; back to the others when both sides are closed. */
  readonly buffer?: Buffer;
  /** Starts reading, into `peer`. */
  flowTo(peer: Socket): void;
}

/**
 * A server takes no `onread`, so a new socket is made around the accepted one's handle. Where Node keeps the handle to
 * itself, the accepted socket is read in the ordinary way.
 */
function adopt(accepted: Socket): Adopted {
  const internals = accepted as unknown as { _handle?: object | null };
  const handle = internals._handle;
  if (typeof handle !== 'object' || handle === null)
    return { socket: accepted, flowTo: (peer) => pump(accepted, peer) };
  internals._handle = null;
  // The server counts the first socket's end, not the second's.
  accepted.destroy();
  const buffer = takeBuffer();
  let peer: Socket | undefined;
  let early: Buffer | undefined;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback: (count) => {
        if (peer !== undefined) return forward(socket, peer, buffer, count);
        // Node reads at once; one chunk waits for the target, then reading stops.
        early = Buffer.from(buffer.subarray(0, count));
        return false;
      },
    },
  } as SocketConstructorOpts;
  const socket = new Socket(options);
  return {
    socket,
    buffer,
    flowTo(target) {
      peer = target;
      if (early !== undefined) target.write(early);
      early = undefined;
      socket.resume();
    },
  };
}

/** Passes what was read on. True = the kernel has it all and the buffer may be read into again. */
function forward(from: Socket, to: Socket, buffer: Buffer, count: number): boolean {
  if (to.destroyed || to.writableEnded) return true;
  let paused = false;
  to.write(count === buffer.length ? buffer : buffer.subarray(0, count), () => {
    if (paused) from.resume();
  });
  if (to.writableLength === 0) return true;
  paused = true;
  from.pause();
  return false;
}

function pump(from: Socket, to: Socket): void {
  from.on('data', (chunk: Buffer) => {
    if (to.destroyed || to.writableEnded || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
  from.resume();
}

function closeTogether(a: Socket, b: Socket): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (one.readableEnded) other.end();
    else one.once('end', () => other.end());
    one.once('close', (hadError) => (hadError ? other.resetAndDestroy() : other.destroySoon()));
  }
}

function whenClosed(sockets: readonly Socket[], then: () => void): void {
  let open = sockets.length;
  for (const socket of sockets) {
    if (socket.closed) open -= 1;
    else socket.once('close', () => (open -= 1) === 0 && then());
  }
  if (open === 0) then();
}

function takeBuffer(): Buffer {
  return spareBuffers.pop() ?? Buffer.allocUnsafeSlow(bufferSize);
}

function giveBuffer(buffer: Buffer): void {
  if (spareBuffers.length < mostSpareBuffers) spareBuffers.push(buffer);
}

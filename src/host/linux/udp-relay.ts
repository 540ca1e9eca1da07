import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';

export interface UdpRelayOptions {
  /** A flow without a packet for so long is forgotten; Docker's 90 s by default. */
  readonly idleMs?: number;
  /** Most flows at once; the oldest goes when another comes. */
  readonly mostFlows?: number;
}

interface Flow {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  ready: boolean;
  readonly waiting: Buffer[];
}

/** Datagrams that wait for a flow's socket; more are dropped, as a full queue does. */
const mostWaiting = 64;

/**
 * Carries datagrams between peers and a target: each peer has a socket of its own towards the target, so answers find their
 * way back. Flows end by silence.
 */
export class UdpRelay {
  readonly #flows = new Map<string, Flow>();
  readonly #target: string;
  readonly #port: number;
  readonly #idleMs: number;
  readonly #mostFlows: number;

  constructor(target: string, port: number, options: UdpRelayOptions = {}) {
    this.#target = target;
    this.#port = port;
    this.#idleMs = options.idleMs ?? 90_000;
    this.#mostFlows = options.mostFlows ?? 1024;
  }

  get flows(): number {
    return this.#flows.size;
  }

  serve(listener: Socket): void {
    listener.on('message', (message, peer) => {
      const key = `${peer.address}|${peer.port}`;
      const flow = this.#flows.get(key) ?? this.#open(key, listener, peer);
      flow.timer.refresh();
      if (flow.ready) flow.socket.send(message, ignore);
      else if (flow.waiting.length < mostWaiting) flow.waiting.push(message);
    });
    // A peer that is gone makes the next receive fail; there is nobody to tell.
    listener.on('error', () => undefined);
  }

  close(): void {
    for (const key of [...this.#flows.keys()]) this.#drop(key);
  }

  #open(key: string, listener: Socket, peer: RemoteInfo): Flow {
    const [oldest] = this.#flows.keys();
    if (oldest !== undefined && this.#flows.size >= this.#mostFlows) this.#drop(oldest);
    const socket = createSocket('udp4');
    const timer = setTimeout(() => this.#drop(key), this.#idleMs);
    timer.unref();
    const flow: Flow = { socket, timer, ready: false, waiting: [] };
    this.#flows.set(key, flow);
    socket.on('message', (message) => {
      timer.refresh();
      listener.send(message, peer.port, peer.address, ignore);
    });
    socket.on('error', () => this.#drop(key, flow));
    socket.connect(this.#port, this.#target, () => {
      flow.ready = true;
      for (const message of flow.waiting.splice(0)) socket.send(message, ignore);
    });
    return flow;
  }

  #drop(key: string, only?: Flow): void {
    const flow = this.#flows.get(key);
    if (flow === undefined || (only !== undefined && flow !== only)) return;
    this.#flows.delete(key);
    clearTimeout(flow.timer);
    flow.socket.close();
  }
}

/** Errors of single datagrams show up as the socket's 'error' where they matter. */
function ignore(): void {
  return undefined;
}

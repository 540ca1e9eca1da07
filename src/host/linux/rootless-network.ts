/**
 * Networks without root (linux-backend.md 14): each sandbox unshares its own namespace, gets the endpoint's address there and,
 * with pasta, an uplink. Host ports are bound by this process and served by a worker inside the namespace, which is given the
 * listening sockets.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { Server, type Socket } from 'node:net';
import { kill } from 'node:process';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../state/process-identity.ts';
import { sysctlScript } from './kernel-network.ts';
import { closeListener, type BoundPort } from './port-listen.ts';
import { findTool, runTool } from './run-tool.ts';

export interface SandboxAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
}

/** pasta answers queries on this address with the host's own resolver. */
export const pastaResolver = '169.254.1.1';

/** Arguments of nsenter that enter a process's network namespace, with its user namespace when that is another one. */
export function enterArguments(pid: number, ownUserNamespace: string, theirs: string): string[] {
  return [
    `--target=${pid}`,
    ...(ownUserNamespace === theirs ? [] : ['--user', '--preserve-credentials']),
    '--net',
  ];
}

function enter(pid: number): string[] {
  return enterArguments(pid, readlinkSync('/proc/self/ns/user'), readlinkSync(`/proc/${pid}/ns/user`));
}

/** Loopback up, the addresses of the endpoints on it: what a host gives without an uplink. */
export async function setUpLoopback(
  pid: number,
  addresses: readonly SandboxAddress[],
  path: string | undefined,
): Promise<void> {
  const nsenter = findTool('nsenter', path);
  const ip = findTool('ip', path);
  if (nsenter === undefined || ip === undefined) {
    throw new HnsError('attachEndpoint', HNS.notSupported, {
      text: 'the network of the container cannot be set up: nsenter (util-linux) and ip (iproute2) are needed',
      hint: 'install the packages util-linux and iproute2',
    });
  }
  const lines = [
    'link set dev lo up',
    ...addresses.map(({ address }) => `address replace ${address}/32 dev lo`),
  ];
  const script = `${sysctlScript} exec ${ip} -batch -`;
  const result = await runTool(nsenter, [...enter(pid), '/bin/sh', '-c', script], `${lines.join('\n')}\n`);
  if (result.code !== 0) throw uplinkFailure(`ip: ${result.stderr.trim()}`);
}

export interface PastaOptions {
  /** Queries to `pastaResolver` go to the host's resolver. */
  readonly forwardsDns: boolean;
  readonly pidFile: string;
  /** pasta changes to nobody otherwise, who may not enter the sandbox. */
  readonly asRoot: boolean;
  readonly path: string | undefined;
}

/** Arguments of pasta for one sandbox: the endpoint's address inside, no ports of its own. */
export function pastaArguments(pid: number, address: SandboxAddress, options: PastaOptions): string[] {
  return [
    ...(options.asRoot ? ['--runas', '0'] : []),
    ...['--config-net', '--quiet', '--ipv4-only', '--ns-ifname', 'eth0'],
    ...['--address', address.address, '--netmask', String(address.prefixLength)],
    ...(address.gateway === '' ? [] : ['--gateway', address.gateway]),
    '--no-map-gw',
    ...['-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'],
    ...(options.forwardsDns ? ['--dns-forward', pastaResolver] : []),
    ...['--pid', options.pidFile],
    String(pid),
  ];
}

/** Starts pasta on a sandbox; it goes to the background once the interface is up. */
export async function startPasta(
  pid: number,
  address: SandboxAddress,
  options: PastaOptions,
): Promise<ProcessIdentity | undefined> {
  const pasta = findTool('pasta', options.path) ?? 'pasta';
  const result = await runTool(pasta, pastaArguments(pid, address, options));
  if (result.code !== 0) throw uplinkFailure(`pasta: ${result.stderr.trim()}`);
  return identityOf(Number(readFileSync(options.pidFile, 'latin1').trim()));
}

export function stopProcess(identity: ProcessIdentity | undefined): void {
  if (identity === undefined || !isAlive(identity)) return;
  try {
    kill(identity.pid, 'SIGTERM');
  } catch {
    // It ended by itself.
  }
}

function uplinkFailure(detail: string): HnsError {
  return new HnsError('attachEndpoint', HNS.unspecified, {
    text: `the network of the container cannot be set up: ${detail}`,
    hint: 'run as root for bridges, or use --network none',
  });
}

export interface WorkerSettings {
  /** Node itself. */
  readonly nodePath: string;
  /** `port-worker.js`, or `.ts` when run from source. */
  readonly worker: string;
}

/** What the worker is told, each time with a handle: a listener, or a connection that came before the worker did. */
export interface WorkerMessage {
  readonly kind: 'listener' | 'connection';
  readonly protocol: 'tcp' | 'udp';
  readonly targets: readonly string[];
  readonly port: number;
}

/** Bound ports whose connections wait until there is a sandbox to take them to. */
export class WaitingPorts {
  readonly ports: readonly BoundPort[];
  readonly #early = new Map<BoundPort, Socket[]>();
  #served: Promise<ChildProcess> | undefined;

  constructor(ports: readonly BoundPort[]) {
    this.ports = ports;
    for (const port of ports) {
      const early: Socket[] = [];
      this.#early.set(port, early);
      for (const listener of port.listeners)
        if (listener instanceof Server) listener.on('connection', (socket) => void early.push(socket));
    }
  }

  /** Hands everything to a worker inside the network namespace of a process. */
  async serveInside(
    pid: number,
    targets: readonly string[],
    settings: WorkerSettings,
    path: string | undefined,
  ): Promise<void> {
    this.#served = this.#start(pid, targets, settings, path);
    await this.#served;
  }

  async close(): Promise<void> {
    if (this.#served === undefined) return this.#closeListeners();
    const child = await this.#served;
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async #start(
    pid: number,
    targets: readonly string[],
    settings: WorkerSettings,
    path: string | undefined,
  ): Promise<ChildProcess> {
    const nsenter = findTool('nsenter', path) ?? 'nsenter';
    const node = [settings.nodePath, '--max-semi-space-size=1', '--no-warnings', settings.worker];
    const child = spawn(nsenter, [...enter(pid), ...node], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
    });
    try {
      await answerOf(child);
      for (const port of this.ports) await this.#handOver(child, port, targets);
    } catch (error) {
      child.kill();
      await this.#closeListeners();
      throw new HnsError('publish', HNS.unspecified, {
        text: 'published ports cannot be served: the forwarder inside the network of the container ended',
        cause: error,
      });
    }
    child.unref();
    child.channel?.unref();
    return child;
  }

  async #handOver(child: ChildProcess, port: BoundPort, targets: readonly string[]): Promise<void> {
    const { protocol, containerPort } = port.forward;
    for (const listener of port.listeners) {
      await send(child, { kind: 'listener', protocol, targets, port: containerPort }, listener);
      // The worker has the same listener, so the port stays taken. Not waited for: Node would ask the worker first whether
      // the connections that it was given have ended.
      listener.close();
      for (const socket of this.#early.get(port)?.splice(0) ?? [])
        await send(child, { kind: 'connection', protocol, targets, port: containerPort }, socket);
    }
  }

  async #closeListeners(): Promise<void> {
    for (const early of this.#early.values()) for (const socket of early.splice(0)) socket.destroy();
    await Promise.all(
      this.ports.flatMap((port) =>
        port.listeners.map((listener) => closeListener(listener).catch(() => undefined)),
      ),
    );
  }
}

async function send(
  child: ChildProcess,
  message: WorkerMessage,
  handle: Server | Socket | DatagramSocket,
): Promise<void> {
  const answer = answerOf(child);
  child.send(message, handle, (error) => {
    if (error !== null) child.kill();
  });
  await answer;
}

/** The worker's next message; an error when it ends instead. */
async function answerOf(child: ChildProcess): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  try {
    await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the forwarder ended with code ${String(code)}`);
      }),
    ]);
  } finally {
    controller.abort();
  }
}

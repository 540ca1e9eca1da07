/**
 * The steps that build a container's Linux side (linux-backend.md 4, 5, 20), as data for the sandbox helper. Pure: what exists
 * on the host was looked up before and is an argument.
 */
import type { WineInstallation, RootEntry } from './wine-installation.ts';
import { BIND, CLONE, MS, PERSONALITY, type SandboxStep } from './sandbox-program.ts';
import { seccompFilter } from './seccomp-filter.ts';

/** Who runs the engine: root keeps its identity; anybody else becomes root of a user namespace of one user. */
export interface SandboxIdentity {
  readonly rootless: boolean;
  readonly uid: number;
  readonly gid: number;
}

/** What every sandbox needs of the host. */
export interface SandboxBase {
  readonly identity: SandboxIdentity;
  readonly wine: WineInstallation;
  readonly rootEntries: readonly RootEntry[];
  /** Host files or folders that exist and are bound read-only at the same path below the root (`/etc/ld.so.cache`). */
  readonly extraFiles: readonly string[];
  /** Empty host folder that becomes the root. */
  readonly mountPoint: string;
}

export interface BoundDirectory {
  readonly source: string;
  /** Path in the container, below `/c` or another drive's folder. */
  readonly target: string;
  readonly readOnly: boolean;
  readonly isFile: boolean;
}

export interface ContainerSandbox extends SandboxBase {
  /** Folder of short links `0`, `1`... (lower layers, topmost first), `upper`, `work`: keeps mount data short and unescaped. */
  readonly linkFolder: string;
  readonly lowerCount: number;
  readonly prefix: string;
  readonly io: string;
  readonly launcher: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly hosts: string;
  readonly netnsPath?: string;
  readonly directories: readonly BoundDirectory[];
  /** Drive folders besides `/c`: `/d`. */
  readonly drives: readonly string[];
  /** `cgroup.procs` files that the sandbox's processes are entered into. */
  readonly cgroupFiles: readonly string[];
  /** Processors that programs are to see, when fewer than the host's. */
  readonly visibleProcessors?: number;
  /** Whether C: is mounted by fuse-overlayfs on this folder already, where the kernel's overlay may not be used. */
  readonly mergedFolder?: string;
  readonly environment: readonly string[];
}

const launcherPath = '/launcher/launcher.exe';

/** fontconfig complains on the program's stderr without a cache folder (linux-backend.md 4). */
const fontsConf =
  '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig><cachedir>/tmp/.fc</cachedir></fontconfig>\n';

/** The Unix environment of Wine itself; nothing of it but WINE* reaches Windows programs. */
export function wineEnvironment(wine: WineInstallation, user: string): string[] {
  return [
    'WINEPREFIX=/pfx',
    'HOME=/tmp',
    'WINEDEBUG=-all',
    `WINELOADER=${wine.loader}`,
    `WINESERVER=${wine.server}`,
    'PATH=/usr/bin',
    `USER=${user}`,
    'LANG=C.UTF-8',
  ];
}

/** Ends in the `serve` step: the helper becomes the container's first process and starts the launcher. */
export function containerPlan(sandbox: ContainerSandbox): SandboxStep[] {
  const root = sandbox.mountPoint;
  return [
    ...sandbox.cgroupFiles.map((path): SandboxStep => ['write', path, '0']),
    ...isolate(sandbox.identity, sandbox.netnsPath),
    ...minimalRoot(sandbox),
    ['file', `${root}/etc/hosts`, 0o644, ''],
    ['bind', sandbox.hosts, `${root}/etc/hosts`, restricted],
    ['file', `${root}/etc/resolv.conf`, 0o644, ''],
    ['bind', sandbox.resolvConf, `${root}/etc/resolv.conf`, restricted],
    ...systemDrive(sandbox),
    ['mkdir', `${root}/pfx`, 0o700],
    ['bind', sandbox.prefix, `${root}/pfx`, BIND.noSuid | BIND.noDev | BIND.noExec],
    ['mkdir', `${root}/io`, 0o700],
    ['bind', sandbox.io, `${root}/io`, BIND.noSuid | BIND.noDev | BIND.noExec],
    ['mkfifo', `${root}/io/ctl.in`],
    ['mkfifo', `${root}/io/ctl.out`],
    ['mkdir', `${root}/launcher`, 0o755],
    ['file', `${root}${launcherPath}`, 0o755, ''],
    ['bind', sandbox.launcher, `${root}${launcherPath}`, restricted],
    ...sandbox.drives.map((drive): SandboxStep => ['mkdirs', `${root}${drive}`]),
    ...sandbox.directories.flatMap((directory) => bindDirectory(root, directory)),
    ...visibleProcessors(root, sandbox.visibleProcessors),
    ['hostname', sandbox.hostname],
    ['-up', 'lo'],
    ['-write', '/proc/sys/net/ipv4/ping_group_range', sandbox.identity.rootless ? '0 0' : '0 2147483647'],
    ...enterRoot(root),
    ['chdir', '/c'],
    ...sandbox.environment.map((variable): SandboxStep => ['env', variable]),
    ...confine(),
    ['report', 'ready'],
    ['wait'],
    ['serve', sandbox.wine.loader, launcherPath, 'serve', String.raw`\\?\unix\io\ctl`],
  ];
}

/** Runs a Unix program with `directory` as /pfx, Wine's own files read-only: for building the template. */
export function toolPlan(
  base: SandboxBase,
  prefix: string,
  argv: readonly string[],
  environment: readonly string[],
): SandboxStep[] {
  const root = base.mountPoint;
  return [
    ...isolate(base.identity, undefined),
    ...minimalRoot(base),
    ['mkdir', `${root}/pfx`, 0o700],
    ['bind', prefix, `${root}/pfx`, BIND.noSuid | BIND.noDev],
    ['hostname', 'porthole'],
    ['-up', 'lo'],
    ...enterRoot(root),
    ['chdir', '/pfx'],
    ...environment.map((variable): SandboxStep => ['env', variable]),
    ...confine(),
    ['report', 'ready'],
    ['wait'],
    ['settle', ...argv],
  ];
}

export interface EnterSandbox {
  readonly identity: SandboxIdentity;
  /** Of the sandbox's first process, as the host sees it. */
  readonly sandboxPid: number;
  readonly cgroupFiles: readonly string[];
  readonly environment: readonly string[];
  readonly wine: WineInstallation;
  /** `console` and the path of the specification, as the container sees it. */
  readonly arguments: readonly string[];
}

/** Starts one more launcher in a running sandbox, on the caller's own terminal. */
export function enterPlan(enter: EnterSandbox): SandboxStep[] {
  const kinds = ['mnt', 'pid', 'net', 'uts', 'ipc'];
  return [
    ['raw'],
    ...enter.cgroupFiles.map((path): SandboxStep => ['write', path, '0']),
    ['enter', enter.sandboxPid, ...(enter.identity.rootless ? ['user', ...kinds] : kinds)],
    ['fork'],
    ['chdir', '/c'],
    ...enter.environment.map((variable): SandboxStep => ['env', variable]),
    ...confine(),
    ['exec', enter.wine.loader, launcherPath, ...enter.arguments],
  ];
}

const restricted = BIND.readOnly | BIND.noSuid | BIND.noDev;

function isolate(identity: SandboxIdentity, netnsPath: string | undefined): SandboxStep[] {
  const own = CLONE.mounts | CLONE.processes | CLONE.hostname | CLONE.ipc;
  const flags = own | (identity.rootless ? CLONE.users : 0) | (netnsPath === undefined ? CLONE.network : 0);
  return [
    ['umask', 0o022],
    ...(netnsPath === undefined ? [] : [['netns', netnsPath] satisfies SandboxStep]),
    ['unshare', flags],
    ...(identity.rootless ? [['idmap', identity.uid, identity.gid] satisfies SandboxStep] : []),
    ['fork'],
    ['mount', '', '/', '', MS.recursive | MS.private, ''],
  ];
}

function minimalRoot(base: SandboxBase): SandboxStep[] {
  const root = base.mountPoint;
  const steps: SandboxStep[] = [
    ['mount', 'tmpfs', root, 'tmpfs', MS.noSuid | MS.noDev, 'size=1m,mode=755'],
    ...base.wine.trees.flatMap((tree): SandboxStep[] => [
      ['mkdirs', `${root}${tree}`],
      ['bind', below(base.wine.root, tree), `${root}${tree}`, restricted],
    ]),
    ['mkdir', `${root}/etc`, 0o755],
    ['mkdir', `${root}/etc/fonts`, 0o755],
    ['file', `${root}/etc/fonts/fonts.conf`, 0o644, fontsConf],
    ['file', `${root}/etc/passwd`, 0o644, 'root:x:0:0::/tmp:\n'],
    ['file', `${root}/etc/nsswitch.conf`, 0o644, 'passwd: files\nhosts: files dns\n'],
  ];
  for (const entry of base.rootEntries) {
    if (entry.link !== undefined) steps.push(['symlink', entry.link, `${root}${entry.path}`]);
    else
      steps.push(
        ['mkdir', `${root}${entry.path}`, 0o755],
        ['bind', below(base.wine.root, entry.path), `${root}${entry.path}`, restricted],
      );
  }
  for (const path of base.extraFiles)
    steps.push(
      ['mkdirs', `${root}${path.slice(0, path.lastIndexOf('/'))}`],
      ['file', `${root}${path}`, 0o644, ''],
      ['bind', below(base.wine.root, path), `${root}${path}`, restricted],
    );
  steps.push(
    ['mkdir', `${root}/proc`, 0o555],
    ['mount', 'proc', `${root}/proc`, 'proc', MS.noSuid | MS.noDev | MS.noExec, ''],
    ['mkdir', `${root}/tmp`, 0o1777],
    ['mount', 'tmpfs', `${root}/tmp`, 'tmpfs', MS.noSuid | MS.noDev, 'mode=1777'],
    ['mkdir', `${root}/dev`, 0o755],
    ['mkdir', `${root}/dev/shm`, 0o1777],
    ['mount', 'tmpfs', `${root}/dev/shm`, 'tmpfs', MS.noSuid | MS.noDev | MS.noExec, 'mode=1777'],
    ...['null', 'zero', 'full', 'random', 'urandom', 'tty'].flatMap((name): SandboxStep[] => [
      ['file', `${root}/dev/${name}`, 0o666, ''],
      ['bind', `/dev/${name}`, `${root}/dev/${name}`, BIND.noSuid | BIND.noExec],
    ]),
  );
  return steps;
}

/** `redirect_dir` lets directories of lower layers be renamed; user namespaces exclude it (linux-backend.md 4). */
function systemDrive(sandbox: ContainerSandbox): SandboxStep[] {
  const target = `${sandbox.mountPoint}/c`;
  if (sandbox.mergedFolder !== undefined)
    return [
      ['mkdir', target, 0o755],
      ['bind', sandbox.mergedFolder, target, BIND.noSuid | BIND.noDev],
    ];
  const lowers = Array.from({ length: sandbox.lowerCount }, (_, index) => String(index)).join(':');
  const mode = sandbox.identity.rootless ? 'userxattr' : 'redirect_dir=on';
  return [
    ['mkdir', target, 0o755],
    ['chdir', sandbox.linkFolder],
    [
      'mount',
      'overlay',
      target,
      'overlay',
      MS.noSuid | MS.noDev,
      `${mode},lowerdir=${lowers},upperdir=upper,workdir=work`,
    ],
    ['chdir', '/'],
  ];
}

function bindDirectory(root: string, directory: BoundDirectory): SandboxStep[] {
  const target = `${root}${directory.target}`;
  const flags = BIND.recursive | BIND.noSuid | BIND.noDev | (directory.readOnly ? BIND.readOnly : 0);
  const parent = target.slice(0, target.lastIndexOf('/'));
  return directory.isFile
    ? [
        ['mkdirs', parent],
        ['-file', target, 0o644, ''],
        ['bind', directory.source, target, flags],
      ]
    : [
        ['mkdirs', target],
        ['bind', directory.source, target, flags],
      ];
}

/** Wine counts processors by this file (linux-backend.md 7). */
function visibleProcessors(root: string, count: number | undefined): SandboxStep[] {
  if (count === undefined) return [];
  const folder = `${root}/sys/devices/system/cpu`;
  return [
    ['mkdirs', folder],
    ['file', `${folder}/online`, 0o444, count === 1 ? '0\n' : `0-${count - 1}\n`],
  ];
}

function enterRoot(root: string): SandboxStep[] {
  return [
    ['pivot', root],
    ['restrict', '/', BIND.readOnly],
  ];
}

/**
 * The last steps before a program. Addresses are not random: Wine needs 0x7ffe0000 for what Windows shares with every process,
 * and its loader's heap begins at a random place from 0x7d000000 on, so that about one program in 8,000 ended as it began
 * (CreateProcessW told error 1359). Where the system call is refused (Docker's default filter does), the launcher tries such a
 * start again.
 */
export function confine(): SandboxStep[] {
  return [['-personality', PERSONALITY.noRandomize], ['caps'], ['nnp'], ['seccomp', seccompFilter()]];
}

function below(root: string, path: string): string {
  return root === '/' ? path : `${root}${path}`;
}

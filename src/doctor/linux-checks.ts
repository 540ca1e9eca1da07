/** What a Linux host needs for running Windows containers under Wine (linux-backend.md 2, 14, 15). */
import type { LinuxHostFacts } from '../host/ports/host-facts.ts';
import { diskSpace, pass, problem, runChecks, skip } from './check.ts';
import type { Check, CheckResult } from './check.ts';

type LinuxCheck = Check<LinuxHostFacts>;

export function checkLinux(facts: LinuxHostFacts): CheckResult[] {
  return runChecks(linuxChecks, facts);
}

const install = (name: string): string => `apt-get install ${name}   (or your distribution's package of it)`;

const processor: LinuxCheck = ({ arch, processors }) =>
  arch === 'x64'
    ? pass('processor', `x86-64, ${processors} ${processors === 1 ? 'processor' : 'processors'}`)
    : problem('fail', 'processor', `${arch}: Windows programs for x86-64 need an x86-64 processor`, [
        'use another machine; images can be pulled, inspected and pushed here',
      ]);

const parts: LinuxCheck = ({ missingParts }) =>
  missingParts.length === 0
    ? pass('parts', 'all programs of the package are there')
    : problem('fail', 'parts', `missing or not executable: ${missingParts.join(', ')}`, [
        'npm install -g porthole   (in a checkout: npm ci)',
      ]);

const wine: LinuxCheck = ({ wine: version, wineLoader, wineRoot }) =>
  version !== undefined
    ? pass('wine', `${version}, ${wineRoot === '/' ? '' : `${wineRoot} `}${wineLoader ?? ''}`)
    : problem('fail', 'wine', `no 64-bit Wine below ${wineRoot}`, [
        ...(wineRoot === '/' ? [install('wine64')] : ['check PORTHOLE_WINE_ROOT, or leave it out']),
      ]);

/** The settings that stand in the way, with the value that does not. */
const allowing: Readonly<Record<string, (value: string) => string | undefined>> = {
  'kernel.unprivileged_userns_clone': (value) => (value === '0' ? '1' : undefined),
  'kernel.apparmor_restrict_unprivileged_userns': (value) => (value === '0' ? undefined : '0'),
  'user.max_user_namespaces': (value) => (value === '0' ? '15000' : undefined),
};

const namespaces: LinuxCheck = ({ namespaces: error, root, namespaceSettings }) => {
  const id = 'namespaces';
  if (error === undefined)
    return pass(id, root ? 'can be made, as root' : 'can be made, with a user namespace');
  if (root) {
    return problem('fail', id, `cannot be made: ${error}`, [
      'run porthole outside of this container, or make the container privileged',
    ]);
  }
  const settings = Object.entries(namespaceSettings).flatMap(([name, value]) => {
    const wanted = allowing[name]?.(value);
    return wanted === undefined ? [] : [`sudo sysctl -w ${name}=${wanted}`];
  });
  return problem('fail', id, `this user cannot make them: ${error}`, [
    ...settings,
    'or run porthole as root',
  ]);
};

const overlay: LinuxCheck = ({ namespaces: namespaceError, overlay: error, fuseOverlayfs, dataRoot }) => {
  const id = 'overlay';
  if (namespaceError !== undefined) return skip(id, 'cannot be tried without namespaces');
  if (error === undefined) return pass(id, `the kernel mounts overlays on ${dataRoot.existing}`);
  if (fuseOverlayfs) return pass(id, `fuse-overlayfs, since the kernel says: ${error}`);
  return problem('fail', id, `the kernel refuses overlays on ${dataRoot.existing}: ${error}`, [
    install('fuse-overlayfs'),
    'or put the data root on ext4, xfs, btrfs or tmpfs: --data-root FOLDER',
  ]);
};

const seccomp: LinuxCheck = ({ namespaces: namespaceError, seccomp: error }) => {
  const id = 'seccomp';
  if (namespaceError !== undefined) return skip(id, 'cannot be tried without namespaces');
  return error === undefined
    ? pass(id, 'the system call filter can be installed')
    : problem('fail', id, `the system call filter is refused: ${error}`, [
        'use a kernel with CONFIG_SECCOMP_FILTER; in a container, one whose own profile allows seccomp',
      ]);
};

const cgroups: LinuxCheck = ({ cgroups: why, root }) =>
  why === undefined
    ? pass('cgroups', 'memory and processor time can be limited')
    : problem('warn', 'cgroups', `--memory and --cpus are refused: ${why}`, [
        root
          ? 'mount a writable control group hierarchy (in a container: --cgroupns=private, or privileged)'
          : 'run porthole as root, or in a delegated unit: systemd-run --user --scope -p Delegate=yes porthole ...',
      ]);

const tools: LinuxCheck = ({ root, networkTools }) => {
  const id = 'tools';
  const has = (tool: string): boolean => networkTools.includes(tool);
  const missing = root
    ? [
        ...(has('ip') ? [] : [['ip', 'iproute2'] as const]),
        ...(has('nft') || has('iptables') ? [] : [['nft', 'nftables'] as const]),
      ]
    : has('nsenter')
      ? []
      : [['nsenter', 'util-linux'] as const];
  if (missing.length === 0)
    return pass(id, networkTools.length === 0 ? 'none needed' : networkTools.join(', '));
  return problem(
    'warn',
    id,
    `containers get no network of their own without ${missing.map(([tool]) => tool).join(' and ')}`,
    [install(missing.map(([, name]) => name).join(' '))],
  );
};

const pasta: LinuxCheck = ({ root, networkTools }) => {
  if (root) return skip('pasta', 'not needed: root makes bridges');
  return networkTools.includes('pasta')
    ? pass('pasta', 'containers can reach the outside')
    : problem('warn', 'pasta', 'containers cannot reach the outside without pasta', [install('passt')]);
};

const tun: LinuxCheck = ({ root, tun: allowed }) => {
  if (root) return skip('tun', 'not needed: root makes bridges');
  return allowed
    ? pass('tun', '/dev/net/tun can be opened')
    : problem('warn', 'tun', 'this user may not open /dev/net/tun, so containers cannot reach the outside', [
        'sudo modprobe tun; sudo chmod 666 /dev/net/tun   (in a container: --device /dev/net/tun)',
      ]);
};

const dataRoot: LinuxCheck = ({ dataRoot: fact }) => {
  const id = 'data-root';
  const { path, existing, folder, owner, mode, user, writable } = fact;
  if (folder === false) {
    return problem('fail', id, `${path} is not a folder`, ['choose another: --data-root FOLDER']);
  }
  if (folder === undefined) {
    if (!writable) {
      return problem('fail', id, `${path} cannot be made: this user may not write into ${existing}`, [
        'choose another: --data-root FOLDER',
      ]);
    }
    return pass(id, `${path} is not there yet: the first command makes it`);
  }
  if (owner !== user) {
    return problem('fail', id, `${path} belongs to user ${owner ?? 'unknown'}, and this is user ${user}`, [
      `sudo chown -R ${user} ${path}`,
      'or use a data root of your own: --data-root FOLDER',
    ]);
  }
  if (!writable) {
    return problem('fail', id, `this user may not write into ${path}`, [
      `chmod u+rwx ${path}`,
      'or use another: --data-root FOLDER',
    ]);
  }
  const others = (mode ?? 0) & 0o022;
  const bits = (mode ?? 0).toString(8).padStart(4, '0');
  if (others !== 0) {
    return problem('warn', id, `${path} can be written by others (mode ${bits})`, [`chmod go-w ${path}`], {
      kind: 'protect-data-root',
      path,
    });
  }
  return pass(id, `${path}, mode ${bits}`);
};

const space: LinuxCheck = ({ dataRoot: { path, freeBytes, totalBytes } }) =>
  diskSpace(path, freeBytes, totalBytes);

const linuxChecks: readonly LinuxCheck[] = [
  processor,
  parts,
  wine,
  namespaces,
  overlay,
  seccomp,
  cgroups,
  tools,
  pasta,
  tun,
  dataRoot,
  space,
];

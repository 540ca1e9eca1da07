import { expect } from 'chai';
import { checkLinux } from '../../src/doctor/linux-checks.ts';
import type { LinuxHostFacts } from '../../src/host/ports/host-facts.ts';
import { goodLinux } from '../support/host-facts.ts';

const problems = (facts: Partial<LinuxHostFacts>): string[] =>
  checkLinux({ ...goodLinux, ...facts })
    .filter(({ status }) => status === 'warn' || status === 'fail')
    .map(({ id, status, fact, fix }) => `${status} ${id}: ${fact} => ${fix.join(' | ')}`);
const { dataRoot } = goodLinux;

describe('doctor checks of Linux', () => {
  it('pass on a complete host, as root and not', () => {
    for (const root of [true, false]) expect(problems({ root })).to.deep.equal([]);
  });

  it('have stable names', () => {
    expect(checkLinux(goodLinux).map(({ id }) => id)).to.deep.equal([
      ...[
        'processor',
        'parts',
        'wine',
        'namespaces',
        'overlay',
        'seccomp',
        'cgroups',
        'tools',
        'pasta',
        'tun',
      ],
      ...['data-root', 'disk-space'],
    ]);
  });

  const cases: [string, Partial<LinuxHostFacts>, string[]][] = [
    [
      'another processor',
      { arch: 'arm64' },
      [
        'fail processor: arm64: Windows programs for x86-64 need an x86-64 processor => use another machine; images can be pulled, inspected and pushed here',
      ],
    ],
    [
      'parts missing',
      { missingParts: ['/opt/porthole/native/prebuilt/launcher.exe'] },
      [
        'fail parts: missing or not executable: /opt/porthole/native/prebuilt/launcher.exe => npm install -g porthole   (in a checkout: npm ci)',
      ],
    ],
    [
      'no Wine',
      { wine: undefined, wineLoader: undefined },
      [
        "fail wine: no 64-bit Wine below / => apt-get install wine64   (or your distribution's package of it)",
      ],
    ],
    [
      'no Wine below another root',
      { wine: undefined, wineLoader: undefined, wineRoot: '/srv/wine' },
      ['fail wine: no 64-bit Wine below /srv/wine => check PORTHOLE_WINE_ROOT, or leave it out'],
    ],
    [
      'no user namespaces',
      {
        namespaces: 'unshare 1: EPERM',
        namespaceSettings: {
          'kernel.unprivileged_userns_clone': '0',
          'kernel.apparmor_restrict_unprivileged_userns': '1',
          'user.max_user_namespaces': '0',
        },
      },
      [
        'fail namespaces: this user cannot make them: unshare 1: EPERM => sudo sysctl -w kernel.unprivileged_userns_clone=1 | sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 | sudo sysctl -w user.max_user_namespaces=15000 | or run porthole as root',
      ],
    ],
    [
      'namespaces refused to root',
      { root: true, namespaces: 'unshare 1: EPERM' },
      [
        'fail namespaces: cannot be made: unshare 1: EPERM => run porthole outside of this container, or make the container privileged',
      ],
    ],
    [
      'no overlay',
      { overlay: 'mount overlay: EINVAL' },
      [
        "fail overlay: the kernel refuses overlays on /home/user/.local/share/porthole: mount overlay: EINVAL => apt-get install fuse-overlayfs   (or your distribution's package of it) | or put the data root on ext4, xfs, btrfs or tmpfs: --data-root FOLDER",
      ],
    ],
    ['no overlay but fuse-overlayfs', { overlay: 'mount overlay: EINVAL', fuseOverlayfs: true }, []],
    [
      'no seccomp',
      { seccomp: 'seccomp : EINVAL' },
      [
        'fail seccomp: the system call filter is refused: seccomp : EINVAL => use a kernel with CONFIG_SECCOMP_FILTER; in a container, one whose own profile allows seccomp',
      ],
    ],
    [
      'no limits',
      { cgroups: 'none is writable' },
      [
        'warn cgroups: --memory and --cpus are refused: none is writable => run porthole as root, or in a delegated unit: systemd-run --user --scope -p Delegate=yes porthole ...',
      ],
    ],
    [
      'no tools, as root',
      { root: true, networkTools: [] },
      [
        "warn tools: containers get no network of their own without ip and nft => apt-get install iproute2 nftables   (or your distribution's package of it)",
      ],
    ],
    ['iptables in place of nft', { root: true, networkTools: ['ip', 'iptables'] }, []],
    [
      'no tools',
      { networkTools: [], tun: false },
      [
        "warn tools: containers get no network of their own without nsenter => apt-get install util-linux   (or your distribution's package of it)",
        "warn pasta: containers cannot reach the outside without pasta => apt-get install passt   (or your distribution's package of it)",
        'warn tun: this user may not open /dev/net/tun, so containers cannot reach the outside => sudo modprobe tun; sudo chmod 666 /dev/net/tun   (in a container: --device /dev/net/tun)',
      ],
    ],
    ['no data root yet', { dataRoot: { ...dataRoot, existing: '/home/user', folder: undefined } }, []],
    [
      'no data root, and nobody to make it',
      { dataRoot: { ...dataRoot, existing: '/', folder: undefined, writable: false } },
      [
        'fail data-root: /home/user/.local/share/porthole cannot be made: this user may not write into / => choose another: --data-root FOLDER',
      ],
    ],
    [
      'a file',
      { dataRoot: { ...dataRoot, folder: false } },
      [
        'fail data-root: /home/user/.local/share/porthole is not a folder => choose another: --data-root FOLDER',
      ],
    ],
    [
      'the data root of somebody else',
      { dataRoot: { ...dataRoot, owner: 0 } },
      [
        'fail data-root: /home/user/.local/share/porthole belongs to user 0, and this is user 1000 => sudo chown -R 1000 /home/user/.local/share/porthole | or use a data root of your own: --data-root FOLDER',
      ],
    ],
    [
      'a read-only data root',
      { dataRoot: { ...dataRoot, writable: false } },
      [
        'fail data-root: this user may not write into /home/user/.local/share/porthole => chmod u+rwx /home/user/.local/share/porthole | or use another: --data-root FOLDER',
      ],
    ],
    [
      'a data root open to all',
      { dataRoot: { ...dataRoot, mode: 0o777 } },
      [
        'warn data-root: /home/user/.local/share/porthole can be written by others (mode 0777) => chmod go-w /home/user/.local/share/porthole',
      ],
    ],
    [
      'little space',
      { dataRoot: { ...dataRoot, freeBytes: 5 * 1024 ** 3 } },
      [
        'warn disk-space: 5.0 GiB of 400.0 GiB free for /home/user/.local/share/porthole => porthole rmi IMAGE removes images, porthole container prune stopped containers | or use another drive: --data-root FOLDER, PORTHOLE_DATA_ROOT=FOLDER',
      ],
    ],
    [
      'no space',
      { dataRoot: { ...dataRoot, freeBytes: 1024 ** 3, totalBytes: undefined } },
      [
        'fail disk-space: 1.0 GiB free for /home/user/.local/share/porthole => porthole rmi IMAGE removes images, porthole container prune stopped containers | or use another drive: --data-root FOLDER, PORTHOLE_DATA_ROOT=FOLDER',
      ],
    ],
  ];
  for (const [name, facts, expected] of cases) {
    it(`tell ${name}`, () => expect(problems(facts)).to.deep.equal(expected));
  }
});

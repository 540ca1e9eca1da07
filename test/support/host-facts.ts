/** Hosts on which every check passes; tests change what they are about. */
import type { LinuxHostFacts, WindowsHostFacts } from '../../src/host/ports/host-facts.ts';
import type { StoreFacts } from '../../src/doctor/store-checks.ts';

const gibibyte = 1024 ** 3;

export const goodLinux: LinuxHostFacts = {
  platform: 'linux',
  arch: 'x64',
  processors: 4,
  root: false,
  kernel: '6.1.0',
  distribution: 'Debian GNU/Linux 12 (bookworm)',
  wineRoot: '/',
  wine: 'wine-8.0 (Debian 8.0~repack-4)',
  wineLoader: '/usr/lib/wine/wine64',
  namespaces: undefined,
  namespaceSettings: { 'kernel.unprivileged_userns_clone': '1', 'user.max_user_namespaces': '63000' },
  overlay: undefined,
  fuseOverlayfs: false,
  seccomp: undefined,
  cgroups: undefined,
  networkTools: ['ip', 'nft', 'pasta', 'nsenter'],
  tun: true,
  missingParts: [],
  dataRoot: {
    path: '/home/user/.local/share/porthole',
    existing: '/home/user/.local/share/porthole',
    folder: true,
    owner: 1000,
    mode: 0o700,
    user: 1000,
    writable: true,
    freeBytes: 100 * gibibyte,
    totalBytes: 400 * gibibyte,
  },
};

const running = { state: 'running', start: 'manual' } as const;

export const goodWindows: WindowsHostFacts = {
  platform: 'win32',
  arch: 'x64',
  processors: 8,
  memoryBytes: 32 * gibibyte,
  version: { major: 10, minor: 0, build: 20348, revision: 2700 },
  product: {
    name: 'Windows Server 2022 Datacenter',
    edition: 'ServerDatacenter',
    installation: 'Server',
    displayVersion: '21H2',
    server: true,
  },
  elevated: true,
  missingPrivileges: [],
  features: { containers: 'enabled', hyperV: 'enabled' },
  virtualization: { firmware: true, hypervisor: true, guest: false, machine: 'Contoso Server 1' },
  services: {
    vmcompute: running,
    hns: running,
    winnat: running,
    vmms: running,
    wcifs: { state: 'running', start: 'boot' },
    SharedAccess: { state: 'stopped', start: 'disabled' },
  },
  libraries: {
    'vmcompute.dll': true,
    'computecore.dll': true,
    'computenetwork.dll': true,
    'virtdisk.dll': true,
  },
  layerDriver: { asked: undefined, used: 'vmcompute', isComplete: true },
  pendingRestart: [],
  dataRoot: {
    path: 'C:\\ProgramData\\porthole',
    fileSystem: 'NTFS',
    freeBytes: 200 * gibibyte,
    totalBytes: 500 * gibibyte,
  },
  defender: { service: 'running', realTime: true, excludedPaths: ['C:\\ProgramData\\porthole'] },
  excludedPorts: [{ first: 50000, last: 50059, administered: true }],
  addresses: [
    { interface: 'Ethernet', cidr: '192.168.1.5/24', internal: false },
    { interface: 'vEthernet (nat)', cidr: '172.28.160.1/20', internal: false },
    { interface: 'Loopback Pseudo-Interface 1', cidr: '127.0.0.1/8', internal: true },
  ],
  routes: [
    { destination: '0.0.0.0/0', gateway: '192.168.1.1', interfaceIndex: 4, metric: 25 },
    { destination: '172.28.160.0/20', gateway: '0.0.0.0', interfaceIndex: 9, metric: 256 },
    { destination: '192.168.1.0/24', gateway: '0.0.0.0', interfaceIndex: 4, metric: 281 },
    { destination: '224.0.0.0/4', gateway: '0.0.0.0', interfaceIndex: 4, metric: 281 },
    { destination: '127.0.0.0/8', gateway: '0.0.0.0', interfaceIndex: 1, metric: 331 },
  ],
  longPaths: true,
  unread: {},
};

export const goodStore: StoreFacts = {
  networks: [{ name: 'nat', subnets: ['172.28.160.0/20'] }],
  publishedPorts: [{ container: 'web', port: 8080, protocol: 'tcp' }],
  damaged: [],
  leftovers: 0,
};

import { expect } from 'chai';
import { checkStore } from '../../src/doctor/store-checks.ts';
import type { StoreFacts } from '../../src/doctor/store-checks.ts';
import { checkWindows } from '../../src/doctor/windows-checks.ts';
import type { WindowsHostFacts } from '../../src/host/ports/host-facts.ts';
import { goodStore, goodWindows } from '../support/host-facts.ts';

const look = (host: Partial<WindowsHostFacts>, store: Partial<StoreFacts> = {}) =>
  checkWindows({ host: { ...goodWindows, ...host }, store: { ...goodStore, ...store } });
const problems = (host: Partial<WindowsHostFacts>, store: Partial<StoreFacts> = {}): string[] =>
  look(host, store)
    .filter(({ status }) => status === 'warn' || status === 'fail')
    .map(({ id, status, fact, fix }) => `${status} ${id}: ${fact} => ${fix.join(' | ')}`);

const client = {
  ...goodWindows.product,
  name: 'Windows 10 Pro',
  edition: 'Professional',
  installation: 'Client',
  server: false,
};
const { services, virtualization, dataRoot } = goodWindows;
const admin = 'in a terminal started with "Run as administrator":';

describe('doctor checks of Windows', () => {
  it('pass on a complete server', () => {
    expect(problems({})).to.deep.equal([]);
    expect(look({}).map(({ id }) => id)).to.deep.equal([
      ...['build', 'edition', 'containers-feature', 'hyperv-feature', 'virtualization'],
      ...['service-vmcompute', 'service-hns', 'service-winnat', 'libraries', 'elevation', 'restart'],
      ...['file-system', 'disk-space', 'defender', 'port-exclusions', 'subnets'],
    ]);
  });

  it('say which DLL makes layers', () => {
    const fact = (layerDriver: WindowsHostFacts['layerDriver']): string | undefined =>
      look({ layerDriver }).find(({ id }) => id === 'libraries')?.fact;

    expect(fact(goodWindows.layerDriver)).to.equal(
      'all DLLs of containers are there; layers by vmcompute.dll',
    );
    expect(fact({ asked: 'computestorage', used: 'computestorage', isComplete: true })).to.equal(
      'all DLLs of containers are there; layers by computestorage.dll, as PORTHOLE_LAYER_DRIVER says',
    );
    expect(fact({ asked: undefined, used: 'computestorage', isComplete: true })).to.equal(
      'all DLLs of containers are there; layers by computestorage.dll',
    );
  });

  const cases: [string, Partial<WindowsHostFacts>, Partial<StoreFacts>, string[]][] = [
    [
      'a Windows before containers',
      { version: { major: 6, minor: 3, build: 9600, revision: 1 } },
      {},
      [
        'fail build: Windows Server 2022 Datacenter 21H2, 6.3.9600.1: containers came with build 14393 => use Windows 10 1809, Windows Server 2016 or newer',
      ],
    ],
    [
      'an unknown revision',
      { version: { ...goodWindows.version, revision: 0 } },
      {},
      [
        'warn build: Windows Server 2022 Datacenter 21H2, 10.0.20348.0: the revision cannot be read, so images may be misjudged => reg query "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion" /v UBR',
      ],
    ],
    [
      'Home',
      {
        product: { ...client, name: 'Windows 11 Home', edition: 'Core' },
        features: { containers: 'absent', hyperV: 'absent' },
        services: {
          ...services,
          vmcompute: { state: 'absent', start: undefined },
          hns: { state: 'absent', start: undefined },
          SharedAccess: { state: 'stopped', start: 'manual' },
        },
      },
      {},
      [
        'fail edition: Core (Home) has neither containers nor Hyper-V => upgrade to Windows Pro: Settings, System, Activation',
        'fail containers-feature: this edition of Windows has no Containers feature => upgrade to Windows Pro or Server',
        'warn hyperv-feature: this edition of Windows has no Hyper-V: no --isolation=hyperv => ',
      ],
    ],
    [
      'an old client',
      { product: client, version: { ...goodWindows.version, build: 17134 } },
      {},
      [
        'warn edition: Professional: clients before 1809 have Hyper-V isolation only => update to Windows 10 1809 or newer',
        `warn service-sharedaccess: Internet Connection Sharing is disabled: no default switch => ${admin} | Set-Service SharedAccess -StartupType Manual`,
      ],
    ],
    [
      'no features on a server',
      { features: { containers: 'disabled', hyperV: 'disabled' } },
      {},
      [
        `fail containers-feature: the Containers feature is not enabled => ${admin} | Install-WindowsFeature -Name Containers -Restart`,
        `warn hyperv-feature: Hyper-V is not enabled: no --isolation=hyperv, so only images of a fitting build run => ${admin} | Install-WindowsFeature -Name Hyper-V -IncludeManagementTools -Restart`,
      ],
    ],
    [
      'a virtual machine without nested virtualization',
      { virtualization: { firmware: undefined, hypervisor: true, guest: true, machine: 'QEMU PC' } },
      {},
      [
        'warn virtualization: this is a virtual machine (QEMU PC) without nested virtualization => on its Hyper-V host, with the machine off: Set-VMProcessor NAME -ExposeVirtualizationExtensions $true | in a cloud: choose a size with nested virtualization',
      ],
    ],
    [
      'firmware that says no',
      { virtualization: { ...virtualization, firmware: false, hypervisor: undefined, machine: undefined } },
      {},
      [
        'warn virtualization: virtualization is switched off in the firmware => switch VT-x or AMD-V (SVM) on in the firmware setup',
      ],
    ],
    [
      'a hypervisor that does not start',
      { virtualization: { ...virtualization, hypervisor: undefined } },
      {},
      [
        `warn virtualization: the processor can, but the hypervisor does not run => ${admin} | bcdedit /set hypervisorlaunchtype auto | Restart-Computer`,
      ],
    ],
    [
      'stopped and disabled services',
      {
        services: {
          ...services,
          vmcompute: { state: 'stopped', start: 'manual' },
          hns: { state: 'stopped', start: 'disabled' },
          winnat: { state: 'stopped', start: 'disabled' },
        },
      },
      {},
      [
        `fail service-vmcompute: Hyper-V Host Compute Service is stopped => ${admin} | Start-Service vmcompute`,
        `fail service-hns: Host Network Service is disabled => ${admin} | Set-Service hns -StartupType Manual; Start-Service hns`,
        `warn service-winnat: Windows NAT is disabled: nat networks do not work => ${admin} | sc.exe config winnat start= demand`,
      ],
    ],
    [
      'a missing DLL',
      { libraries: { ...goodWindows.libraries, 'computecore.dll': false } },
      {},
      [`fail libraries: missing in System32: computecore.dll => ${admin} | sfc /scannow`],
    ],
    [
      'no computecore.dll where there is none',
      {
        libraries: { ...goodWindows.libraries, 'computecore.dll': false },
        version: { ...goodWindows.version, build: 14393 },
      },
      {},
      [],
    ],
    [
      'a layer driver that nobody knows',
      { layerDriver: { asked: 'overlay', used: undefined, isComplete: false } },
      {},
      [
        'fail libraries: PORTHOLE_LAYER_DRIVER is overlay, which is no layer driver => Remove-Item Env:PORTHOLE_LAYER_DRIVER',
      ],
    ],
    [
      'a layer driver that this Windows lacks',
      { layerDriver: { asked: 'computestorage', used: 'computestorage', isComplete: false } },
      {},
      [
        'fail libraries: computestorage.dll of this Windows lacks calls that layers need => Remove-Item Env:PORTHOLE_LAYER_DRIVER',
      ],
    ],
    [
      'no DLL with layer calls',
      { layerDriver: { asked: undefined, used: 'vmcompute', isComplete: false } },
      {},
      [
        `fail libraries: vmcompute.dll of this Windows lacks calls that layers need => ${admin} | sfc /scannow`,
      ],
    ],
    [
      'an ordinary user',
      { elevated: false },
      {},
      [
        'warn elevation: not elevated: images, lint, explain and builds that only copy work; containers, networks and RUN do not => start the terminal with "Run as administrator"',
      ],
    ],
    [
      'missing privileges',
      { missingPrivileges: ['SeBackupPrivilege'] },
      {},
      [
        'fail elevation: elevated, but without SeBackupPrivilege: layers cannot be unpacked => secpol.msc, Local Policies, User Rights Assignment: give them to Administrators',
      ],
    ],
    [
      'a pending restart',
      { pendingRestart: ['servicing', 'update'] },
      {},
      ['warn restart: a restart is pending (servicing, update) => Restart-Computer'],
    ],
    [
      'ReFS',
      { dataRoot: { ...dataRoot, fileSystem: 'ReFS' } },
      {},
      [
        'fail file-system: C:\\ProgramData\\porthole is on ReFS: layers need NTFS => use a folder of an NTFS drive: --data-root FOLDER, PORTHOLE_DATA_ROOT=FOLDER',
      ],
    ],
    [
      'Defender',
      { defender: { service: 'running', realTime: true, excludedPaths: ['C:\\ProgramData\\port'] } },
      {},
      [
        `warn defender: Microsoft Defender scans C:\\ProgramData\\porthole: unpacking is slower and may fail => ${admin} | Add-MpPreference -ExclusionPath 'C:\\ProgramData\\porthole'`,
      ],
    ],
    [
      'Defender with the folder above excluded',
      { defender: { service: 'running', realTime: true, excludedPaths: ['c:/programdata/'] } },
      {},
      [],
    ],
    [
      'a published port that Windows keeps',
      { excludedPorts: [{ first: 8000, last: 8099, administered: false }] },
      {},
      [
        'fail port-exclusions: Windows keeps published ports for itself: 8080 of web => choose another host port, or move the ranges away: | net stop winnat; net start winnat | netsh int ipv4 show excludedportrange tcp',
      ],
    ],
    [
      'common ports that Windows keeps',
      { excludedPorts: [{ first: 2990, last: 3089, administered: false }] },
      {},
      [
        'warn port-exclusions: 1 range of ports kept by Windows, over 3000 => choose another host port, or move the ranges away: | net stop winnat; net start winnat | netsh int ipv4 show excludedportrange tcp',
      ],
    ],
    [
      'a VPN over a network',
      {
        routes: [
          ...goodWindows.routes!,
          { destination: '172.16.0.0/12', gateway: '10.8.0.1', interfaceIndex: 20, metric: 1 },
        ],
      },
      {},
      [
        'fail subnets: network nat overlaps the route 172.16.0.0/12 by 10.8.0.1 => porthole network rm NAME; porthole network create --subnet PREFIX NAME   (a prefix that no VPN uses)',
      ],
    ],
    [
      'a VPN over all of which networks come from',
      {
        addresses: [{ interface: 'Ethernet', cidr: '192.168.1.5/24', internal: false }],
        routes: [{ destination: '172.16.0.0/12', gateway: '10.8.0.1', interfaceIndex: 20, metric: 1 }],
      },
      { networks: [] },
      [
        'warn subnets: the route 172.16.0.0/12 by 10.8.0.1 (a VPN?) covers 172.16.0.0/12, which nat networks come from => porthole network create --subnet PREFIX NAME   (a prefix outside of that route)',
      ],
    ],
    [
      'an adapter inside a network',
      {},
      { networks: [{ name: 'lab', subnets: ['192.168.0.0/16'] }] },
      [
        'fail subnets: network lab overlaps 192.168.1.5/24 of Ethernet => porthole network rm NAME; porthole network create --subnet PREFIX NAME   (a prefix that no VPN uses)',
      ],
    ],
  ];
  for (const [name, host, store, expected] of cases) {
    it(`tell ${name}`, () => expect(problems(host, store)).to.deep.equal(expected));
  }

  it('say what could not be read instead of guessing', () => {
    const skipped = look({
      routes: undefined,
      excludedPorts: undefined,
      defender: { service: 'running', realTime: undefined, excludedPaths: undefined },
      features: { containers: 'unknown', hyperV: 'unknown' },
      unread: { routes: 'GetIpForwardTable2: 5' },
    }).filter(({ status }) => status === 'skip');
    expect(skipped.map(({ id, fact }) => `${id}: ${fact}`)).to.deep.equal([
      'containers-feature: Windows does not say whether the Containers feature is enabled',
      'hyperv-feature: Windows does not say whether Hyper-V is enabled',
      'virtualization: matters for Hyper-V isolation only',
      'defender: Microsoft Defender runs; only administrators may see what it leaves out',
      'port-exclusions: the excluded port ranges cannot be read',
      'subnets: the routes of this host cannot be read',
      'facts: could not be read: routes (GetIpForwardTable2: 5)',
    ]);
  });
});

describe('doctor checks of the store', () => {
  it('tell damaged containers and leftovers', () => {
    expect(checkStore(goodStore).map(({ status }) => status)).to.deep.equal(['pass', 'pass']);
    expect(checkStore({ ...goodStore, damaged: ['ab'.repeat(32)], leftovers: 2 })).to.deep.equal([
      {
        id: 'containers',
        status: 'fail',
        fact: 'a container is damaged',
        fix: ['porthole rm -f abababababab'],
      },
      {
        id: 'leftovers',
        status: 'warn',
        fact: '2 trees were left by interrupted commands',
        fix: ['porthole doctor --fix deletes them'],
        repair: { kind: 'sweep-store' },
      },
    ]);
    const unneeded = { layers: ['ab'.repeat(32)], blobs: 0, bytes: 1_500_000 };
    expect(checkStore({ ...goodStore, unneeded })[1]?.fact).to.equal(
      '1.5MB of layers and blobs that no image needs were left by interrupted commands',
    );
    expect(checkStore({ ...goodStore, unneeded, leftovers: 1 })[1]?.fact).to.equal(
      '1 tree, 1.5MB of layers and blobs that no image needs were left by interrupted commands',
    );
  });
});

/** What a Windows host needs for containers (users.md 1 and 5; hcs.md 8; networking.md 3.5 and 8). */
import { contains, overlaps, parsePrefix } from '../hns/address.ts';
import type { Prefix } from '../hns/address.ts';
import { parseOsVersion, releaseName } from '../hcs/os-version.ts';
import type { PortRange, WindowsHostFacts } from '../host/ports/host-facts.ts';
import { diskSpace, pass, problem, runChecks, skip } from './check.ts';
import type { Check, CheckResult } from './check.ts';
import type { StoreFacts } from './store-checks.ts';

/** Networks and ports of the store say what matters to whom. */
export interface WindowsScene {
  readonly host: WindowsHostFacts;
  readonly store: StoreFacts;
}

type WindowsCheck = Check<WindowsScene>;

export function checkWindows(scene: WindowsScene): CheckResult[] {
  return runChecks(windowsChecks, scene);
}

const elevated = 'in a terminal started with "Run as administrator":';
const enable = (feature: string): string[] => [
  elevated,
  `Enable-WindowsOptionalFeature -Online -FeatureName ${feature} -All`,
  'Restart-Computer',
];

/** Oldest build with process isolation for images that are not of exactly the same revision. */
const firstBuild = 14393;
const clientProcessBuild = 17763;

const build: WindowsCheck = ({ host: { version, product } }) => {
  const text = `${version.major}.${version.minor}.${version.build}.${version.revision}`;
  const name = product.name === '' ? releaseName(parseOsVersion(text)!) : product.name;
  const shown = `${name}${product.displayVersion === '' ? '' : ` ${product.displayVersion}`}, ${text}`;
  if (version.build < firstBuild) {
    return problem('fail', 'build', `${shown}: containers came with build 14393`, [
      'use Windows 10 1809, Windows Server 2016 or newer',
    ]);
  }
  if (version.revision === 0) {
    return problem('warn', 'build', `${shown}: the revision cannot be read, so images may be misjudged`, [
      'reg query "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion" /v UBR',
    ]);
  }
  return pass('build', shown);
};

const edition: WindowsCheck = ({ host: { product, version } }) => {
  const id = 'edition';
  if (product.edition === '') return skip(id, 'the edition cannot be read');
  if (!product.server && /^Core/.test(product.edition)) {
    return problem('fail', id, `${product.edition} (Home) has neither containers nor Hyper-V`, [
      'upgrade to Windows Pro: Settings, System, Activation',
    ]);
  }
  if (!product.server && version.build < clientProcessBuild) {
    return problem('warn', id, `${product.edition}: clients before 1809 have Hyper-V isolation only`, [
      'update to Windows 10 1809 or newer',
    ]);
  }
  return pass(id, `${product.edition}, ${product.server ? 'a server' : 'a client'}`);
};

const containers: WindowsCheck = ({ host: { features, product } }) => {
  const id = 'containers-feature';
  switch (features.containers) {
    case 'enabled':
      return pass(id, 'the services of the Containers feature are installed');
    case 'unknown':
      return skip(id, 'Windows does not say whether the Containers feature is enabled');
    case 'absent':
      return problem('fail', id, 'this edition of Windows has no Containers feature', [
        'upgrade to Windows Pro or Server',
      ]);
    case 'disabled':
      return problem(
        'fail',
        id,
        'the Containers feature is not enabled',
        product.server
          ? [elevated, 'Install-WindowsFeature -Name Containers -Restart']
          : enable('Containers'),
      );
  }
};

const hyperV: WindowsCheck = ({ host: { features, product } }) => {
  const id = 'hyperv-feature';
  switch (features.hyperV) {
    case 'enabled':
      return pass(id, "Hyper-V's management service is installed");
    case 'unknown':
      return skip(id, 'Windows does not say whether Hyper-V is enabled');
    case 'absent':
      return problem('warn', id, 'this edition of Windows has no Hyper-V: no --isolation=hyperv', []);
    case 'disabled':
      return problem(
        'warn',
        id,
        'Hyper-V is not enabled: no --isolation=hyperv, so only images of a fitting build run',
        product.server
          ? [elevated, 'Install-WindowsFeature -Name Hyper-V -IncludeManagementTools -Restart']
          : enable('Microsoft-Hyper-V'),
      );
  }
};

const virtualization: WindowsCheck = ({ host: { virtualization: found, features } }) => {
  const id = 'virtualization';
  const { firmware, hypervisor, guest, machine } = found;
  if (features.hyperV !== 'enabled') return skip(id, 'matters for Hyper-V isolation only');
  const where = machine === undefined ? '' : ` (${machine})`;
  if (hypervisor === true && guest !== true) return pass(id, `the hypervisor runs${where}`);
  if (guest === true && firmware !== true) {
    return problem('warn', id, `this is a virtual machine${where} without nested virtualization`, [
      'on its Hyper-V host, with the machine off: Set-VMProcessor NAME -ExposeVirtualizationExtensions $true',
      'in a cloud: choose a size with nested virtualization',
    ]);
  }
  if (firmware === false) {
    return problem('warn', id, `virtualization is switched off in the firmware${where}`, [
      'switch VT-x or AMD-V (SVM) on in the firmware setup',
    ]);
  }
  if (firmware === true) {
    return guest === true
      ? pass(id, `nested virtualization is on${where}`)
      : problem('warn', id, 'the processor can, but the hypervisor does not run', [
          elevated,
          'bcdedit /set hypervisorlaunchtype auto',
          'Restart-Computer',
        ]);
  }
  return skip(id, `cannot be told${where}`);
};

const services: WindowsCheck = ({ host: { services: found, features, elevated: isElevated } }) => {
  const results: CheckResult[] = [];
  for (const name of ['vmcompute', 'hns'] as const) {
    const id = `service-${name}`;
    const { state, start } = found[name];
    const what = name === 'vmcompute' ? 'Hyper-V Host Compute Service' : 'Host Network Service';
    if (state === 'running' || state === 'starting') results.push(pass(id, `${what} runs`));
    else if (state === 'unknown') results.push(skip(id, `${what}: its state cannot be read`));
    else if (state === 'absent') {
      results.push(
        features.containers === 'disabled' || features.containers === 'absent'
          ? skip(id, 'comes with the Containers feature')
          : problem('fail', id, `${what} is not installed`, enable('Containers')),
      );
    } else if (start === 'disabled') {
      results.push(
        problem('fail', id, `${what} is disabled`, [
          elevated,
          `Set-Service ${name} -StartupType Manual; Start-Service ${name}`,
        ]),
      );
    } else {
      // Both start on demand; stopped is how they are found after a restart.
      results.push(
        problem(
          name === 'hns' ? 'warn' : 'fail',
          id,
          `${what} is ${state}`,
          [elevated, `Start-Service ${name}`],
          isElevated ? { kind: 'start-service', service: name } : undefined,
        ),
      );
    }
  }
  return results;
};

const winnat: WindowsCheck = ({ host: { services: found } }) => {
  const { state, start } = found.winnat;
  if (state === 'running' || state === 'starting') return pass('service-winnat', 'Windows NAT runs');
  if (state === 'unknown' || state === 'absent')
    return skip('service-winnat', `Windows NAT: ${state === 'absent' ? 'not installed' : 'state unknown'}`);
  return start === 'disabled'
    ? problem('warn', 'service-winnat', 'Windows NAT is disabled: nat networks do not work', [
        elevated,
        'sc.exe config winnat start= demand',
      ])
    : pass('service-winnat', `Windows NAT is ${state}: HNS starts it with the first nat network`);
};

const sharedAccess: WindowsCheck = ({ host: { services: found, product } }) => {
  if (product.server) return [];
  return found.SharedAccess.start === 'disabled'
    ? problem('warn', 'service-sharedaccess', 'Internet Connection Sharing is disabled: no default switch', [
        elevated,
        'Set-Service SharedAccess -StartupType Manual',
      ])
    : [];
};

const libraries: WindowsCheck = ({ host: { libraries: found, layerDriver, features, version } }) => {
  const id = 'libraries';
  if (features.containers === 'disabled' || features.containers === 'absent')
    return skip(id, 'come with the Containers feature');
  const missing = Object.entries(found).filter(([, there]) => !there);
  const needed = missing.filter(
    ([name]) => name === 'vmcompute.dll' || name === 'virtdisk.dll' || version.build >= 17763,
  );
  if (needed.length > 0) {
    return problem('fail', id, `missing in System32: ${needed.map(([name]) => name).join(', ')}`, [
      elevated,
      'sfc /scannow',
    ]);
  }
  const { used, asked, isComplete } = layerDriver;
  const variable = 'PORTHOLE_LAYER_DRIVER';
  if (used === undefined)
    return problem('fail', id, `${variable} is ${asked}, which is no layer driver`, [
      `Remove-Item Env:${variable}`,
    ]);
  if (!isComplete) {
    const fix = asked === undefined ? [elevated, 'sfc /scannow'] : [`Remove-Item Env:${variable}`];
    return problem('fail', id, `${used}.dll of this Windows lacks calls that layers need`, fix);
  }
  const layers = `layers by ${used}.dll${asked === undefined ? '' : `, as ${variable} says`}`;
  return pass(
    id,
    missing.length === 0
      ? `all DLLs of containers are there; ${layers}`
      : `without ${missing.map(([name]) => name).join(', ')}, as usual for this build; ${layers}`,
  );
};

const elevation: WindowsCheck = ({ host: { elevated: isElevated, missingPrivileges } }) => {
  const id = 'elevation';
  if (!isElevated) {
    return problem(
      'warn',
      id,
      'not elevated: images, lint, explain and builds that only copy work; containers, networks and RUN do not',
      ['start the terminal with "Run as administrator"'],
    );
  }
  return missingPrivileges.length === 0
    ? pass(id, 'elevated, with backup and restore privileges')
    : problem(
        'fail',
        id,
        `elevated, but without ${missingPrivileges.join(', ')}: layers cannot be unpacked`,
        ['secpol.msc, Local Policies, User Rights Assignment: give them to Administrators'],
      );
};

const restart: WindowsCheck = ({ host: { pendingRestart } }) =>
  pendingRestart.length === 0
    ? pass('restart', 'no restart is pending')
    : problem('warn', 'restart', `a restart is pending (${pendingRestart.join(', ')})`, ['Restart-Computer']);

const fileSystem: WindowsCheck = ({ host: { dataRoot } }) => {
  const id = 'file-system';
  if (dataRoot.fileSystem === undefined)
    return skip(id, `the file system of ${dataRoot.path} cannot be told`);
  return dataRoot.fileSystem === 'NTFS'
    ? pass(id, `${dataRoot.path} is on NTFS`)
    : problem('fail', id, `${dataRoot.path} is on ${dataRoot.fileSystem}: layers need NTFS`, [
        'use a folder of an NTFS drive: --data-root FOLDER, PORTHOLE_DATA_ROOT=FOLDER',
      ]);
};

const space: WindowsCheck = ({ host: { dataRoot } }) =>
  diskSpace(dataRoot.path, dataRoot.freeBytes, dataRoot.totalBytes);

const defender: WindowsCheck = ({ host: { defender: found, dataRoot } }) => {
  const id = 'defender';
  if (found === undefined) return pass(id, 'Microsoft Defender is not installed');
  if (found.service !== 'running' || found.realTime === false)
    return pass(id, 'Microsoft Defender does not scan in real time');
  const fix = [elevated, `Add-MpPreference -ExclusionPath '${dataRoot.path.replaceAll("'", "''")}'`];
  if (found.excludedPaths === undefined) {
    const fact = 'Microsoft Defender runs; only administrators may see what it leaves out';
    return { ...skip(id, fact), fix };
  }
  const inside = found.excludedPaths.some((path) => isWithin(dataRoot.path, path));
  return inside
    ? pass(id, `Microsoft Defender leaves ${dataRoot.path} out`)
    : problem('warn', id, `Microsoft Defender scans ${dataRoot.path}: unpacking is slower and may fail`, fix);
};

function isWithin(path: string, folder: string): boolean {
  const plain = (text: string): string => text.replaceAll('/', '\\').replace(/\\+$/, '').toLowerCase();
  return `${plain(path)}\\`.startsWith(`${plain(folder)}\\`);
}

/** Ports that people publish; a range of Windows over one of them is worth a warning. */
const commonPorts = [80, 443, 1433, 3000, 3306, 5000, 5432, 8000, 8080, 8443, 9000];

const ports: WindowsCheck = ({ host: { excludedPorts }, store }) => {
  const id = 'port-exclusions';
  if (excludedPorts === undefined) return skip(id, 'the excluded port ranges cannot be read');
  const taken = excludedPorts.filter(({ administered }) => !administered);
  const inside = (port: number): PortRange | undefined =>
    taken.find(({ first, last }) => port >= first && port <= last);
  const fix = [
    'choose another host port, or move the ranges away:',
    'net stop winnat; net start winnat',
    'netsh int ipv4 show excludedportrange tcp',
  ];
  const own = store.publishedPorts.filter(({ protocol, port }) => protocol === 'tcp' && inside(port));
  if (own.length > 0) {
    const list = own.map(({ port, container }) => `${port} of ${container}`).join(', ');
    return problem('fail', id, `Windows keeps published ports for itself: ${list}`, fix);
  }
  const common = commonPorts.filter(inside);
  const count = `${taken.length} ${taken.length === 1 ? 'range' : 'ranges'} of ports kept by Windows`;
  return common.length === 0
    ? pass(id, `${count}, none over common ports`)
    : problem('warn', id, `${count}, over ${common.join(', ')}`, fix);
};

/** From here HNS takes the subnets of nat networks. */
const natPool = parsePrefix('172.16.0.0/12')!;

const subnets: WindowsCheck = ({ host: { addresses, routes }, store }) => {
  const id = 'subnets';
  if (routes === undefined) return skip(id, 'the routes of this host cannot be read');
  const virtual = (name: string): boolean => /^vEthernet/i.test(name);
  const own = prefixes(addresses.filter((one) => virtual(one.interface)).map(({ cidr }) => cidr));
  const outside = addresses.filter((one) => !virtual(one.interface) && !one.internal);
  const gateways = new Set(own.map(({ address }) => address));
  const foreign = routes.filter(({ destination, gateway }) => {
    const prefix = parsePrefix(destination);
    if (prefix === undefined || prefix.length === 0 || prefix.length === 32) return false;
    if (prefix.address >= 0xe0000000 || prefix.address >>> 24 === 127) return false;
    const via = parsePrefix(`${gateway}/32`)?.address;
    if (via !== undefined && gateways.has(via)) return false;
    return !own.some((one) => one.length <= prefix.length && contains(one, prefix.address));
  });
  const clashes = store.networks.flatMap(({ name, subnets: list }) =>
    prefixes(list).flatMap((subnet) => {
      const route = foreign.find(({ destination }) => overlaps(parsePrefix(destination)!, subnet));
      const adapter = outside.find(({ cidr }) => {
        const prefix = parsePrefix(cidr);
        return prefix !== undefined && overlaps(prefix, subnet);
      });
      const with_ =
        adapter === undefined
          ? route && `the route ${route.destination} by ${route.gateway}`
          : `${adapter.cidr} of ${adapter.interface}`;
      return with_ === undefined ? [] : [`network ${name} overlaps ${with_}`];
    }),
  );
  if (clashes.length > 0) {
    return problem('fail', id, clashes.join('; '), [
      'porthole network rm NAME; porthole network create --subnet PREFIX NAME   (a prefix that no VPN uses)',
    ]);
  }
  const pool = foreign.find(({ destination }) => {
    const prefix = parsePrefix(destination)!;
    return prefix.length <= natPool.length && overlaps(prefix, natPool);
  });
  return pool === undefined
    ? pass(id, 'no route or adapter overlaps the networks of containers')
    : problem(
        'warn',
        id,
        `the route ${pool.destination} by ${pool.gateway} (a VPN?) covers 172.16.0.0/12, which nat networks come from`,
        ['porthole network create --subnet PREFIX NAME   (a prefix outside of that route)'],
      );
};

function prefixes(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).filter((prefix) => prefix !== undefined);
}

const unread: WindowsCheck = ({ host }) => {
  const names = Object.keys(host.unread);
  return names.length === 0
    ? []
    : skip(
        'facts',
        `could not be read: ${names.map((name) => `${name} (${host.unread[name]!})`).join('; ')}`,
      );
};

const windowsChecks: readonly WindowsCheck[] = [
  build,
  edition,
  containers,
  hyperV,
  virtualization,
  services,
  winnat,
  sharedAccess,
  libraries,
  elevation,
  restart,
  fileSystem,
  space,
  defender,
  ports,
  subnets,
  unread,
];

/** What Windows says about itself (src/host/ports/host-facts.ts). Every question stands alone: one that fails costs its answer. */
import { existsSync } from 'node:fs';
import { availableParallelism, networkInterfaces, totalmem } from 'node:os';
import { win32 } from 'node:path';
import type { Environment } from '../../environment.ts';
import { asError } from '../../errors/porthole-error.ts';
import type {
  DefenderFact,
  FeatureState,
  HostAddress,
  HostFactsPort,
  LayerDriverFact,
  ServiceFact,
  ServiceState,
  WindowsHostFacts,
  WindowsLibraryName,
  WindowsProduct,
  WindowsServiceName,
  WindowsVersion,
} from '../ports/host-facts.ts';
import * as advapi32 from './ffi/advapi32.ts';
import * as kernel32 from './ffi/kernel32.ts';
import { libraryPath } from './ffi/library.ts';
import { version as systemVersion } from './ffi/ntdll.ts';
import { routes } from './ffi/iphlpapi.ts';
import { startService } from './start-service.ts';
import { chooseLayerDriver, layerDriverVariable, layerDriversHere } from './layer-drivers.ts';
import { excludedPorts } from './excluded-ports.ts';
import { layerPrivileges } from './privileges.ts';

const currentVersion = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const services = 'SYSTEM\\CurrentControlSet\\Services';
const serviceNames: readonly WindowsServiceName[] = [
  'vmcompute',
  'hns',
  'winnat',
  'vmms',
  'wcifs',
  'SharedAccess',
];
const libraryNames: readonly WindowsLibraryName[] = [
  'vmcompute.dll',
  'computecore.dll',
  'computenetwork.dll',
  'virtdisk.dll',
];

export function openFacts(environment: Environment): HostFactsPort {
  return { read: () => readFacts(environment), startService: (name) => startService(environment, name) };
}

/** Version with the revision, without which images and hosts cannot be compared (hcs.md 7). */
export function readVersion(): WindowsVersion {
  return { ...systemVersion(), revision: number(currentVersion, 'UBR') ?? 0 };
}

export function readProduct(): WindowsProduct {
  const installation = text(currentVersion, 'InstallationType');
  return {
    name: text(currentVersion, 'ProductName'),
    edition: text(currentVersion, 'EditionID'),
    installation,
    displayVersion: text(currentVersion, 'DisplayVersion') || text(currentVersion, 'ReleaseId'),
    server: installation !== '' && installation !== 'Client',
  };
}

async function readFacts(environment: Environment): Promise<WindowsHostFacts> {
  const unread: Record<string, string> = {};
  /** The answer, or `otherwise` with the reason written down. */
  const ask = async <T>(name: string, otherwise: T, question: () => T | Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      unread[name] = asError(error).message;
      return otherwise;
    }
  };
  const found = await ask('services', undefined, readServices);
  const unknownService: ServiceFact = { state: 'unknown', start: undefined };
  const serviceFacts =
    found ??
    (Object.fromEntries(serviceNames.map((name) => [name, unknownService])) as Record<
      WindowsServiceName,
      ServiceFact
    >);
  const product = await ask('product', noProduct, readProduct);
  return {
    platform: 'win32',
    arch: environment.arch,
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    version: await ask('version', { major: 10, minor: 0, build: 0, revision: 0 }, readVersion),
    product,
    elevated: await ask('elevated', false, advapi32.isElevated),
    missingPrivileges: await ask('missingPrivileges', [], missingPrivileges),
    features: featuresOf(serviceFacts, product),
    virtualization: await ask(
      'virtualization',
      { firmware: undefined, hypervisor: undefined, guest: undefined, machine: undefined },
      readVirtualization,
    ),
    services: serviceFacts,
    libraries: librariesOf(environment),
    layerDriver: layerDriverOf(environment),
    pendingRestart: await ask('pendingRestart', [], pendingRestart),
    dataRoot: await ask(
      'dataRoot',
      {
        path: environment.dataRoot,
        fileSystem: undefined,
        freeBytes: undefined,
        totalBytes: undefined,
      },
      () => volumeOf(environment.dataRoot),
    ),
    defender: await ask('defender', undefined, readDefender),
    excludedPorts: await ask('excludedPorts', undefined, () => excludedPorts(environment)),
    addresses: await ask('addresses', [], addresses),
    routes: await ask('routes', undefined, routes),
    longPaths: await ask('longPaths', undefined, () => {
      const value = number('SYSTEM\\CurrentControlSet\\Control\\FileSystem', 'LongPathsEnabled');
      return value === undefined ? undefined : value !== 0;
    }),
    unread,
  };
}

const noProduct: WindowsProduct = {
  name: '',
  edition: '',
  installation: '',
  displayVersion: '',
  server: false,
};

function text(path: string, name: string): string {
  const { value } = advapi32.registryValue(path, name);
  return typeof value === 'string' ? value : '';
}

function number(path: string, name: string): number | undefined {
  const { value } = advapi32.registryValue(path, name);
  return typeof value === 'number' ? value : undefined;
}

function missingPrivileges(): string[] {
  const held = advapi32.heldPrivileges(layerPrivileges);
  return layerPrivileges.filter((name) => !held.includes(name));
}

const states: Readonly<Record<number, ServiceState>> = {
  1: 'stopped',
  2: 'starting',
  3: 'stopping',
  4: 'running',
  5: 'starting',
  6: 'stopping',
  7: 'paused',
};
const starts = ['boot', 'system', 'auto', 'manual', 'disabled'] as const;

async function readServices(): Promise<Record<WindowsServiceName, ServiceFact>> {
  const facts: Partial<Record<WindowsServiceName, ServiceFact>> = {};
  for (const name of serviceNames) facts[name] = await readService(name);
  return facts as Record<WindowsServiceName, ServiceFact>;
}

/** Whether it exists is the registry's word: the service manager's own reason is lost (advapi32.ts). */
async function readService(name: string): Promise<ServiceFact> {
  const key = `${services}\\${name}`;
  if (!advapi32.registryKeyExists(key)) return { state: 'absent', start: undefined };
  const state = await advapi32.serviceState(name);
  const start = number(key, 'Start');
  return {
    state: state === undefined ? 'unknown' : (states[state] ?? 'unknown'),
    start: start === undefined ? undefined : starts[start],
  };
}

/**
 * By the services that the features bring, which anybody may see and which are what the engine calls. Windows' own list of
 * features (DISM, Win32_OptionalFeature) only administrators may ask, and asking takes seconds. Where Hyper-V brought HCS and
 * HNS alone, this says enabled too. Home editions have neither feature.
 */
function featuresOf(
  facts: Readonly<Record<WindowsServiceName, ServiceFact>>,
  product: WindowsProduct,
): { containers: FeatureState; hyperV: FeatureState } {
  const isHome = /^Core/.test(product.edition) && !product.server;
  const off: FeatureState = isHome ? 'absent' : 'disabled';
  const has = (name: WindowsServiceName): boolean => facts[name].state !== 'absent';
  return {
    containers: has('vmcompute') && has('hns') ? 'enabled' : off,
    hyperV: has('vmms') ? 'enabled' : off,
  };
}

function readVirtualization(): WindowsHostFacts['virtualization'] {
  const bios = 'HARDWARE\\DESCRIPTION\\System\\BIOS';
  const machine = [text(bios, 'SystemManufacturer'), text(bios, 'SystemProductName')]
    .filter((part) => part !== '')
    .join(' ');
  const guestOfHyperV = advapi32.registryKeyExists('SOFTWARE\\Microsoft\\Virtual Machine\\Guest\\Parameters');
  const guest = guestOfHyperV || /virtual machine|vmware|virtualbox|kvm|qemu|xen|bochs/i.test(machine);
  // Running below its own Hyper-V, Windows starts this driver at boot; a guest has a hypervisor in any case.
  const ownHypervisor = number(`${services}\\hvservice`, 'Start') === 0;
  return {
    firmware: kernel32.hasFirmwareVirtualization() || undefined,
    hypervisor: guest || ownHypervisor || undefined,
    guest: machine === '' && !guestOfHyperV ? undefined : guest,
    machine: machine === '' ? undefined : machine,
  };
}

function librariesOf({ env }: Environment): Record<WindowsLibraryName, boolean> {
  return Object.fromEntries(libraryNames.map((name) => [name, existsSync(libraryPath(name, env))])) as Record<
    WindowsLibraryName,
    boolean
  >;
}

function layerDriverOf({ env }: Environment): LayerDriverFact {
  const asked = env[layerDriverVariable] || undefined;
  try {
    const used = chooseLayerDriver(asked, layerDriversHere);
    return { asked, used, isComplete: layerDriversHere[used]() };
  } catch {
    return { asked, used: undefined, isComplete: false };
  }
}

function pendingRestart(): string[] {
  const manager = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager';
  const servicing = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending';
  const update = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired';
  const renames = advapi32.registryValue(manager, 'PendingFileRenameOperations').value;
  return [
    ...(advapi32.registryKeyExists(servicing) ? ['servicing'] : []),
    ...(Array.isArray(renames) && renames.length > 0 ? ['file renames'] : []),
    ...(advapi32.registryKeyExists(update) ? ['update'] : []),
  ];
}

async function volumeOf(dataRoot: string): Promise<WindowsHostFacts['dataRoot']> {
  let folder = dataRoot;
  while (!existsSync(folder) && win32.dirname(folder) !== folder) folder = win32.dirname(folder);
  return { path: dataRoot, ...(await kernel32.volumeOf(folder)) };
}

async function readDefender(): Promise<DefenderFact | undefined> {
  const { state } = await readService('WinDefend');
  if (state === 'absent') return undefined;
  const defender = 'SOFTWARE\\Microsoft\\Windows Defender';
  const off = number(`${defender}\\Real-Time Protection`, 'DisableRealtimeMonitoring');
  const excluded = advapi32.registryValueNames(`${defender}\\Exclusions\\Paths`);
  return {
    service: state,
    realTime: off === undefined ? undefined : off === 0,
    excludedPaths: excluded.denied ? undefined : (excluded.value ?? []),
  };
}

function addresses(): HostAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).flatMap(({ cidr, internal }) =>
      cidr === null ? [] : [{ interface: name, cidr, internal }],
    ),
  );
}

/** Registry values of one container (linux-backend.md 7; hcs.md 3.2 RegistryChanges) and what never counts as a change. Pure. */
import type { RegistryValue } from '../../hcs/documents.ts';
import type { RegistryDelta } from './registry-delta.ts';
import {
  bytesValue,
  dwordValue,
  escapeKey,
  escapeName,
  expandedStringValue,
  multiStringValue,
  stringValue,
} from './registry-text.ts';

export interface ContainerIdentity {
  /** `10.0.20348.2227`. */
  readonly osVersion: string;
  readonly changes: readonly RegistryValue[];
}

const currentVersion = 'Software\\Microsoft\\Windows NT\\CurrentVersion';

export function containerDelta(identity: ContainerIdentity): RegistryDelta {
  const keys = new Map<string, Map<string, string | null>>();
  const put = (key: string, name: string, value: string): void => {
    const values = keys.get(escapeKey(key)) ?? new Map<string, string | null>();
    keys.set(escapeKey(key), values.set(escapeName(name), value));
  };
  const [major = '10', minor = '0', build = '20348', revision = '0'] = identity.osVersion.split('.');
  // Windows stores 6.3 as CurrentVersion; Wine derives the version from it (linux-backend.md 7).
  put(currentVersion, 'CurrentVersion', stringValue(`${major}.${minor}`));
  put(currentVersion, 'CurrentBuild', stringValue(build));
  put(currentVersion, 'CurrentBuildNumber', stringValue(build));
  put(currentVersion, 'CurrentMajorVersionNumber', dwordValue(Number(major)));
  put(currentVersion, 'CurrentMinorVersionNumber', dwordValue(Number(minor)));
  put(currentVersion, 'UBR', dwordValue(Number(revision)));
  put(currentVersion, 'CSDVersion', stringValue(''));
  put(currentVersion, 'ProductName', stringValue(productName(Number(build))));
  put(currentVersion, 'InstallationType', stringValue('Server Core'));
  put(currentVersion, 'EditionID', stringValue('ServerDatacenter'));
  put('System\\CurrentControlSet\\Control\\ProductOptions', 'ProductType', stringValue('ServerNT'));
  for (const change of identity.changes)
    put(hiveKey(change.Key.Hive, change.Key.Name), change.Name, valueText(change));
  return { deleted: [], keys };
}

function productName(build: number): string {
  if (build >= 26100) return 'Windows Server 2025 Datacenter';
  if (build >= 20348) return 'Windows Server 2022 Datacenter';
  if (build >= 17763) return 'Windows Server 2019 Datacenter';
  return 'Windows Server 2016 Datacenter';
}

/** Wine has no numbered control sets: ControlSet001 is CurrentControlSet. */
function hiveKey(hive: RegistryValue['Key']['Hive'], name: string): string {
  const root = { System: 'System', Software: 'Software', Security: 'Security', Sam: 'SAM' }[hive];
  return `${root}\\${hive === 'System' ? name.replace(/^ControlSet\d+(?=\\|$)/i, 'CurrentControlSet') : name}`;
}

/** Throws a TypeError when the member that the type asks for is missing: the document is bad. */
function valueText(change: RegistryValue): string {
  switch (change.Type) {
    case 'String':
      return stringValue(need(change.StringValue, change));
    case 'ExpandedString':
      return expandedStringValue(need(change.StringValue, change));
    case 'MultiString':
      return multiStringValue(
        need(change.StringValue, change)
          .split('\0')
          .filter((text) => text !== ''),
      );
    case 'Binary':
      return bytesValue(3, Buffer.from(need(change.BinaryValue, change), 'base64'));
    case 'DWord':
      return dwordValue(need(change.DWordValue, change));
    case 'QWord': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(need(change.QWordValue, change)));
      return bytesValue(11, bytes);
    }
    case 'None':
      return bytesValue(0, Buffer.from(change.BinaryValue ?? '', 'base64'));
    case 'CustomType':
      throw new TypeError(
        `registry value ${change.Name}: CustomType needs a type number, which the document cannot carry`,
      );
  }
}

function need<T>(value: T | undefined, change: RegistryValue): T {
  if (value === undefined)
    throw new TypeError(`registry value ${change.Name}: no value for type ${change.Type}`);
  return value;
}

/** Folded keys that Wine itself rewrites at every boot (linux-backend.md 13). */
const volatileKeys = [
  'hardware',
  'system\\\\currentcontrolset\\\\control\\\\computername',
  'system\\\\currentcontrolset\\\\control\\\\deviceclasses',
  'system\\\\currentcontrolset\\\\enum',
  'software\\\\wine\\\\fonts',
  'volatile environment',
  'software\\\\microsoft\\\\windows\\\\currentversion\\\\explorer\\\\shell folders',
];

const environmentKey = 'system\\\\currentcontrolset\\\\control\\\\session manager\\\\environment';
const volatileVariables = /^"(?:number_of_processors|processor_[a-z0-9]+)"$/;

const tcpipKey = 'system\\\\currentcontrolset\\\\services\\\\tcpip\\\\parameters';
const volatileNames = /^"(?:hostname|domain)"$/;

/** Made empty whenever a program uses TLS; certificates are keys below them. */
const certificateFolders =
  /^software\\\\microsoft\\\\systemcertificates\\\\[^\\]+\\\\(?:certificates|crls|ctls)$/;

function isVolatile(key: string): boolean {
  if (certificateFolders.test(key)) return true;
  return volatileKeys.some((prefix) => key === prefix || key.startsWith(`${prefix}\\\\`));
}

export function isVolatileSystem(key: string, name: string | undefined): boolean {
  if (isVolatile(key)) return true;
  if (name === undefined) return false;
  return (
    (key === environmentKey && volatileVariables.test(name)) || (key === tcpipKey && volatileNames.test(name))
  );
}

export function isVolatileUser(key: string, _name: string | undefined): boolean {
  return isVolatile(key);
}

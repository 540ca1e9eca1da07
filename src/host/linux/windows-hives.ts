/**
 * What the registry of Microsoft's own layers tells containers: the Windows version, and the environment that installers
 * wrote (linux-backend.md 13). A base layer has whole hives, the layers above have deltas of the same format.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordName, type ScratchRecord } from '../layer-folders.ts';
import type { RegistryDelta } from './registry-delta.ts';
import { escapeKey, escapeName, expandedStringValue, stringValue } from './registry-text.ts';
import { readRegfValues, regfNumber, regfText, type RegfValue } from './regf.ts';

/** Where the layers do not tell: the newest server release with long-term support. */
export const defaultOsVersion = '10.0.26100.1742';

const currentVersion = 'Microsoft\\Windows NT\\CurrentVersion';
const environment = 'Control\\Session Manager\\Environment';

/** Variables of the base that describe its own machine or that Wine keeps itself. */
const notTaken = /^(?:USERNAME|NUMBER_OF_PROCESSORS|PROCESSOR_.*|OS|ComSpec|windir|DriverData)$/i;

/** Version of the topmost layer whose registry names one, undefined when none does; `layers` topmost first. */
export function layersOsVersion(layers: readonly string[]): string | undefined {
  const found = new Map<string, RegfValue>();
  for (const layer of layers) {
    const hive = softwareHive(layer);
    const values = hive === undefined ? undefined : readRegfValues(hive, currentVersion);
    for (const [name, value] of values ?? [])
      if (!found.has(name.toUpperCase())) found.set(name.toUpperCase(), value);
  }
  const build = regfText(found.get('CURRENTBUILDNUMBER'));
  if (build === undefined || !/^\d+$/.test(build)) return undefined;
  const major = regfNumber(found.get('CURRENTMAJORVERSIONNUMBER')) ?? 10;
  const minor = regfNumber(found.get('CURRENTMINORVERSIONNUMBER')) ?? 0;
  return `${major}.${minor}.${build}.${regfNumber(found.get('UBR')) ?? 0}`;
}

/** What the image says of itself, recorded when the scratch was made. */
export function scratchOsVersion(scratch: string): string | undefined {
  try {
    const { osVersion } = JSON.parse(
      readFileSync(join(scratch, recordName.scratch), 'utf8'),
    ) as ScratchRecord;
    return osVersion !== undefined && /^\d+(\.\d+){2,3}$/.test(osVersion) ? osVersion : undefined;
  } catch {
    return undefined;
  }
}

/** Only layers of Windows itself are asked: they are the ones with a utility VM. */
function softwareHive(layer: string): Buffer | undefined {
  if (!existsSync(join(layer, 'UtilityVM'))) return undefined;
  return readFirst(
    join(layer, 'Hives', 'Software_Delta'),
    join(layer, 'Hives', 'Software_Base'),
    join(layer, 'Files', 'Windows', 'System32', 'config', 'SOFTWARE'),
  );
}

export function hasWindowsHive(layer: string): boolean {
  return systemHivePaths(layer).some((path) => existsSync(path));
}

/** System variables that the layer's own registry sets, as a delta of Wine's; undefined when there are none. */
export function windowsEnvironmentDelta(layer: string): RegistryDelta | undefined {
  const hive = readFirst(...systemHivePaths(layer));
  const values = hive === undefined ? undefined : readRegfValues(hive, `ControlSet001\\${environment}`);
  const texts = new Map<string, string>();
  for (const [name, value] of values ?? []) {
    const text = regfText(value);
    if (text === undefined || notTaken.test(name)) continue;
    texts.set(escapeName(name), value.type === 2 ? expandedStringValue(text) : stringValue(text));
  }
  if (texts.size === 0) return undefined;
  return { deleted: [], keys: new Map([[escapeKey(`System\\CurrentControlSet\\${environment}`), texts]]) };
}

function systemHivePaths(layer: string): string[] {
  return [
    join(layer, 'Hives', 'System_Delta'),
    join(layer, 'Hives', 'System_Base'),
    join(layer, 'Files', 'Windows', 'System32', 'config', 'SYSTEM'),
  ];
}

function readFirst(...paths: readonly string[]): Buffer | undefined {
  for (const path of paths) {
    try {
      return readFileSync(path);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Which Windows version the containers of an image report. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRegfValue, regfNumber, regfText } from './regf.ts';

/** Where the layers do not tell: the newest server release with long-term support. */
export const defaultOsVersion = '10.0.26100.1742';

const currentVersion = 'Microsoft\\Windows NT\\CurrentVersion';

/** As the base layer's own registry says (`Hives/Software_Base`); `layers` topmost first. */
export function layersOsVersion(layers: readonly string[]): string {
  const base = layers.at(-1);
  const hive = base === undefined ? undefined : readHive(join(base, 'Hives', 'Software_Base'));
  if (hive === undefined) return defaultOsVersion;
  const build = regfText(readRegfValue(hive, currentVersion, 'CurrentBuildNumber'));
  if (build === undefined || !/^\d+$/.test(build)) return defaultOsVersion;
  const major = regfNumber(readRegfValue(hive, currentVersion, 'CurrentMajorVersionNumber')) ?? 10;
  const minor = regfNumber(readRegfValue(hive, currentVersion, 'CurrentMinorVersionNumber')) ?? 0;
  const revision = regfNumber(readRegfValue(hive, currentVersion, 'UBR')) ?? 0;
  return `${major}.${minor}.${build}.${revision}`;
}

function readHive(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** What the template's registry changes in Wine's own (linux-backend.md 3 and 7). Pure. */
import type { RegistryDelta } from './registry-delta.ts';
import { dwordValue, escapeKey, escapeName, expandedStringValue, stringValue } from './registry-text.ts';

type Values = Record<string, string | null>;

export function delta(keys: Record<string, Values>, deleted: readonly string[] = []): RegistryDelta {
  return {
    deleted: deleted.map(escapeKey),
    keys: new Map(
      Object.entries(keys).map(([key, values]) => [
        escapeKey(key),
        new Map(Object.entries(values).map(([name, value]) => [escapeName(name), value])),
      ]),
    ),
  };
}

/** Services that cost start-up time and serve nothing here. MountMgr and nsiproxy are needed (linux-backend.md 3). */
const disabledServices = ['PlugPlay', 'Eventlog', 'NDIS', 'winebus'];
const disabled = 4;

export const templateSystemDelta: RegistryDelta = delta({
  // winedbg would write its crash report to the program's stdout.
  'Software\\Microsoft\\Windows NT\\CurrentVersion\\AeDebug': { Debugger: stringValue('false') },
  'Software\\Microsoft\\Windows\\CurrentVersion\\RunServices': { winemenubuilder: null },
  ...Object.fromEntries(
    disabledServices.map((name) => [
      `System\\CurrentControlSet\\Services\\${name}`,
      { Start: dwordValue(disabled) },
    ]),
  ),
  'System\\CurrentControlSet\\Control\\Session Manager\\Environment': {
    PATH: null,
    Path: expandedStringValue(
      '%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\Wbem;%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\',
    ),
    PATHEXT: stringValue('.COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC'),
    TEMP: expandedStringValue('%SystemRoot%\\TEMP'),
    TMP: expandedStringValue('%SystemRoot%\\TEMP'),
    winsysdir: null,
  },
});

/** `standIns`: names of programs of ours that Wine has a builtin of; ours are to be taken (linux-backend.md 11). */
export function templateUserDelta(standIns: readonly string[]): RegistryDelta {
  return delta({
    Environment: {
      TEMP: expandedStringValue('%USERPROFILE%\\AppData\\Local\\Temp'),
      TMP: expandedStringValue('%USERPROFILE%\\AppData\\Local\\Temp'),
    },
    'Software\\Wine\\DllOverrides': {
      // Absent, or Wine would ask to download Mono and Gecko.
      mscoree: stringValue(''),
      mshtml: stringValue(''),
      ...Object.fromEntries(standIns.map((name) => [name.toLowerCase(), stringValue('native')])),
    },
  });
}

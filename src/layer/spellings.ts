import { foldName } from './upcase.ts';

/**
 * Directories that every Windows has, in the spelling that Windows, the base images and the Wine template use. A layer that
 * names one of them otherwise (`windows/system32`) is stored in this spelling, because overlays compare names exactly.
 */
const wellKnown = [
  'Documents and Settings',
  'inetpub/wwwroot',
  'Program Files/Common Files',
  'Program Files/Internet Explorer',
  'Program Files/Windows Media Player',
  'Program Files/Windows NT',
  'Program Files (x86)/Common Files',
  'ProgramData/Microsoft/Windows/Start Menu/Programs',
  'Temp',
  'Users/ContainerAdministrator/AppData/Local/Temp',
  'Users/ContainerAdministrator/AppData/LocalLow',
  'Users/ContainerAdministrator/AppData/Roaming/Microsoft/Windows',
  'Users/ContainerUser/AppData/Local/Temp',
  'Users/ContainerUser/AppData/LocalLow',
  'Users/ContainerUser/AppData/Roaming/Microsoft/Windows',
  'Users/Default/AppData/Local/Temp',
  'Users/Public/Desktop',
  'Users/Public/Documents',
  'Windows/Fonts',
  'Windows/INF',
  'Windows/Installer',
  'Windows/Logs',
  'Windows/Microsoft.NET/Framework',
  'Windows/Microsoft.NET/Framework64',
  'Windows/Resources/Themes',
  'Windows/ServiceProfiles/LocalService',
  'Windows/ServiceProfiles/NetworkService',
  'Windows/System32/config',
  'Windows/System32/drivers/etc',
  'Windows/System32/spool/drivers',
  'Windows/System32/Tasks',
  'Windows/System32/wbem',
  'Windows/System32/WindowsPowerShell/v1.0/Modules',
  'Windows/SysWOW64/wbem',
  'Windows/Temp',
  'Windows/WinSxS',
];

const spellings = new Map<string, string>();
for (const path of wellKnown) {
  const names = path.split('/');
  for (let depth = 1; depth <= names.length; depth += 1)
    spellings.set(foldName(names.slice(0, depth).join('/')), names[depth - 1]!);
}

/** The well-known spelling of `name` in the directory `parent` (below C:, `/` between names, empty for C: itself). */
export function wellKnownSpelling(parent: string, name: string): string | undefined {
  return spellings.get(foldName(parent === '' ? name : `${parent}/${name}`));
}

/** Turns the drive of a fresh prefix into the template's Files: Windows spelling, program files as links into Wine. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { WineInstallation } from './wine-installation.ts';

/** Wine's spelling -> Windows'. Everything else is kept. */
const spellings: Readonly<Record<string, string>> = {
  windows: 'Windows',
  system32: 'System32',
  syswow64: 'SysWOW64',
  users: 'Users',
  winsxs: 'WinSxS',
  fonts: 'Fonts',
  tasks: 'Tasks',
  temp: 'Temp',
  inf: 'INF',
  help: 'Help',
  logs: 'Logs',
  resources: 'Resources',
  globalization: 'Globalization',
  installer: 'Installer',
  programdata: 'ProgramData',
};

/** Folders that Windows has and Wine makes later or not at all: present here, so that they do not appear in layer diffs. */
const folders = [
  'Windows/Temp',
  'Windows/System32/drivers/etc',
  'Users/Public',
  ...['ContainerAdministrator', 'ContainerUser'].flatMap((user) =>
    ['AppData/Local/Temp', 'AppData/LocalLow', 'AppData/Roaming', 'Desktop', 'Documents', 'Downloads'].map(
      (folder) => `Users/${user}/${folder}`,
    ),
  ),
];

export interface TreeMove {
  readonly from: string;
  readonly to: string;
  readonly wine: WineInstallation;
}

export function linkTree(move: TreeMove): void {
  copyFolder(move, move.from, move.to);
  for (const folder of folders) mkdirSync(join(move.to, folder), { recursive: true, mode: 0o755 });
}

function copyFolder(move: TreeMove, from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, spellings[entry.name.toLowerCase()] ?? entry.name);
    if (entry.isDirectory()) {
      mkdirSync(target, { recursive: true, mode: 0o755 });
      copyFolder(move, source, target);
    } else if (entry.isFile()) {
      const original = originalOf(move.wine, source);
      if (original === undefined) copyFileSync(source, target);
      else symlinkSync(original, target);
    }
    // Links of a prefix lead to the builder's home: not part of a container.
  }
}

/** Wine's own file of the same name and content, as programs in the sandbox see it. */
function originalOf(wine: WineInstallation, path: string): string | undefined {
  const name = basename(path);
  for (const folder of [wine.programs, wine.nls]) {
    const candidate = join(wine.root, folder, name);
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (stat === undefined || stat.size !== statSync(path).size) continue;
    if (readFileSync(candidate).equals(readFileSync(path))) return `${folder}/${name}`;
  }
  return undefined;
}

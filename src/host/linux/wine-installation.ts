/**
 * Finds the Wine below the Wine root setting (linux-backend.md 2, 22). Paths of the result are as programs *inside* the root
 * see them: the sandbox binds `trees` of the root, so that they are the same in a container.
 */
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface WineInstallation {
  /** Folder of the host that holds this Wine: `/` or a private root. */
  readonly root: string;
  /** `/usr/lib/wine/wine64`. */
  readonly loader: string;
  readonly server: string;
  /** Folder of the PE files: `/usr/lib/x86_64-linux-gnu/wine/x86_64-windows`. */
  readonly programs: string;
  readonly nls: string;
  readonly inf: string;
  /** Top folders that a container needs read-only: `/usr`, perhaps `/opt/wine-stable`. */
  readonly trees: readonly string[];
  /** Changes whenever the files of this Wine do. */
  readonly stamp: string;
}

/** Loaders in the order of preference: 64-bit before the joint one, Debian before the upstream packages. */
const loaders = [
  '/usr/lib/wine/wine64',
  '/usr/lib/wine/wine',
  '/opt/wine-stable/bin/wine64',
  '/opt/wine-stable/bin/wine',
  '/opt/wine-staging/bin/wine64',
  '/opt/wine-staging/bin/wine',
  '/opt/wine-devel/bin/wine64',
  '/opt/wine-devel/bin/wine',
  '/usr/local/bin/wine64',
  '/usr/local/bin/wine',
  '/usr/bin/wine64',
  '/usr/bin/wine',
];

/** Undefined when the root holds no 64-bit Wine. */
export function findWine(root: string): WineInstallation | undefined {
  for (const loader of loaders) {
    if (!isElf(join(root, loader))) continue;
    const installation = describe(root, loader);
    if (installation !== undefined) return installation;
  }
  return undefined;
}

function describe(root: string, loader: string): WineInstallation | undefined {
  const prefix = prefixOf(loader);
  const programs = firstFolder(
    root,
    libraryFolders(root, prefix).map((folder) => `${folder}/wine/x86_64-windows`),
    'ntdll.dll',
  );
  const share = firstFolder(root, [`${prefix}/share/wine`], 'wine.inf');
  const server = [
    `${dirname(loader)}/wineserver64`,
    `${dirname(loader)}/wineserver`,
    `${prefix}/bin/wineserver`,
  ].find((path) => isElf(join(root, path)));
  if (programs === undefined || share === undefined || server === undefined) return undefined;
  const inf = `${share}/wine.inf`;
  return {
    root,
    loader,
    server,
    programs,
    nls: `${share}/nls`,
    inf,
    trees: prefix === '/usr' || prefix.startsWith('/usr/') ? ['/usr'] : ['/usr', prefix],
    stamp: [loader, server, `${programs}/ntdll.dll`, inf]
      .map((path) => `${path}:${stampOf(join(root, path))}`)
      .join('\n'),
  };
}

/** `/usr` of `/usr/lib/wine/wine64` and `/usr/bin/wine`; `/opt/wine-stable` of its `bin/wine64`. */
function prefixOf(loader: string): string {
  return loader.replace(/\/(?:bin|lib\/wine)\/[^/]+$/, '');
}

function libraryFolders(root: string, prefix: string): string[] {
  return [`${prefix}/lib/x86_64-linux-gnu`, `${prefix}/lib64`, `${prefix}/lib`].filter((folder) =>
    isFolder(join(root, folder)),
  );
}

function firstFolder(root: string, folders: readonly string[], member: string): string | undefined {
  return folders.find(
    (folder) => statSync(join(root, folder, member), { throwIfNoEntry: false }) !== undefined,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Debian's /usr/bin/wine is a shell script that talks to stderr: only real programs count. */
function isElf(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const magic = Buffer.alloc(5);
    readSync(fd, magic, 0, 5, 0);
    return magic.equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]));
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function stampOf(path: string): string {
  const stat = statSync(path);
  return `${stat.size}:${stat.mtimeMs}`;
}

/**
 * `wine-8.0 (Debian 8.0~repack-4)`, read from the Unix side of ntdll, where Wine keeps its build name. No process is
 * started, so it also works for a root with another C library.
 */
export function wineVersion(installation: WineInstallation): string {
  const folder = join(installation.root, dirname(installation.programs), 'x86_64-unix');
  const text = readFileSync(join(folder, 'ntdll.so')).toString('latin1');
  return /wine-\d+\.\d+[^\0\n]{0,60}/.exec(text)?.[0] ?? 'wine (unknown version)';
}

/** How the root spells what a program expects at the top: links of a merged /usr, or folders of their own. */
export interface RootEntry {
  readonly path: string;
  /** Link target, or undefined for a folder that has to be bound. */
  readonly link?: string;
}

export function rootEntries(root: string): RootEntry[] {
  const entries: RootEntry[] = [];
  for (const name of readdirSync(root)) {
    if (!/^(?:bin|lib|lib32|lib64|libx32)$/.test(name)) continue;
    const target = linkTarget(join(root, name));
    entries.push(target === undefined ? { path: `/${name}` } : { path: `/${name}`, link: target });
  }
  return entries;
}

function linkTarget(path: string): string | undefined {
  if (!lstatSync(path).isSymbolicLink()) return undefined;
  const target = readlinkSync(path).replace(/^\/+/, '');
  return target.startsWith('usr/') ? target : undefined;
}

/** Puts our stand-ins for what Wine lacks or stubs silently into the template (linux-backend.md 10). */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { WineInstallation } from './wine-installation.ts';

/** Names that `tools.exe` answers to (`native/standins/main.c`). */
export const standInNames = [
  'cacls',
  'certutil',
  'choice',
  'curl',
  'dism',
  'fc',
  'findstr',
  'icacls',
  'mklink',
  'net',
  'netsh',
  'powershell',
  'robocopy',
  'schtasks',
  'setx',
  'sort',
  'subst',
  'systeminfo',
  'takeown',
  'tar',
  'tasklist',
  'timeout',
  'where',
] as const;

/** Where programs live that are not in System32 itself. */
const elsewhere: Readonly<Record<string, string>> = {
  powershell: 'Windows/System32/WindowsPowerShell/v1.0',
};

const system32 = 'Windows/System32';

export interface StandInInstallation {
  /** `native/prebuilt/standins`. */
  readonly from: string;
  /** `Files` of the template. */
  readonly to: string;
  readonly wine: WineInstallation;
}

/** Gives the names of the programs that Wine has a builtin of, which has to be overridden. */
export function installStandIns(installation: StandInInstallation): string[] {
  const { from, to, wine } = installation;
  copyFileSync(join(from, 'bcryptprimitives.dll'), join(to, system32, 'bcryptprimitives.dll'));
  const overridden: string[] = [];
  let first: string | undefined;
  for (const name of standInNames) {
    const file = `${name}.exe`;
    const target = join(to, elsewhere[name] ?? system32, file);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    if (first === undefined) {
      first = target;
      copyFileSync(join(from, 'tools.exe'), target);
      chmodSync(target, 0o755);
    } else linkSync(first, target);
    if (exists(join(wine.root, wine.programs, file))) overridden.push(file);
  }
  if (installShell(installation)) overridden.push('cmd.exe');
  return overridden;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * cmd has mklink as a command of its own, which reports success and makes nothing. The template's cmd is a copy that does not
 * know the name, so that it looks for a program. False when this Wine's cmd is built otherwise: then it stays as it is.
 */
function installShell({ to, wine }: StandInInstallation): boolean {
  const program = readFileSync(join(wine.root, wine.programs, 'cmd.exe'));
  if (!forgetMklink(program)) return false;
  const target = join(to, system32, 'cmd.exe');
  rmSync(target, { force: true });
  writeFileSync(target, program, { mode: 0o755 });
  return true;
}

/** Changes the program in place. Names of commands are a table of zero-padded UTF-16 texts. */
export function forgetMklink(program: Buffer): boolean {
  const name = Buffer.from('MKLINK\0\0\0\0', 'utf16le');
  const at = program.indexOf(name);
  if (at === -1 || program.indexOf(name, at + 1) !== -1) return false;
  program.write('MKLIN?', at, 'utf16le');
  // Without this mark Wine loads the file itself, not its own of that name.
  const mark = Buffer.from('Wine builtin DLL\0', 'latin1');
  if (program.compare(mark, 0, mark.length, 0x40, 0x40 + mark.length) !== 0) return false;
  program.fill(0, 0x40, 0x40 + mark.length);
  return true;
}

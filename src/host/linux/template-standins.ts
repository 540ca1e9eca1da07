/** Puts our stand-ins for what Wine lacks or stubs silently into the template (linux-backend.md 10). */
import { chmodSync, copyFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { WineInstallation } from './wine-installation.ts';

/** Programs that do not live in System32 itself. */
const elsewhere: Readonly<Record<string, string>> = {
  'powershell.exe': 'Windows/System32/WindowsPowerShell/v1.0',
};

export interface StandInInstallation {
  /** `native/prebuilt`. */
  readonly from: string;
  /** `Files` of the template. */
  readonly to: string;
  readonly wine: WineInstallation;
}

/** Gives the names that Wine has a builtin of, which has to be overridden. */
export function installStandIns(installation: StandInInstallation): string[] {
  const overridden: string[] = [];
  const folder = join(installation.from, 'standins');
  for (const name of readdirSync(folder)) {
    const target = join(installation.to, elsewhere[name] ?? 'Windows/System32', name);
    rmSync(target, { force: true });
    copyFileSync(join(folder, name), target);
    chmodSync(target, 0o755);
    const builtin = join(installation.wine.root, installation.wine.programs, name);
    if (statSync(builtin, { throwIfNoEntry: false }) !== undefined) overridden.push(name);
  }
  return overridden;
}

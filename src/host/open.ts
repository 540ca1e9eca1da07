import { existsSync } from 'node:fs';
import type { Environment } from '../environment.ts';
import type { DataPaths } from '../state/paths.ts';
import type { Host } from './host.ts';
import { prepareProcess as prepareWindowsProcess } from './windows/process-times.ts';

/** The adapters of the platform that this runs on. The one place that chooses. */
export async function openHost(environment: Environment, paths: DataPaths): Promise<Host> {
  const { openHost: open } =
    environment.platform === 'win32' ? await import('./windows/host.ts') : await import('./linux/host.ts');
  return open(environment, paths);
}

/** Before anything is written: an administrator's data root on Windows gets rights of its own. Loads nothing when it exists. */
export async function prepareDataRoot({ platform, dataRoot }: Environment): Promise<void> {
  if (platform !== 'win32' || existsSync(dataRoot)) return;
  (await import('./windows/data-root.ts')).protectNewFolder(dataRoot);
}

/** Before anything asks who lives: lets this system tell processes apart. Loads nothing until it is asked. */
export function prepareProcess({ platform }: Pick<Environment, 'platform'>): void {
  if (platform === 'win32') prepareWindowsProcess();
}

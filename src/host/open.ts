import type { Environment } from '../environment.ts';
import type { DataPaths } from '../state/paths.ts';
import type { Host } from './host.ts';

/** The adapters of the platform that this runs on. The one place that chooses. */
export async function openHost(environment: Environment, paths: DataPaths): Promise<Host> {
  const { openHost: open } =
    environment.platform === 'win32' ? await import('./windows/host.ts') : await import('./linux/host.ts');
  return open(environment, paths);
}

/** For processes that write down who they are: on Windows that takes a call of the system. */
export async function prepareProcess({ platform }: Pick<Environment, 'platform'>): Promise<void> {
  if (platform === 'win32') (await import('./windows/process-times.ts')).prepareProcess();
}

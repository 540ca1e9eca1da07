import type { Environment } from '../environment.ts';
import type { DataPaths } from '../state/paths.ts';
import type { Host } from './host.ts';

interface HostModule {
  readonly openHost: (environment: Environment, paths: DataPaths) => Promise<Host> | Host;
}

/** The adapters of the platform that this runs on. The one place that chooses. */
export async function openHost(environment: Environment, paths: DataPaths): Promise<Host> {
  const file = environment.platform === 'win32' ? './windows/host.ts' : './linux/host.ts';
  const { openHost: open } = (await import(file)) as HostModule;
  return open(environment, paths);
}

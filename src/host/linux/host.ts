/** The Linux host: Wine in sandboxes, layers as folders, networks of the kernel. */
import { join } from 'node:path';
import { execPath, getegid, geteuid } from 'node:process';
import type { Environment } from '../../environment.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { Host } from '../host.ts';
import { createLinuxCompute, templateFiles } from './compute.ts';
import { createLinuxLayers } from './layers.ts';
import { createLinuxNetwork } from './network.ts';

export function openHost(environment: Environment, paths: DataPaths): Host {
  const source = import.meta.filename.endsWith('.ts');
  const worker = source ? 'src/host/linux/port-worker.ts' : 'dist/host/linux/port-worker.js';
  const network = createLinuxNetwork({
    environment,
    paths,
    worker: { nodePath: execPath, worker: join(environment.packageRoot, worker) },
  });
  const deps = { environment, paths, network, uid: geteuid?.() ?? 0, gid: getegid?.() ?? 0 };
  return {
    compute: createLinuxCompute(deps),
    network,
    layers: createLinuxLayers({ paths, templateFiles: () => templateFiles(deps) }),
  };
}

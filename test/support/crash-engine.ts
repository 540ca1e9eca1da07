/** The containers service on the process host, with monitors as real processes (crash-monitor.ts). */
import { containersRole } from '../../src/engine/local/containers/service.ts';
import { localServices, once } from '../../src/engine/local/services.ts';
import { createNetworkView } from '../../src/engine/local/networks/view.ts';
import type { ContainersRole } from '../../src/engine/roles/index.ts';
import type { Environment } from '../../src/environment.ts';
import { processLauncher } from '../../src/monitor/launcher.ts';
import { dataPaths } from '../../src/state/paths.ts';
import { processHost } from './process-host.ts';

export function crashEnvironment(root: string): Environment {
  return {
    platform: 'linux',
    arch: 'x64',
    env: { PATH: process.env['PATH'] },
    elevated: false,
    homeDir: root,
    cwd: root,
    now: Date.now,
    newId: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
    dataRoot: root,
    wineRoot: '/',
    packageRoot: root,
  };
}

export function crashContainers(root: string, monitorEntry: string): ContainersRole {
  const environment = crashEnvironment(root);
  const paths = dataPaths(root);
  const host = once(async () => processHost(root));
  const services = localServices({ environment, paths, host });
  return containersRole({
    environment,
    paths,
    host,
    monitors: processLauncher({ environment, execPath: process.execPath, entry: monitorEntry }),
    networks: async () => (await services.networks()).containers,
    networkView: async () => createNetworkView(paths),
    imageIdOf: async () => undefined,
    commitImage: async () => {
      throw new Error('nothing is committed here');
    },
    requireUnpacked: async () => undefined,
    resolveImage: async () => ({
      id: `sha256:${'a'.repeat(64)}`,
      layerIds: ['b'.repeat(64)],
      manifestDigest: '',
      repoTags: [],
      config: {
        os: 'windows',
        architecture: 'amd64',
        config: null,
        rootfs: { type: 'layers', diff_ids: [] },
      },
    }),
  });
}

/**
 * Starts and ends containers' networks for ever: to be killed at any moment. Arguments: data root, container ID, first
 * digits of every ID that is made.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createNetworks } from '../../src/engine/local/networks/networks.ts';
import { isHnsNotFound } from '../../src/hns/hns-error.ts';
import { createLinuxNetwork } from '../../src/host/linux/network.ts';
import { dataPaths } from '../../src/state/paths.ts';

const [root, id, mark] = process.argv.slice(2) as [string, string, string];
const environment = {
  newId: () => mark + randomBytes(32).toString('hex').slice(mark.length),
  now: Date.now,
  env: process.env,
  elevated: true,
};
const paths = dataPaths(root);
const port = createLinuxNetwork({
  environment,
  paths,
  worker: {
    nodePath: process.execPath,
    worker: join(import.meta.dirname, '../../src/host/linux/port-worker.ts'),
  },
});
const networks = createNetworks({
  environment,
  paths,
  network: async () => port,
  containers: { find: () => Promise.reject(new Error('unused')) },
  emit: () => undefined,
});
await networks.containers.configure({
  containerId: id,
  containerName: id.slice(0, 4),
  hostname: id.slice(0, 12),
  isolation: 'process',
  hostConfig: {
    NetworkMode: 'nat',
    PortBindings: {},
    PublishAllPorts: false,
    Dns: [],
    DnsSearch: [],
    ExtraHosts: null,
  },
  exposedPorts: [],
  endpoints: null,
});
console.log('ready');
for (;;) {
  try {
    await networks.containers.allocate(id);
    await port.prepare(networks.containers.allocation(id)?.namespaceId);
  } catch (error) {
    // The other one has just removed the network: a start that fails is right.
    if (!isHnsNotFound(error) && !isHnsNotFound((error as Error).cause)) throw error;
  }
  await networks.containers.release(id);
  const nat = await networks.role.inspect('nat');
  const hnsId = nat.Options['com.docker.network.windowsshim.hnsid'];
  // So that networks are made again and again, too.
  if (hnsId !== undefined && Math.random() < 0.3) await port.deleteNetwork(hnsId).catch(ignoreNotFound);
}

function ignoreNotFound(error: unknown): void {
  if (!isHnsNotFound(error)) throw error;
}

/** The containers and exec services on a memory host, with monitors in this process: everything but processes and Windows is real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerLookup } from '../../src/engine/local/containers/lookup.ts';
import { planExec, planRun } from '../../src/engine/local/containers/plan.ts';
import { containersRole } from '../../src/engine/local/containers/service.ts';
import { upkeepDeps } from '../../src/engine/local/containers/upkeep.ts';
import { imageUsers } from '../../src/engine/local/containers/image-users.ts';
import type { ContainerDeps } from '../../src/engine/local/containers/deps.ts';
import { execRole } from '../../src/engine/local/exec/exec.ts';
import type { ImageDeps } from '../../src/engine/local/images/deps.ts';
import { createContainerNetworks } from '../../src/engine/local/networks/container-networks.ts';
import type { NetworkAllocation } from '../../src/engine/local/networks/endpoints.ts';
import { createNetworkStore } from '../../src/engine/local/networks/network-store.ts';
import { createNetworkView } from '../../src/engine/local/networks/view.ts';
import type { ContainersRole, ExecRole } from '../../src/engine/roles/index.ts';
import type { Environment } from '../../src/environment.ts';
import type { Host } from '../../src/host/host.ts';
import { PortholeError } from '../../src/errors/porthole-error.ts';
import { createMemoryCompute } from '../../src/host/memory/compute.ts';
import type { MemoryCompute, MemoryComputeOptions, Program } from '../../src/host/memory/compute.ts';
import { createMemoryNetwork } from '../../src/host/memory/network.ts';
import type { MemoryNetwork } from '../../src/host/memory/network.ts';
import type { LayerStore } from '../../src/host/ports/layers.ts';
import type { ImageConfigSection } from '../../src/api/types/index.ts';
import type { MonitorDeps } from '../../src/monitor/deps.ts';
import { fromWireError } from '../../src/monitor/protocol.ts';
import { serveContainer } from '../../src/monitor/serve.ts';
import { dataPaths } from '../../src/state/paths.ts';
import type { DataPaths } from '../../src/state/paths.ts';
import { scratchLayers } from './scratch-layers.ts';
import type { ScratchLayers } from './scratch-layers.ts';

export interface MemoryEngine extends AsyncDisposable {
  readonly deps: ContainerDeps;
  readonly paths: DataPaths;
  readonly containers: ContainersRole;
  readonly exec: ExecRole;
  readonly compute: MemoryCompute;
  readonly network: MemoryNetwork;
  readonly layers: ScratchLayers;
  /** Images by reference; `app` exists. */
  readonly images: Map<string, { id: string; config: ImageConfigSection }>;
  /** Resolves when no monitor runs any more. */
  quiet(): Promise<void>;
  readonly monitorsRunning: () => number;
}

export interface MemoryEngineOptions {
  readonly programs?: Readonly<Record<string, Program>>;
  readonly host?: MemoryComputeOptions['host'];
  readonly now?: () => number;
  /** False: NAT policies publish ports, as on Windows. */
  readonly forwarder?: boolean;
  /** What the network port says of itself beyond that. */
  readonly namespaces?: boolean;
  /** Puts something around the host: a recorder, a replay. */
  readonly wrap?: (host: Host, environment: Environment) => Host;
  /** A layer store that is looked into, instead of `MemoryEngine.layers`. */
  readonly layers?: LayerStore;
  /** Images of a store, instead of `MemoryEngine.images`. */
  readonly images?: (deps: ImageDeps) => Pick<ContainerDeps, 'commitImage' | 'resolveImage'>;
}

const image = `sha256:${'a'.repeat(64)}`;

export function memoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  const root = mkdtempSync(join(tmpdir(), 'porthole-engine-'));
  const paths = dataPaths(root);
  let ids = 0;
  const environment: Environment = {
    platform: 'linux',
    arch: 'x64',
    env: {},
    elevated: true,
    homeDir: root,
    cwd: root,
    now: options.now ?? Date.now,
    newId: () => {
      ids += 1;
      return ids.toString(16).padStart(4, '0').repeat(16);
    },
    dataRoot: root,
    wineRoot: '/',
    packageRoot: root,
  };
  const compute = createMemoryCompute({
    ...(options.programs === undefined ? {} : { programs: options.programs }),
    ...(options.host === undefined ? {} : { host: options.host }),
  });
  const network = {
    ...createMemoryNetwork({ forwarder: options.forwarder ?? true }),
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
  };
  const layers = scratchLayers(paths.windowsfilter);
  const plain = { compute, network, layers: options.layers ?? layers };
  const host: Host = options.wrap?.(plain, environment) ?? plain;
  const images = new Map([['app', { id: image, config: { Cmd: ['app.exe'] } }]]);
  const networkDeps = { environment, paths, network: async () => host.network };
  const networks = createContainerNetworks({
    ...networkDeps,
    store: createNetworkStore(networkDeps),
    containers: containerLookup({ paths, environment }),
    emit: (event) => upkeep.emit(event),
  });
  const running = new Set<Promise<void>>();
  const deps: ContainerDeps = {
    environment,
    paths,
    host: async () => host,
    networks: async () => networks,
    networkView: async () => createNetworkView(paths),
    imageIdOf: async (reference) => images.get(reference)?.id,
    commitImage: async () => {
      throw new Error('nothing is committed here');
    },
    requireUnpacked: async () => undefined,
    resolveImage: async (name) => {
      const found = images.get(name);
      if (found === undefined) {
        throw new PortholeError('notFound', 'IMAGE_NOT_FOUND', `No such image: ${name}:latest`);
      }
      return {
        id: found.id,
        layerIds: ['b'.repeat(64)],
        manifestDigest: '',
        repoTags: [name],
        config: {
          os: 'windows',
          architecture: 'amd64',
          'os.version': '10.0.20348.1',
          config: found.config,
          rootfs: { type: 'layers', diff_ids: [] },
        },
      };
    },
    ...options.images?.({
      environment,
      paths,
      host: async () => host,
      users: async () => imageUsers(paths, environment.now()),
      emit: (event) => upkeep.emit({ type: 'image', ...event }),
    }),
    monitors: {
      launch: async (containerId) => {
        const { answer, done } = await serveContainer(monitorDeps, containerId, process.pid);
        if (answer.kind === 'busy') return false;
        if (answer.kind === 'error') throw fromWireError(answer.error);
        running.add(done);
        void done.finally(() => running.delete(done));
        return true;
      },
    },
  };
  const upkeep = upkeepDeps(deps);
  const monitorDeps: MonitorDeps<NetworkAllocation> = {
    ...upkeep,
    platform: 'linux',
    networks: async () => networks,
    plan: (config, scratch, allocation) =>
      planRun({ paths, compute: async () => compute }, config, scratch, allocation),
    planExec,
  };
  const containers = containersRole(deps);
  const quiet = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running);
  };
  return {
    deps,
    paths,
    containers,
    exec: execRole(deps),
    compute,
    network,
    layers,
    images,
    quiet,
    monitorsRunning: () => running.size,
    [Symbol.asyncDispose]: async () => {
      for (const { Id } of await containers.list({ all: true })) {
        await containers.remove(Id, { force: true, volumes: true }).catch(() => undefined);
      }
      await quiet();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/**
 * The compute port on Linux (linux-backend.md): compute systems are sandboxes of Linux namespaces in which Wine runs the
 * Windows programs. State of live systems is in `<run>/<id>/system.json`; the process that created a system holds it, and
 * the system ends with that process.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PortholeError } from '../../errors/porthole-error.ts';
import type { Environment } from '../../environment.ts';
import type { ComputeSystemDocument } from '../../hcs/documents.ts';
import { HcsError } from '../../hcs/hcs-error.ts';
import { HRESULT } from '../../hcs/hresult.ts';
import { isAlive, ownIdentity } from '../../state/process-identity.ts';
import type { DataPaths } from '../../state/paths.ts';
import type {
  ComputeHost,
  ComputePort,
  ComputeSystem,
  ComputeSystemSummary,
  PortCall,
} from '../ports/compute.ts';
import { findCgroups, leftoverCgroups, type CgroupPlaces } from './cgroups.ts';
import type { ComputeContext } from './compute-context.ts';
import { LinuxSystem } from './compute-system.ts';
import { endSandbox, ForeignSystem } from './foreign-system.ts';
import { recoverHives } from './hives.ts';
import { claimRunFolder, isSystemAlive, liveRecords, readRecord, runFolder } from './run-folder.ts';
import type { SandboxNetwork } from './sandbox-network.ts';
import { removeOverlayWork } from './overlay-work.ts';
import { systemRequest } from './system-request.ts';
import { existingTemplate } from './wine-template.ts';
import { defaultOsVersion, layersOsVersion, scratchOsVersion } from './windows-hives.ts';
import { findWine, wineVersion, type WineInstallation } from './wine-installation.ts';

export interface LinuxComputeDeps {
  readonly environment: Environment;
  readonly paths: DataPaths;
  readonly network: SandboxNetwork;
  /** User and group IDs of this process. */
  readonly uid: number;
  readonly gid: number;
  /** Called when a Wine template has to be built first: it takes some seconds. */
  readonly onTemplateBuild?: () => void;
}

/** How long a sandbox whose owner died may take to flush its registry and end by itself. */
const lastFlushMs = 6000;

export function createLinuxCompute(deps: LinuxComputeDeps): ComputePort {
  const context = createContext(deps);
  const { paths } = deps;
  const own = new Map<string, LinuxSystem>();

  const create = async (id: string, document: ComputeSystemDocument): Promise<ComputeSystem> => {
    const request = systemRequest(id, document);
    if (!claimRunFolder(paths.run, id)) {
      if (isTaken(id))
        throw new HcsError('CreateComputeSystem', HRESULT.systemAlreadyExists, { systemId: id });
      await cleanup(id);
      if (!claimRunFolder(paths.run, id))
        throw new HcsError('CreateComputeSystem', HRESULT.systemAlreadyExists, { systemId: id });
    }
    const system = new LinuxSystem(context, id, request, () => own.delete(id));
    own.set(id, system);
    return system;
  };

  const isTaken = (id: string): boolean => {
    const record = readRecord(runFolder(paths.run, id));
    return own.has(id) || (record !== undefined && isSystemAlive(record));
  };

  const open = async (id: string): Promise<ComputeSystem> => {
    const held = own.get(id);
    if (held !== undefined) return held;
    const record = readRecord(runFolder(paths.run, id));
    if (record === undefined || !isSystemAlive(record) || record.monitor.pid === ownIdentity().pid)
      throw new HcsError('OpenComputeSystem', HRESULT.systemNotFound, { systemId: id });
    return new ForeignSystem(context, record);
  };

  const cleanup = async (id: string, call?: PortCall): Promise<void> => {
    call?.signal?.throwIfAborted();
    const held = own.get(id);
    if (held !== undefined) {
      await held.terminate().catch(() => undefined);
      await held.waitExit(call);
      return;
    }
    const folder = runFolder(paths.run, id);
    const record = readRecord(folder);
    if (record !== undefined) {
      const ends = [record.sandbox, record.helper].filter((identity) => identity !== undefined);
      if (isAlive(record.monitor)) endSandbox(record);
      for (let waited = 0; ends.some(isAlive); waited += 20) {
        if (waited > lastFlushMs) endSandbox(record);
        if (waited > 2 * lastFlushMs) break;
        await delay(20);
      }
      if (record.hives !== undefined) {
        recoverHives(record.hives, folder.prefix);
        removeOverlayWork(record.hives.scratch);
      }
    }
    const groups = leftoverCgroups(context.cgroups(), id);
    for (let waited = 0; !groups.remove() && waited < lastFlushMs; waited += 20) await delay(20);
    rmSync(folder.path, { recursive: true, force: true });
  };

  return {
    create: async (id, document, call) => {
      call?.signal?.throwIfAborted();
      return create(id, document);
    },
    open: async (id, call) => {
      call?.signal?.throwIfAborted();
      return open(id);
    },
    list: async (call): Promise<ComputeSystemSummary[]> => {
      call?.signal?.throwIfAborted();
      return liveRecords(paths.run).map(({ id, owner, state }) => ({ id, owner, state }));
    },
    host: async () => describeHost(context),
    cleanup,
  };
}

function createContext(deps: LinuxComputeDeps): ComputeContext {
  const { environment, paths } = deps;
  const native = join(environment.packageRoot, 'native', 'prebuilt');
  const identity = { rootless: deps.uid !== 0, uid: deps.uid, gid: deps.gid };
  let wine: WineInstallation | undefined;
  let cgroups: CgroupPlaces | undefined;
  const context: ComputeContext = {
    environment,
    paths,
    network: deps.network,
    identity,
    helper: join(native, 'porthole-sandbox'),
    launcher: join(native, 'launcher.exe'),
    wine: () => (wine ??= findWine(environment.wineRoot) ?? missingWine(environment.wineRoot)),
    template: () => ({
      wine: context.wine(),
      folder: paths.wine,
      native,
      identity,
      ...(deps.onTemplateBuild === undefined ? {} : { onBuild: deps.onTemplateBuild }),
    }),
    cgroups: () => (cgroups ??= findCgroups()),
    osVersionOf: (layers, scratch) =>
      layersOsVersion(layers) ?? scratchOsVersion(scratch) ?? defaultOsVersion,
  };
  return context;
}

/** `Files` of the template that containers have below their image; undefined while it has not been built. */
export function templateFiles(deps: LinuxComputeDeps): string | undefined {
  const context = createContext(deps);
  return findWine(deps.environment.wineRoot) === undefined
    ? undefined
    : existingTemplate(context.template())?.files;
}

function missingWine(root: string): never {
  throw new PortholeError('unavailable', 'WINE_MISSING', `no 64-bit Wine found below ${root}`, {
    hint: 'install it (Debian, Ubuntu: apt-get install wine64), or name a folder that holds one with PORTHOLE_WINE_ROOT',
  });
}

function describeHost(context: ComputeContext): ComputeHost {
  const wine = findWine(context.environment.wineRoot);
  const places = context.cgroups();
  const can = (name: 'memory' | 'cpu'): boolean => places.folders.has(name) || places.unified.has(name);
  return {
    osVersion: defaultOsVersion,
    sku: 'server',
    hypervAvailable: false,
    processIsolationAvailable: wine !== undefined,
    backend: 'wine',
    description: wine === undefined ? `no Wine below ${context.environment.wineRoot}` : wineVersion(wine),
    limits: {
      memory: can('memory'),
      cpu: can('cpu'),
      ...(places.why === undefined ? {} : { why: places.why }),
    },
  };
}

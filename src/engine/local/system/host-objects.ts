/** Compute systems and endpoints that bear our name, held against the containers of this data root. */
import type { HostObjects, OwnedObjects } from '../../../doctor/host-object-checks.ts';
import { asError } from '../../../errors/porthole-error.ts';
import type { HostFacts } from '../../../host/ports/host-facts.ts';
import { releaseMonitorLock } from '../../../monitor/removal.ts';
import { releaseResources, repairContainer } from '../../../monitor/repair.ts';
import { monitorLockPath, readStateRecord } from '../../../state/container-files.ts';
import { listContainerIds } from '../../../state/container-list.ts';
import { tryLock } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { isAlive } from '../../../state/process-identity.ts';
import type { ContainerDeps } from '../containers/deps.ts';
import { upkeepDeps } from '../containers/upkeep.ts';
import { listNetworkRecords } from '../networks/container-record.ts';
import { endpointName } from '../networks/endpoint-rules.ts';

export type HostObjectsDeps = Pick<ContainerDeps, 'environment' | 'paths' | 'host' | 'networks'>;

/** Asks running services only: HCS and HNS start when they are called, and looking shall start nothing. */
export async function readHostObjects(
  { paths, host }: HostObjectsDeps,
  facts: HostFacts,
): Promise<HostObjects> {
  const not = (why: string): HostObjects => ({ systems: undefined, endpoints: undefined, why });
  if (facts.platform !== 'win32') return not('the embedded backend keeps them in the data root');
  if (!facts.elevated) return not('only administrators may ask');
  const { vmcompute, hns } = facts.services;
  if (vmcompute.state !== 'running' || hns.state !== 'running')
    return not('the services that hold them do not run');
  try {
    const { compute, network } = await host();
    const owners = containersOf(paths);
    const systems = (await compute.list()).map(({ id }) => ({ object: id, owner: owners.get(id) }));
    const holders = endpointHolders(paths);
    const endpoints = (await network.listEndpoints()).flatMap(({ Name: name = '' }) => {
      if (!/^porthole-[0-9a-f]{12}$/.test(name)) return [];
      return [{ object: name, owner: owners.get(holders.get(name) ?? '') }];
    });
    return { systems: sorted(systems), endpoints: sorted(endpoints), why: '' };
  } catch (error) {
    return not(`cannot be listed: ${asError(error).message}`);
  }
}

/** Gives back what the host holds for containers that do not run. Those that somebody is at work on are left alone. */
export async function releaseContainers(deps: HostObjectsDeps, ids: readonly string[]): Promise<void> {
  const upkeep = upkeepDeps(deps);
  for (const id of ids) {
    const lock = tryLock(monitorLockPath(deps.paths, id));
    if (lock === undefined) continue;
    try {
      const owner = readStateRecord(deps.paths, id)?.owner;
      if (owner !== undefined && isAlive(owner)) continue;
      if (!(await repairContainer(upkeep, id))) await releaseResources(upkeep, id);
    } finally {
      releaseMonitorLock(deps, id, lock);
    }
  }
}

interface Owner {
  readonly id: string;
  readonly name: string;
  readonly alive: boolean;
}

function containersOf(paths: DataPaths): Map<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const id of listContainerIds(paths)) {
    try {
      const record = readStateRecord(paths, id);
      // Without a record it is being made, or was never finished: the next command sees to that.
      if (record === undefined) continue;
      const alive = record.owner !== undefined && isAlive(record.owner);
      owners.set(id, { id, name: record.card.name, alive });
    } catch {
      owners.set(id, { id, name: id.slice(0, 12), alive: false });
    }
  }
  return owners;
}

/** Container IDs by the names of their endpoints. */
function endpointHolders(paths: DataPaths): Map<string, string> {
  return new Map(
    listNetworkRecords(paths).flatMap(({ containerId, networks }) =>
      networks.flatMap(({ active }): [string, string][] =>
        active === undefined ? [] : [[endpointName(active.endpointId), containerId]],
      ),
    ),
  );
}

function sorted(
  objects: readonly { readonly object: string; readonly owner: Owner | undefined }[],
): OwnedObjects {
  return {
    inUse: objects.filter(({ owner }) => owner?.alive === true).length,
    left: objects.flatMap(({ object, owner }) =>
      owner === undefined || owner.alive ? [] : [{ object, container: owner.id, name: owner.name }],
    ),
    foreign: objects.flatMap(({ object, owner }) => (owner === undefined ? [object] : [])),
  };
}

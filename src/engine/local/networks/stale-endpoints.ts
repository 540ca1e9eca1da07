import type { HnsEndpoint } from '../../../hns/documents.ts';
import { sameGuid } from '../../../hns/guid.ts';
import { HNS, HnsError, isHnsError } from '../../../hns/hns-error.ts';
import type { NetworkPort } from '../../../host/ports/network.ts';
import { monitorLockPath } from '../../../state/container-files.ts';
import { tryLock } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { listNetworkRecords } from './container-record.ts';
import type { ContainerLookup } from './endpoints.ts';
import { endpointName } from './endpoint-rules.ts';

export interface StaleEndpointDeps {
  readonly paths: DataPaths;
  readonly containers: ContainerLookup;
}

/**
 * Makes an endpoint. An address that is taken may be held by an endpoint that outlived its container's run, as HNS keeps
 * them over a crash (networking.md 8): such a one goes, and it is tried once more. Endpoints of other programs and of
 * containers that are alive are never touched.
 */
export async function createEndpoint(
  deps: StaleEndpointDeps,
  port: NetworkPort,
  document: HnsEndpoint,
): Promise<HnsEndpoint> {
  try {
    return await port.createEndpoint(document);
  } catch (error) {
    if (document.IPAddress === undefined || !isHnsError(error, HNS.addressInvalidOrReserved)) throw error;
    const holders = await holdersOf(port, document);
    let freed = 0;
    for (const holder of holders) if (await dropIfStale(deps, port, holder)) freed += 1;
    if (freed === 0) throw withHolder(error, holders[0]);
    return port.createEndpoint(document);
  }
}

async function holdersOf(
  port: NetworkPort,
  { IPAddress, VirtualNetwork }: HnsEndpoint,
): Promise<HnsEndpoint[]> {
  return (await port.listEndpoints()).filter(
    (each) => each.IPAddress === IPAddress && sameGuid(each.VirtualNetwork, VirtualNetwork),
  );
}

/** True when it was a stopped container's of ours, and is gone now. Its monitor's lock keeps it from starting meanwhile. */
async function dropIfStale(
  { paths, containers }: StaleEndpointDeps,
  port: NetworkPort,
  holder: HnsEndpoint,
): Promise<boolean> {
  const owner = listNetworkRecords(paths).find((record) =>
    record.networks.some(
      ({ active }) =>
        active !== undefined &&
        (sameGuid(active.hnsId, holder.ID) || endpointName(active.endpointId) === holder.Name),
    ),
  );
  if (owner === undefined) return false;
  const lock = tryLock(monitorLockPath(paths, owner.containerId));
  if (lock === undefined) return false;
  try {
    if ((await containers.find(owner.containerId)).running) return false;
    await port.deleteEndpoint(holder.ID ?? '');
    return true;
  } finally {
    lock.release();
  }
}

function withHolder(error: HnsError, holder: HnsEndpoint | undefined): HnsError {
  if (holder === undefined) return error;
  return new HnsError(error.op, error.hresult, {
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    hint: `the endpoint ${holder.Name ?? ''} (${holder.ID ?? ''}) has the address: choose another one, or remove what holds it`,
    cause: error,
  });
}

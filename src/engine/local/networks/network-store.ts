import { join } from 'node:path';
import type { Environment } from '../../../environment.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { HnsNetwork } from '../../../hns/documents.ts';
import { sameGuid } from '../../../hns/guid.ts';
import { HNS, isHnsError } from '../../../hns/hns-error.ts';
import { networkDocument } from '../../../hns/network-document.ts';
import { networkOptionKeys } from '../../../hns/network-options.ts';
import { windowsDrivers, type NetworkHost } from '../../../hns/network-request.ts';
import type { NetworkPort } from '../../../host/ports/network.ts';
import type { Collection } from '../../../state/collection.ts';
import { withLock } from '../../../state/lock.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { rfc3339 } from '../../../state/timestamp.ts';
import { natRecord, networkCollection, noneRecord, type NetworkRecord } from './network-record.ts';

export interface NetworkStoreDeps {
  readonly environment: Pick<Environment, 'newId' | 'now'>;
  readonly paths: DataPaths;
  readonly network: () => Promise<NetworkPort>;
}

/** A network with what the host has of it. */
export interface FoundNetwork {
  readonly record: NetworkRecord;
  readonly hns: HnsNetwork | undefined;
}

/**
 * Docker's networks and their counterparts in HNS (networking.md 3.3). HNS is the truth about what exists, the records about
 * what it is called: unknown HNS networks are adopted, vanished ones (NAT networks do not survive a reboot) are made again
 * under the same Docker ID when they are next needed. `nat` and `none` always exist as records.
 */
export interface NetworkStore {
  list(): Promise<FoundNetwork[]>;
  /** Full ID, full name, unique ID prefix, in this order. Unknown: `network x not found`. */
  find(nameOrId: string): Promise<FoundNetwork>;
  /** The network with its HNS object, made now if it must be. */
  materialise(nameOrId: string): Promise<{ record: NetworkRecord; hns: HnsNetwork }>;
  /** Adds a network whose request was checked, and makes it in HNS unless it is only configuration. */
  add(record: NetworkRecord): Promise<void>;
  /** Deletes it in HNS, then the record. */
  remove(record: NetworkRecord): Promise<void>;
  /** One at a time on this host. Inside, only `locked` may be used for looking: the store's own `list` takes the same lock. */
  exclusively<T>(work: (locked: Pick<NetworkStore, 'list' | 'find'>) => Promise<T>): Promise<T>;
  host(): Promise<NetworkHost & { readonly forwarder: boolean }>;
}

export function createNetworkStore(deps: NetworkStoreDeps): NetworkStore {
  const records = networkCollection(deps.paths);
  const lockPath = join(deps.paths.locks, 'networks');

  const look = async (addMissingRecords: (networks: readonly HnsNetwork[]) => Promise<void> | void) => {
    const hnsNetworks = await (await deps.network()).listNetworks();
    if (needsRecords(readAll(records), hnsNetworks)) await addMissingRecords(hnsNetworks);
    return readAll(records).map((record) => ({
      record,
      hns: hnsNetworks.find((network) => sameGuid(network.ID, record.hnsId)),
    }));
  };
  const list = (): Promise<FoundNetwork[]> =>
    look((networks) => withLock(lockPath, () => addMissing(deps, records, networks)));
  const find = async (nameOrId: string): Promise<FoundNetwork> => pick(await list(), nameOrId);
  const lockedList = (): Promise<FoundNetwork[]> => look((networks) => addMissing(deps, records, networks));
  const locked = {
    list: lockedList,
    find: async (nameOrId: string): Promise<FoundNetwork> => pick(await lockedList(), nameOrId),
  };
  const exclusively: NetworkStore['exclusively'] = (work) => withLock(lockPath, () => work(locked));

  const create = async (record: NetworkRecord): Promise<HnsNetwork> => {
    const port = await deps.network();
    const honoursInternal = port.publish !== undefined;
    const document = networkDocument(record, { honoursInternal });
    const remembered = record.lastSubnets ?? [];
    if ((record.ipam.Config ?? []).length === 0 && remembered.length > 0) {
      try {
        return await port.createNetwork({ ...document, Subnets: [...remembered] });
      } catch (error) {
        // Something else uses that range now: HNS chooses again.
        if (!isHnsError(error, HNS.invalidParameter)) return await adoptSameName(port, document, error);
      }
    }
    try {
      return await port.createNetwork(document);
    } catch (error) {
      return await adoptSameName(port, document, error);
    }
  };

  return {
    list,
    find,
    exclusively,
    async materialise(nameOrId) {
      const found = await find(nameOrId);
      if (found.hns !== undefined) return { record: found.record, hns: found.hns };
      if (found.record.driver === 'null') throw unusable(found.record);
      return exclusively(async () => {
        const again = await locked.find(found.record.id);
        if (again.hns !== undefined) return { record: again.record, hns: again.hns };
        const hns = await create(again.record);
        return { record: remember(records, again.record, hns), hns };
      });
    },
    async add(record) {
      records.put(record.id, record, 0);
      if (record.driver === 'null') return;
      try {
        remember(records, record, await create(record));
      } catch (error) {
        records.remove(record.id);
        throw error;
      }
    },
    async remove(record) {
      if (record.hnsId !== undefined) await (await deps.network()).deleteNetwork(record.hnsId);
      records.remove(record.id);
    },
    async host() {
      const port = await deps.network();
      const forwarder = port.publish !== undefined;
      return {
        drivers:
          port.networkTypes ?? windowsDrivers.filter((driver) => driver !== 'null' && driver !== 'overlay'),
        embedded: forwarder,
        forwarder,
      };
    },
  };
}

function unusable(record: NetworkRecord): PortholeError {
  const what = record.configOnly ? 'a configuration-only network' : 'the network without connections';
  return new PortholeError(
    'forbidden',
    'NETWORK_UNUSABLE',
    `network ${record.name} is ${what} and cannot have endpoints`,
  );
}

function readAll(records: Collection<NetworkRecord>): NetworkRecord[] {
  return records.list().map((stored) => stored.value);
}

function remember(records: Collection<NetworkRecord>, record: NetworkRecord, hns: HnsNetwork): NetworkRecord {
  const next: NetworkRecord = {
    ...record,
    hnsId: hns.ID ?? '',
    ...(hns.Subnets === undefined ? {} : { lastSubnets: hns.Subnets }),
  };
  records.put(record.id, next);
  return next;
}

/** An HNS network of the same name was left by a run that was killed before it wrote the ID down: it is ours. */
async function adoptSameName(port: NetworkPort, document: HnsNetwork, error: unknown): Promise<HnsNetwork> {
  if (!isHnsError(error, HNS.networkAlreadyExists)) throw error;
  const name = document.Name?.toLowerCase();
  const existing = (await port.listNetworks()).find((network) => network.Name?.toLowerCase() === name);
  if (existing === undefined) throw error;
  return existing;
}

/** HNS types that are never adopted (networking.md 3.3). */
const hidden = new Set(['internal', 'private', 'mirrored']);

function unknownTo(known: readonly NetworkRecord[], networks: readonly HnsNetwork[]): HnsNetwork[] {
  return networks.filter(
    (network) =>
      !hidden.has((network.Type ?? 'nat').toLowerCase()) &&
      !known.some(
        (record) =>
          sameGuid(record.hnsId, network.ID) || (record.hnsId === undefined && record.id === network.Name),
      ),
  );
}

function needsRecords(known: readonly NetworkRecord[], networks: readonly HnsNetwork[]): boolean {
  const names = new Set(known.map((record) => record.name));
  return !names.has('nat') || !names.has('none') || unknownTo(known, networks).length > 0;
}

/** Adopts what HNS has and nobody knows, then adds `nat` and `none` if they are still missing. */
function addMissing(
  deps: NetworkStoreDeps,
  records: Collection<NetworkRecord>,
  networks: readonly HnsNetwork[],
): void {
  const created = rfc3339(deps.environment.now());
  const known = readAll(records);
  const names = new Set(known.map((record) => record.name));
  // `nat` lost its HNS object, and HNS has one that nobody knows: that is what a reboot of a host with several engines gives.
  const orphanedNat = known.find(
    (record) => record.name === 'nat' && !networks.some((network) => sameGuid(network.ID, record.hnsId)),
  );
  for (const network of unknownTo(known, networks)) {
    const type = (network.Type ?? 'nat').toLowerCase();
    if (type === 'nat' && orphanedNat !== undefined && network.Name?.toLowerCase() === 'nat') {
      remember(records, orphanedNat, network);
      continue;
    }
    const isDefault = type === 'nat' && !names.has('nat');
    const hnsName = network.Name ?? '';
    const freeName = names.has(hnsName) ? `${hnsName}-${(network.ID ?? '').slice(0, 8)}` : hnsName;
    const name = isDefault ? 'nat' : freeName;
    names.add(name);
    const record: NetworkRecord = {
      ...natRecord(deps.environment.newId(), created),
      name,
      driver: type,
      options: {
        [networkOptionKeys.hnsOwned]: 'true',
        [networkOptionKeys.networkName]: network.Name ?? '',
      },
    };
    records.put(record.id, record, 0);
    remember(records, record, network);
  }
  if (!names.has('nat')) {
    const nat = natRecord(deps.environment.newId(), created);
    records.put(nat.id, nat, 0);
  }
  if (!names.has('none')) {
    const none = noneRecord(deps.environment.newId(), created);
    records.put(none.id, none, 0);
  }
}

function pick(networks: readonly FoundNetwork[], nameOrId: string): FoundNetwork {
  const exact =
    networks.find(({ record }) => record.id === nameOrId) ??
    networks.find(({ record }) => record.name === nameOrId);
  if (exact !== undefined) return exact;
  const matches = nameOrId === '' ? [] : networks.filter(({ record }) => record.id.startsWith(nameOrId));
  if (matches.length > 1) {
    throw new PortholeError(
      'invalid',
      'NETWORK_AMBIGUOUS',
      `network ${nameOrId} is ambiguous (${matches.length} matches found based on ID prefix)`,
    );
  }
  const [match] = matches;
  if (match === undefined)
    throw new PortholeError('notFound', 'NETWORK_NOT_FOUND', `network ${nameOrId} not found`);
  return match;
}

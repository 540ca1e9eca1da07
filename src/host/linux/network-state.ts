import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HnsEndpoint, HnsNetwork } from '../../hns/documents.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { sweepTemporaries } from '../../state/atomic-file.ts';
import type { Collection } from '../../state/collection.ts';
import { fileCollection } from '../../state/file-collection.ts';
import { withLock } from '../../state/lock.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { ProcessIdentity } from '../../state/process-identity.ts';
import type { HostEntry } from '../ports/network.ts';
import type { FirewallRecord } from './firewall.ts';

/** `hns/networks/<GUID>.json`. Written before anything is made in the kernel. */
export interface NetworkState {
  readonly document: HnsNetwork;
  /** Networks do not outlive the boot that made them (networking.md key fact 3). */
  readonly boot: string;
  /** Absent where the level has no bridges. */
  readonly bridge?: string;
  readonly firewall?: FirewallRecord;
  /** Not finished: left by a killed process unless its lock is held. */
  readonly creating?: true;
}

export interface EndpointState {
  readonly document: HnsEndpoint;
  readonly boot: string;
  readonly namespaceId?: string;
  /** Interface name inside, while it is attached. */
  readonly device?: string;
  /** Host side of the link. */
  readonly veth?: string;
}

export interface NamespaceState {
  readonly id: string;
  readonly boot: string;
  /** Who asked for it: a namespace whose creator died before it attached anything is nobody's. */
  readonly creator: ProcessIdentity;
  /** Name below /run/netns, once made. */
  readonly netns?: string;
  readonly entries: readonly HostEntry[];
  readonly hostName?: string;
  readonly dnsSearch?: readonly string[];
  /** Rootless: a process inside, and the uplink's. */
  readonly sandbox?: ProcessIdentity;
  readonly uplink?: ProcessIdentity;
}

export interface NetworkStates {
  readonly networks: Collection<NetworkState>;
  readonly endpoints: Collection<EndpointState>;
  readonly namespaces: Collection<NamespaceState>;
  readonly boot: string;
  /** Mutating steps of all processes, one at a time. */
  exclusively<T>(work: () => Promise<T> | T): Promise<T>;
  /** Steps on one namespace, one at a time. */
  lockOf(namespaceId: string): string;
  /** The file of a network's or namespace's record. */
  file(kind: 'networks' | 'namespaces', id: string): string;
  /** Folder of a namespace's hosts and resolv.conf. */
  folder(namespaceId: string): string;
  /** What killed writers left beside the records. */
  sweepTemporaries(now: number): void;
  network(id: string | undefined): NetworkState;
  endpoint(id: string): EndpointState;
  namespace(id: string): NamespaceState;
}

export function networkStates(paths: DataPaths): NetworkStates {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const collection = <T>(name: string): Collection<T> =>
    fileCollection<T>(join(paths.hns, name), { noun: name.slice(0, -1), format: 1 });
  const networks = collection<NetworkState>('networks');
  const endpoints = collection<EndpointState>('endpoints');
  const namespaces = collection<NamespaceState>('namespaces');
  const look = <T extends { readonly boot: string }>(
    from: Collection<T>,
    id: string,
    op: string,
    missing: number,
  ): T => {
    const value = isKey(id) ? from.get(id.toUpperCase())?.value : undefined;
    if (value === undefined || value.boot !== boot) throw new HnsError(op, missing, { subject: id });
    return value;
  };
  return {
    networks,
    endpoints,
    namespaces,
    boot,
    exclusively: (work) => withLock(join(paths.locks, 'hns'), work),
    lockOf: (namespaceId) => join(paths.locks, `hns-${namespaceId.toUpperCase()}`),
    file: (kind, id) => join(paths.hns, kind, `${id.toUpperCase()}.json`),
    folder: (namespaceId) => join(paths.hns, 'files', namespaceId.toUpperCase()),
    sweepTemporaries: (now) => {
      for (const name of ['networks', 'endpoints', 'namespaces'])
        sweepTemporaries(join(paths.hns, name), now);
    },
    network: (id) => look(networks, id ?? '', 'getNetwork', HNS.networkNotFound),
    endpoint: (id) => look(endpoints, id, 'getEndpoint', HNS.endpointNotFound),
    namespace: (id) => look(namespaces, id, 'getNamespace', HNS.elementNotFound),
  };
}

function isKey(id: string): boolean {
  return /^[0-9A-Fa-f-]{1,64}$/.test(id);
}

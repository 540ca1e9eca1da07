import type { IPAM } from '../../../api/types/index.ts';
import type { HnsSubnet } from '../../../hns/documents.ts';
import type { NetworkFacts } from '../../../hns/inspect.ts';
import { networkOptionKeys } from '../../../hns/network-options.ts';
import type { Collection } from '../../../state/collection.ts';
import { fileCollection } from '../../../state/file-collection.ts';
import type { DataPaths } from '../../../state/paths.ts';

/** `networks/<id>.json`: a Docker network. The host's own object is `hnsId`, absent until something needs it. */
export interface NetworkRecord extends NetworkFacts {
  readonly hnsId?: string;
  /** What HNS chose last time: tried again after a reboot, so that addresses stay. */
  readonly lastSubnets?: readonly HnsSubnet[];
}

export function networkCollection(paths: DataPaths): Collection<NetworkRecord> {
  return fileCollection<NetworkRecord>(paths.networks, { noun: 'network', format: 1, durable: true });
}

const emptyFacts = {
  labels: {},
  internal: false,
  attachable: false,
  configOnly: false,
  configFrom: '',
} as const;

/** The default network; HNS' own name for it is `nat` too. */
export function natRecord(id: string, created: string): NetworkRecord {
  const ipam: IPAM = { Driver: 'windows', Options: null, Config: [] };
  return {
    ...emptyFacts,
    id,
    name: 'nat',
    created,
    driver: 'nat',
    ipam,
    options: { [networkOptionKeys.networkName]: 'nat' },
  };
}

export function noneRecord(id: string, created: string): NetworkRecord {
  const ipam: IPAM = { Driver: 'default', Options: null, Config: [] };
  return { ...emptyFacts, id, name: 'none', created, driver: 'null', ipam, options: {} };
}

import { join } from 'node:path';
import type { EndpointSettings, HostConfig } from '../../../api/types/index.ts';
import { listNames, readJsonIfExists, removeIfExists, writeJsonAtomic } from '../../../state/atomic-file.ts';
import { newerFormat } from '../../../state/collection.ts';
import type { DataPaths } from '../../../state/paths.ts';
import type { NetworkAllocation } from './endpoints.ts';

export const networkingFormat = 1;

/** One network of a container: what was asked for, and what it has while it runs. */
export interface ContainerNetworkEntry {
  /** Name or ID as the user gave it; Docker shows it as the key of `Networks`. */
  readonly name: string;
  readonly requested: EndpointSettings;
  /** Docker's ID of the network, known after the first start. */
  readonly networkId?: string;
  readonly active?: ActiveEndpoint;
}

export interface ActiveEndpoint {
  /** Docker's endpoint ID. Written before the HNS endpoint is made, whose name has its first digits. */
  readonly endpointId: string;
  /** HNS' endpoint ID, once made. */
  readonly hnsId?: string;
  readonly driver: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  readonly mac: string;
  /** Names that neighbours resolve. */
  readonly names: readonly string[];
}

/** `containers/<id>/network.json`. */
export interface ContainerNetworkRecord {
  readonly format: number;
  readonly containerId: string;
  readonly containerName: string;
  readonly hostname: string;
  readonly isolation: 'process' | 'hyperv';
  /** `nat`, `none`, a network, `container:<id>`. */
  readonly mode: string;
  readonly hostConfig: Pick<
    HostConfig,
    'PortBindings' | 'PublishAllPorts' | 'Dns' | 'DnsSearch' | 'ExtraHosts'
  >;
  readonly exposedPorts: readonly string[];
  readonly networks: readonly ContainerNetworkEntry[];
  /** Its own namespace, while it has one. */
  readonly namespaceId?: string;
  /** Whole once everything was made; what `release` has not taken back. */
  readonly allocation?: NetworkAllocation;
}

const fileName = 'network.json';
const idGrammar = /^[0-9a-f]{64}$/;

export function networkRecordPath(paths: DataPaths, containerId: string): string {
  return join(paths.container(containerId), fileName);
}

export function readNetworkRecord(paths: DataPaths, containerId: string): ContainerNetworkRecord | undefined {
  const record = readJsonIfExists<ContainerNetworkRecord>(networkRecordPath(paths, containerId));
  if (record !== undefined && record.format > networkingFormat)
    throw newerFormat(`networking of container ${containerId}`, record.format, networkingFormat);
  return record;
}

/** The caller holds the container's networking lock. */
export function writeNetworkRecord(paths: DataPaths, record: ContainerNetworkRecord): void {
  writeJsonAtomic(networkRecordPath(paths, record.containerId), record);
}

export function removeNetworkRecord(paths: DataPaths, containerId: string): void {
  removeIfExists(networkRecordPath(paths, containerId));
}

/** Records of all containers; damaged ones are left out, their container's own commands tell. */
export function listNetworkRecords(paths: DataPaths): ContainerNetworkRecord[] {
  return listNames(paths.containers)
    .filter((name) => idGrammar.test(name))
    .flatMap((id) => {
      try {
        return readNetworkRecord(paths, id) ?? [];
      } catch {
        return [];
      }
    });
}

/** Endpoints that exist on a network, of every container. */
export function activeEndpointsOn(
  records: readonly ContainerNetworkRecord[],
  networkId: string,
): { record: ContainerNetworkRecord; active: ActiveEndpoint }[] {
  return records.flatMap((record) =>
    record.networks.flatMap((entry) =>
      entry.networkId === networkId && entry.active?.hnsId !== undefined
        ? [{ record, active: entry.active }]
        : [],
    ),
  );
}

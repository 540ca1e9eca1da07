import type { StoreFacts } from '../../../doctor/store-checks.ts';
import { listNames } from '../../../state/atomic-file.ts';
import { readConfigRecord } from '../../../state/container-files.ts';
import { listContainers } from '../../../state/container-list.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { networkCollection } from '../networks/network-record.ts';
import type { NetworkRecord } from '../networks/network-record.ts';

/** What the files of this data root say, without any host. Files that cannot be read count as damaged or not at all. */
export function readStoreFacts(paths: DataPaths, now: number): StoreFacts {
  const { containers, broken } = listContainers(paths, now);
  const damaged = broken.flatMap(({ id, reason }) => (reason === 'damaged' ? [id] : []));
  return {
    networks: readNetworks(paths),
    publishedPorts: containers.flatMap(({ id, record }) => portsOf(paths, id, record.card.name)),
    damaged,
    leftovers: listNames(paths.trash).length,
  };
}

function readNetworks(paths: DataPaths): StoreFacts['networks'] {
  const records = networkCollection(paths).list(() => undefined);
  return records.map(({ value }) => ({ name: value.name, subnets: subnetsOf(value) }));
}

function subnetsOf({ ipam, lastSubnets }: NetworkRecord): string[] {
  const configured = (ipam.Config ?? []).flatMap(({ Subnet: subnet }) => subnet ?? []);
  const last = (lastSubnets ?? []).flatMap(({ AddressPrefix: prefix }) => prefix ?? []);
  return [...new Set([...configured, ...last])].filter((prefix) => prefix !== '0.0.0.0/0');
}

function portsOf(paths: DataPaths, id: string, name: string): StoreFacts['publishedPorts'][number][] {
  try {
    const bindings = readConfigRecord(paths, id).hostConfig.PortBindings;
    return Object.entries(bindings).flatMap(([port, list]) =>
      list.flatMap(({ HostPort: hostPort }) => {
        const number = Number(hostPort);
        return Number.isInteger(number) && number > 0
          ? [{ container: name, port: number, protocol: port.split('/')[1] ?? 'tcp' }]
          : [];
      }),
    );
  } catch {
    return [];
  }
}

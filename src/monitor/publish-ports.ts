import { PortholeError } from '../errors/porthole-error.ts';
import { HNS, isHnsError } from '../hns/hns-error.ts';
import type { NetworkPort, Publication } from '../host/ports/network.ts';
import type { RunAllocation } from './deps.ts';

/**
 * Opens the host ports where the host's NAT does not do it. A busy port becomes Docker's error, with the words that scripts
 * look for on Linux and on Windows (docker-cli.md 7): code `PORT_ALLOCATED`.
 */
export async function publishPorts(
  network: NetworkPort,
  allocation: RunAllocation,
): Promise<Publication | undefined> {
  if (allocation.forwards.length === 0 || network.publish === undefined) return undefined;
  if (allocation.namespaceId === undefined) return undefined;
  try {
    return await network.publish(allocation.namespaceId, allocation.forwards);
  } catch (error) {
    if (!isHnsError(error, HNS.portInUse, HNS.portAlreadyExists)) throw error;
    const where = error.subject ?? '';
    throw new PortholeError(
      'internal',
      'PORT_ALLOCATED',
      `failed to create endpoint ${allocation.endpointName} on network ${allocation.networkName}: ` +
        `Bind for ${where.replace(/\/(tcp|udp)$/, '')} failed: port is already allocated`,
      {
        hint: 'another program or container holds the host port: choose another, or stop that program',
        cause: error,
      },
    );
  }
}

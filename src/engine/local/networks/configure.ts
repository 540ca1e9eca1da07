import type { EndpointSettings } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { parseIPv4 } from '../../../hns/address.ts';
import { requestedEndpoint } from '../../../hns/inspect.ts';
import { isMac } from '../../../hns/mac.ts';
import { extraHosts } from '../../../hns/names.ts';
import { portMappings } from '../../../hns/ports.ts';
import {
  networkingFormat,
  type ContainerNetworkEntry,
  type ContainerNetworkRecord,
} from './container-record.ts';
import type { NetworkingRequest } from './endpoints.ts';

/**
 * A create request as the container's networking record, with Docker's checks at create (engine-api.md 4.1, networking.md
 * 5.6). `mode` is the normalised network mode; `container:` modes hold a full ID already. Pure.
 */
export function configuredRecord(
  request: NetworkingRequest,
  mode: string,
  host: { readonly forwarder: boolean },
): { record: ContainerNetworkRecord; warnings: string[] } {
  const warnings: string[] = [];
  extraHosts(request.hostConfig.ExtraHosts, undefined);
  for (const server of request.hostConfig.Dns ?? []) checkDnsServer(server);
  const endpoints = normalisedEndpoints(request, mode);
  const primary = endpoints.get(mode);
  const macAddress = request.macAddress ?? '';
  if (macAddress !== '' && primary !== undefined && !mode.startsWith('container:')) {
    if (primary.MacAddress !== '' && primary.MacAddress !== macAddress) {
      throw invalid(
        `the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty`,
      );
    }
    endpoints.set(mode, { ...primary, MacAddress: macAddress });
    warnings.push(
      'The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.',
    );
  }
  for (const [name, settings] of endpoints) checkEndpoint(name, settings);
  if (mode === 'none' && endpoints.size > 1) {
    throw new PortholeError(
      'invalid',
      'NETWORK_MODE_CONFLICT',
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    );
  }
  if (!mode.startsWith('container:')) {
    portMappings(
      {
        portBindings: request.hostConfig.PortBindings,
        exposedPorts: request.exposedPorts,
        publishAll: request.hostConfig.PublishAllPorts,
      },
      host,
    );
  }
  const networks: ContainerNetworkEntry[] = mode.startsWith('container:')
    ? []
    : [...endpoints].map(([name, requested]) => ({ name, requested }));
  return {
    record: {
      format: networkingFormat,
      containerId: request.containerId,
      containerName: request.containerName,
      hostname: request.hostname,
      isolation: request.isolation,
      mode,
      hostConfig: {
        PortBindings: request.hostConfig.PortBindings,
        PublishAllPorts: request.hostConfig.PublishAllPorts,
        Dns: request.hostConfig.Dns,
        DnsSearch: request.hostConfig.DnsSearch,
        ExtraHosts: request.hostConfig.ExtraHosts,
      },
      exposedPorts: request.exposedPorts,
      networks,
    },
    warnings,
  };
}

/** The mode's network first, then the others by name; `default` is `nat`. */
function normalisedEndpoints(request: NetworkingRequest, mode: string): Map<string, EndpointSettings> {
  const asked = new Map(
    Object.entries(request.endpoints ?? {}).map(([name, settings]) => [
      name === 'default' ? 'nat' : name,
      requestedEndpoint(settings),
    ]),
  );
  if (mode.startsWith('container:') && asked.size > 0) {
    const others = [...asked.keys()].filter((name) => name !== mode && !name.startsWith('container:'));
    // Docker's client repeats the mode as an endpoint's name.
    if (others.length > 0 && !(others.length === 1 && others[0] === 'nat')) {
      throw invalid(
        'container sharing network namespace with another container or host cannot be connected to any other network',
        'NETWORK_MODE_CONFLICT',
      );
    }
  }
  const result = new Map<string, EndpointSettings>();
  result.set(mode, asked.get(mode) ?? requestedEndpoint(undefined));
  for (const [name, settings] of [...asked].sort(([a], [b]) => (a < b ? -1 : 1))) result.set(name, settings);
  return result;
}

/** Docker's checks of one endpoint's settings; several faults come as a list. */
export function checkEndpoint(name: string, settings: EndpointSettings): void {
  const faults: string[] = [];
  const { IPv4Address: v4 = '', IPv6Address: v6 = '' } = settings.IPAMConfig ?? {};
  if (v4 !== '' && parseIPv4(v4) === undefined) faults.push(`invalid IPv4 address: ${v4}`);
  if (v6 !== '') faults.push(`IPv6 address ${v6} cannot be used: Windows networks have no IPv6 here`);
  if (settings.MacAddress !== '' && !isMac(settings.MacAddress))
    faults.push(`address ${settings.MacAddress}: invalid MAC address`);
  for (const address of settings.IPAMConfig?.LinkLocalIPs ?? [])
    faults.push(`link-local address ${address} cannot be used on Windows`);
  if (faults.length === 0) return;
  const list = faults.length === 1 ? faults[0] : faults.map((fault) => `* ${fault}`).join('\n');
  throw invalid(`invalid endpoint settings:\n${list}`, 'ENDPOINT_INVALID', `network ${name}`);
}

function checkDnsServer(server: string): void {
  if (parseIPv4(server) === undefined && !server.includes(':'))
    throw invalid(`invalid IP address: ${server}`);
}

function invalid(message: string, code = 'NETWORK_CONFIG_INVALID', hint?: string): PortholeError {
  return new PortholeError('invalid', code, message, hint === undefined ? {} : { hint });
}

/**
 * A container's part in networks, as the containers service and the monitor use it.
 *
 * One file a container, `containers/<id>/network.json`, is written only by this module, under its lock: what the user asked
 * for (`configure`), and while the container runs what it was given (`allocate` ... `release`). `network inspect`, names for
 * hosts files and "has active endpoints" are derived from these files and from what the host still has.
 *
 * Order: create -> `configure`; start -> `allocate`, then the monitor publishes `forwards` through the network port
 * (`publishPorts`) *before* it creates the compute system; exit -> close the publication, `release`; rm -> `forget`.
 * `release` is idempotent and may be called by any process for a container whose monitor is gone.
 */
import type { EndpointSettings, HostConfig, NetworkSettings, PortMap } from '../../../api/types/index.ts';
import type { HostEntry, PortForward } from '../../../host/ports/network.ts';

/** What `create` knows. `endpoints` is `NetworkingConfig.EndpointsConfig` as it came; `default` means `nat`. */
export interface NetworkingRequest {
  readonly containerId: string;
  /** Without the leading slash. */
  readonly containerName: string;
  /** `Config.Hostname` after its default (first 12 digits of the ID) was filled in. */
  readonly hostname: string;
  readonly isolation: 'process' | 'hyperv';
  readonly hostConfig: Pick<
    HostConfig,
    'NetworkMode' | 'PortBindings' | 'PublishAllPorts' | 'Dns' | 'DnsSearch' | 'ExtraHosts'
  >;
  /** `"80/tcp"` keys of the request and the image together. */
  readonly exposedPorts: readonly string[];
  readonly endpoints: Readonly<Record<string, EndpointSettings>> | null;
  /** `Config.MacAddress` of old clients. */
  readonly macAddress?: string;
}

/** What a running container was given. Plain data: it is stored and it goes to the monitor. */
export interface NetworkAllocation {
  /** For `Container.Networking.Namespace`; absent for `none`. Another container's with `container:<id>`. */
  readonly namespaceId?: string;
  /** HNS endpoint IDs, for v1's `EndpointList`. */
  readonly endpointIds: readonly string[];
  /** To be published by the monitor where the port has `publish` (Linux); the NAT policies carry them elsewhere. */
  readonly forwards: readonly PortForward[];
  /** Host ports that the host's NAT gave already (Windows). Empty where `forwards` is to be published. */
  readonly published: readonly PortForward[];
  readonly dnsSearch: readonly string[];
  /** Single-label names go to DNS (nat). */
  readonly allowUnqualifiedDns: boolean;
  /** With `--network container:<id>`: that container's ID, for v1's `NetworkSharedContainerName`. */
  readonly sharedWith?: string;
  /** Names for messages about ports: endpoint name (the container's) and network name. */
  readonly endpointName: string;
  readonly networkName: string;
}

/** The state of another container, as far as `container:<id>` and connect/disconnect need it. */
export interface NetworkedContainer {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly status: string;
  readonly running: boolean;
  readonly isolation: 'process' | 'hyperv';
}

/** Given by the containers service. */
export interface ContainerLookup {
  /** Full ID, unique prefix or name. Unknown: `No such container: x`. */
  find(nameOrId: string): Promise<NetworkedContainer>;
}

export interface ContainerNetworks {
  /**
   * Checks what Docker checks at create and writes the container's networking. Nothing is allocated, networks need not
   * exist yet. Returns the normalised `HostConfig.NetworkMode` (`default` -> `nat`; `container:<name>` -> `container:<id>`).
   */
  configure(
    request: NetworkingRequest,
  ): Promise<{ readonly networkMode: string; readonly warnings: string[] }>;

  /**
   * Creates and attaches the endpoints, writes names into the hosts files of all neighbours. What a crashed predecessor
   * left is released first. On any error nothing is left. Errors: `network x not found`, `failed to create endpoint ...`,
   * those of `container:<id>` (networking.md 5.6).
   */
  allocate(containerId: string): Promise<NetworkAllocation>;

  /** What `allocate` gave and `release` has not taken back. */
  allocation(containerId: string): NetworkAllocation | undefined;

  /** Gives endpoints and namespace back and takes the names out of the neighbours' hosts files. Idempotent. */
  release(containerId: string): Promise<void>;

  /**
   * `NetworkSettings` for inspect. `bound`: what the monitor really bound (`Publication.forwards`), undefined = not running.
   * Synchronous and without a host call: it is on the road of `ps` and `inspect`.
   */
  settings(containerId: string, bound: readonly PortForward[] | undefined): NetworkSettings;

  /** `NetworkSettings.Networks` alone, for list items. */
  endpointSettings(containerId: string): Record<string, EndpointSettings>;

  /** New container name in records and hosts files. */
  rename(containerId: string, newName: string): Promise<void>;

  /** Removes the container's record. For `rm`; the container must have been released. */
  forget(containerId: string): void;

  /** Releases what containers hold that are not alive (their monitor is gone). Cheap when there is nothing to do. */
  reconcile(isAlive: (containerId: string) => boolean): Promise<void>;
}

export type { EndpointSettings, HostEntry, NetworkSettings, PortForward, PortMap };

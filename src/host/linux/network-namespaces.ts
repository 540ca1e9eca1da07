import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sameGuid } from '../../hns/guid.ts';
import { HNS, HnsError } from '../../hns/hns-error.ts';
import { dockerMac } from '../../hns/mac.ts';
import { withLock } from '../../state/lock.ts';
import { identityOf, isAlive, ownIdentity } from '../../state/process-identity.ts';
import type { PortCall } from '../ports/compute.ts';
import type { HostEntry, PortForward, Publication } from '../ports/network.ts';
import { namespaceName, namespacePath, vethName } from './kernel-names.ts';
import { noteObject } from './kernel-objects.ts';
import { detached, type NetworkContext } from './network-context.ts';
import type { EndpointState, NamespaceState } from './network-state.ts';
import { bindPorts } from './port-listen.ts';
import { servePorts } from './port-proxy.ts';
import {
  hostResolver,
  hostsText,
  isLoopbackServer,
  parseResolvConf,
  readHostFile,
  resolvConfText,
  rewriteInPlace,
  type ResolverSettings,
} from './resolver-files.ts';
import {
  pastaResolver,
  setUpLoopback,
  startPasta,
  WaitingPorts,
  type SandboxAddress,
} from './rootless-network.ts';
import type { PreparedSandboxNetwork, SandboxNetworkOptions } from './sandbox-network.ts';

/** Namespaces of the Linux network adapter: what containers enter, and the files and ports that go with it. */
export class NamespaceAdapter {
  readonly #context: NetworkContext;
  /** Rootless: published ports by namespace, for the moment its sandbox runs. */
  readonly #waiting = new Map<string, Set<WaitingPorts>>();

  constructor(context: NetworkContext) {
    this.#context = context;
  }

  async create(call: PortCall | undefined): Promise<string> {
    call?.signal?.throwIfAborted();
    const { states, newGuid } = this.#context;
    return states.exclusively(async () => {
      await this.#context.sweep();
      const id = newGuid();
      states.namespaces.put(id.toUpperCase(), {
        id,
        boot: states.boot,
        creator: ownIdentity(),
        entries: [],
      });
      return id;
    });
  }

  delete(id: string): Promise<void> {
    return this.#alone(id, async () => {
      const stored = this.#context.states.namespaces.get(id.toUpperCase())?.value;
      if (stored !== undefined) await this.#context.dropNamespace(stored);
    });
  }

  async attach(namespaceId: string, endpointId: string, call: PortCall | undefined): Promise<void> {
    call?.signal?.throwIfAborted();
    const { states, level } = this.#context;
    states.namespace(namespaceId);
    await this.#alone(namespaceId, async () => {
      const claimed = await states.exclusively(() => this.#claim(namespaceId, endpointId));
      try {
        if (level === 'root') await this.#link(claimed);
        this.#context.putEndpoint({ ...claimed, document: { ...claimed.document, State: 2 } });
      } catch (error) {
        if (claimed.veth !== undefined) await this.#context.kernel.removeLink(claimed.veth);
        this.#context.putEndpoint(detached(claimed));
        throw error;
      }
      this.#writeResolver(states.namespace(namespaceId));
    });
  }

  detach(namespaceId: string, endpointId: string): Promise<void> {
    return this.#alone(namespaceId, async () => {
      const stored = this.#context.states.endpoints.get(endpointId.toUpperCase())?.value;
      if (stored === undefined || !sameGuid(stored.namespaceId, namespaceId)) return;
      if (stored.veth !== undefined) await this.#context.kernel.removeLink(stored.veth);
      this.#context.putEndpoint(detached(stored));
    });
  }

  async setHosts(namespaceId: string, entries: readonly HostEntry[]): Promise<void> {
    this.#context.states.namespace(namespaceId);
    await this.#alone(namespaceId, async () => this.#writeHosts(this.#change(namespaceId, { entries })));
  }

  async prepare(
    namespaceId: string | undefined,
    options: SandboxNetworkOptions,
  ): Promise<PreparedSandboxNetwork> {
    if (namespaceId === undefined) return this.#prepareNone(options);
    const { states, level } = this.#context;
    return this.#alone(namespaceId, async () => {
      const stored = states.namespace(namespaceId);
      if (level !== 'root' && stored.sandbox !== undefined && isAlive(stored.sandbox))
        throw sharingNeedsRoot();
      const netns = level === 'root' ? (stored.netns ?? namespaceName(stored.id)) : undefined;
      if (netns !== undefined && stored.netns === undefined) {
        this.#note(stored.id, netns);
        await this.#context.kernel.addNamespace(netns);
      }
      const namespace = this.#change(namespaceId, {
        ...(netns === undefined ? {} : { netns }),
        ...(options.hostName === undefined ? {} : { hostName: options.hostName }),
        ...(options.dnsSearch === undefined ? {} : { dnsSearch: options.dnsSearch }),
      });
      this.#writeHosts(namespace);
      this.#writeResolver(namespace);
      const files = this.#files(stored.id);
      return netns === undefined
        ? { ...files, started: (pid) => this.#started(stored.id, pid) }
        : { ...files, netnsPath: namespacePath(netns) };
    });
  }

  async publish(
    namespaceId: string,
    forwards: readonly PortForward[],
    call: PortCall | undefined,
  ): Promise<Publication> {
    call?.signal?.throwIfAborted();
    const { states, level } = this.#context;
    const namespace = states.namespace(namespaceId);
    const ports = await bindPorts(forwards);
    const targets = this.#addresses(namespaceId).map(({ address }) => address);
    if (level === 'root') return servePorts(ports, targets);
    const waiting = new WaitingPorts(ports);
    const key = namespaceId.toUpperCase();
    const others = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, others.add(waiting));
    if (namespace.sandbox !== undefined && isAlive(namespace.sandbox))
      await this.#serveInside(waiting, namespace.sandbox.pid, targets);
    return {
      forwards: ports.map(({ forward }) => forward),
      close: () => {
        others.delete(waiting);
        return waiting.close();
      },
    };
  }

  /** The namespace's own lock: making links takes a while, and containers start side by side. */
  #alone<T>(namespaceId: string, work: () => Promise<T>): Promise<T> {
    return withLock(this.#context.states.lockOf(namespaceId), work);
  }

  #note(namespaceId: string, netns: string): void {
    const record = this.#context.states.file('namespaces', namespaceId);
    noteObject({ kind: 'namespace', name: netns, record });
  }

  /** What others write at the same time stays: monitors of neighbours tell their names here. Gone: as `states.namespace`. */
  #change(namespaceId: string, change: Partial<NamespaceState>): NamespaceState {
    const { states } = this.#context;
    states.namespaces.update(namespaceId.toUpperCase(), (current) => current && { ...current, ...change });
    return states.namespace(namespaceId);
  }

  /** Marks the endpoint as taken, with the names of what is about to be made. */
  #claim(namespaceId: string, endpointId: string): EndpointState {
    const { states, level, newGuid } = this.#context;
    const namespace = states.namespace(namespaceId);
    const endpoint = states.endpoint(endpointId);
    const holder = endpoint.namespaceId;
    if (holder !== undefined && states.namespaces.get(holder.toUpperCase()) !== undefined)
      throw new HnsError('attachEndpoint', HNS.endpointAlreadyAttached, { subject: endpointId });
    if (level !== 'root' && namespace.sandbox !== undefined && isAlive(namespace.sandbox)) {
      throw new HnsError('attachEndpoint', HNS.notSupported, {
        text: 'unsupported platform request',
        hint: 'connecting a running container needs root: stop it, connect it, start it',
      });
    }
    const used = new Set(this.#context.endpointsIn(namespaceId).map((each) => each.device));
    let index = 0;
    while (used.has(`eth${index}`)) index += 1;
    const claimed: EndpointState = {
      ...endpoint,
      namespaceId: namespace.id,
      device: `eth${index}`,
      ...(level === 'root' ? { veth: vethName(newGuid()) } : {}),
    };
    this.#context.putEndpoint(claimed);
    return claimed;
  }

  async #link(endpoint: EndpointState): Promise<void> {
    const { states, kernel } = this.#context;
    const { document } = endpoint;
    const network = states.network(document.VirtualNetwork);
    const namespace = states.namespace(endpoint.namespaceId!);
    const netns = namespace.netns ?? namespaceName(namespace.id);
    const isFirst = endpoint.device === 'eth0';
    const leavesNetwork = (network.document.Type ?? 'nat').toLowerCase() === 'nat';
    if (namespace.netns === undefined) {
      this.#change(namespace.id, { netns });
      this.#note(namespace.id, netns);
    }
    await kernel.addLink(
      {
        bridge: network.bridge ?? '',
        veth: endpoint.veth!,
        netns,
        device: endpoint.device!,
        mac: dockerMac(document.MacAddress ?? ''),
        address: `${document.IPAddress ?? ''}/${document.PrefixLength ?? 32}`,
        ...(isFirst && leavesNetwork ? { gateway: document.GatewayAddress! } : {}),
        isolated: document.DisableICC === true,
      },
      namespace.netns === undefined,
    );
  }

  #addresses(namespaceId: string): SandboxAddress[] {
    return this.#context.endpointsIn(namespaceId).map(({ document }) => ({
      address: document.IPAddress ?? '',
      prefixLength: document.PrefixLength ?? 32,
      gateway: document.GatewayAddress ?? '',
    }));
  }

  /** Rootless: the sandbox's own namespace gets addresses, an uplink where there can be one, and its published ports. */
  async #started(namespaceId: string, pid: number): Promise<void> {
    const { states, level, path } = this.#context;
    const addresses = this.#addresses(namespaceId);
    const [first, ...others] = addresses;
    const sandbox = identityOf(pid);
    if (sandbox !== undefined) this.#change(namespaceId, { sandbox });
    if (level === 'pasta' && first !== undefined) {
      await setUpLoopback(pid, others, path);
      const pidFile = join(states.folder(namespaceId), 'pasta.pid');
      const uplink = await startPasta(pid, first, {
        forwardsDns: needsForwarder(),
        pidFile,
        asRoot: this.#context.deps.environment.elevated,
        path,
      });
      if (uplink !== undefined) this.#change(namespaceId, { uplink });
    } else await setUpLoopback(pid, addresses, path);
    const targets = addresses.map(({ address }) => address);
    for (const waiting of this.#waiting.get(namespaceId.toUpperCase()) ?? [])
      await this.#serveInside(waiting, pid, targets);
  }

  #serveInside(waiting: WaitingPorts, pid: number, addresses: readonly string[]): Promise<void> {
    const { deps, path } = this.#context;
    return waiting.serveInside(pid, ['127.0.0.1', ...addresses], deps.worker, path);
  }

  #files(namespaceId: string): { hosts: string; resolvConf: string } {
    const folder = this.#context.states.folder(namespaceId);
    return { hosts: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') };
  }

  #writeHosts(namespace: NamespaceState): void {
    const address = this.#addresses(namespace.id)[0]?.address;
    const own = {
      ...(namespace.hostName === undefined ? {} : { name: namespace.hostName }),
      ...(address === undefined ? {} : { address }),
    };
    rewriteInPlace(this.#files(namespace.id).hosts, hostsText(namespace.entries, own));
  }

  #writeResolver(namespace: NamespaceState): void {
    rewriteInPlace(this.#files(namespace.id).resolvConf, resolvConfText(this.#resolver(namespace)));
  }

  #resolver(namespace: NamespaceState): ResolverSettings {
    const { states, level } = this.#context;
    const endpoints = this.#context.endpointsIn(namespace.id).map(({ document }) => document);
    const listOf = (text: string | undefined): string[] =>
      (text ?? '').split(',').filter((item) => item !== '');
    const networks = endpoints.map(
      (endpoint) => states.networks.get(endpoint.VirtualNetwork?.toUpperCase() ?? '')?.value.document,
    );
    const given = [
      ...endpoints.flatMap((endpoint) => listOf(endpoint.DNSServerList)),
      ...networks.flatMap((network) => listOf(network?.DNSServerList)),
    ];
    const suffixes = [...endpoints, ...networks].flatMap((each) => listOf(each?.DNSSuffix));
    const host = hostResolver(readHostFile);
    const search = namespace.dnsSearch ?? [];
    return {
      ...host,
      nameservers: given.length > 0 ? given : this.#hostServers(level, host),
      search: search.length > 0 ? search : [...suffixes, ...host.search],
    };
  }

  #hostServers(level: string, host: ResolverSettings): readonly string[] {
    if (level === 'loopback') return [];
    return level === 'pasta' && needsForwarder() ? [pastaResolver] : host.nameservers;
  }

  /** `--network none`: files of the host name's own, as nothing in them ever changes. */
  #prepareNone(options: SandboxNetworkOptions): PreparedSandboxNetwork {
    const { deps, path } = this.#context;
    const parent = join(deps.paths.hns, 'none');
    mkdirSync(parent, { recursive: true });
    // Files that are bound into a sandbox stay readable there when they are removed here.
    for (const name of readdirSync(parent)) {
      const folder = join(parent, name);
      const age = deps.environment.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (age > 86_400_000) rmSync(folder, { recursive: true, force: true });
    }
    const name = options.hostName ?? 'localhost';
    const folder = join(parent, name.replaceAll(/[^A-Za-z0-9.-]/g, '_').replace(/^\.+/, '_'));
    const hosts = join(folder, 'hosts');
    const resolvConf = join(folder, 'resolv.conf');
    rewriteInPlace(hosts, hostsText([], options.hostName === undefined ? {} : { name: options.hostName }));
    rewriteInPlace(resolvConf, resolvConfText({ nameservers: [], search: [], options: [] }));
    return {
      hosts,
      resolvConf,
      // Ping and low ports inside are a courtesy here, not a promise.
      started: (pid) => setUpLoopback(pid, [], path).catch(() => undefined),
    };
  }
}

/** True when the host resolves only through itself, which pasta has to forward. */
function needsForwarder(): boolean {
  const { nameservers } = parseResolvConf(readHostFile('/etc/resolv.conf') ?? '');
  return nameservers.length > 0 && nameservers.every(isLoopbackServer);
}

function sharingNeedsRoot(): HnsError {
  return new HnsError('attachEndpoint', HNS.notSupported, {
    text: 'sharing the network of another container is not supported without root',
    hint: 'run porthole as root, or give each container its own network',
  });
}

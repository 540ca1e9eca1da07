import { existsSync, rmSync } from 'node:fs';
import type { Environment } from '../../environment.ts';
import type { HnsEndpoint } from '../../hns/documents.ts';
import { guidFromHex, sameGuid } from '../../hns/guid.ts';
import type { DataPaths } from '../../state/paths.ts';
import { tryLock } from '../../state/lock.ts';
import { isAlive } from '../../state/process-identity.ts';
import { removeFirewall, type FirewallRecord } from './firewall.ts';
import { namespacePath } from './kernel-names.ts';
import { forgetObject, orphanedObjects } from './kernel-objects.ts';
import { KernelNetwork, linkNames } from './kernel-network.ts';
import { detectLevel, type LevelFacts, type NetworkLevel } from './network-level.ts';
import {
  networkStates,
  type EndpointState,
  type NamespaceState,
  type NetworkState,
  type NetworkStates,
} from './network-state.ts';
import { stopProcess, type WorkerSettings } from './rootless-network.ts';

export interface LinuxNetworkDeps {
  readonly environment: Pick<Environment, 'newId' | 'env' | 'elevated' | 'now'>;
  readonly paths: DataPaths;
  /** How the forwarder of rootless sandboxes is started. */
  readonly worker: WorkerSettings;
  /** Less than the host gives, for tests. */
  readonly level?: NetworkLevel;
}

/** What the parts of the Linux network adapter share. */
export class NetworkContext {
  readonly deps: LinuxNetworkDeps;
  readonly states: NetworkStates;
  readonly kernel: KernelNetwork;
  readonly path: string | undefined;
  #facts: LevelFacts | undefined;

  constructor(deps: LinuxNetworkDeps) {
    this.deps = deps;
    this.path = deps.environment.env['PATH'];
    this.states = networkStates(deps.paths);
    this.kernel = new KernelNetwork(this.path);
  }

  /** Looked up on first use: a command that only lists needs it, one that does not touch networks does not. */
  get facts(): LevelFacts {
    this.#facts ??=
      this.deps.level === undefined ? detectLevel(this.path) : { level: this.deps.level, warnings: [] };
    return this.#facts;
  }

  get level(): NetworkLevel {
    return this.facts.level;
  }

  get newGuid(): () => string {
    return () => guidFromHex(this.deps.environment.newId());
  }

  /** 0 <= n < 1 */
  get random(): () => number {
    return () => Number.parseInt(this.deps.environment.newId().slice(0, 12), 16) / 2 ** 48;
  }

  /** Networks that really are there: of this boot, and with their bridge. */
  liveNetworks(): NetworkState[] {
    const links = linkNames();
    return this.#ofThisBoot(this.states.networks).filter(
      (network) => network.creating !== true && (network.bridge === undefined || links.has(network.bridge)),
    );
  }

  liveEndpoints(): EndpointState[] {
    const networks = this.liveNetworks();
    return this.#ofThisBoot(this.states.endpoints).filter((endpoint) =>
      networks.some((network) => sameGuid(network.document.ID, endpoint.document.VirtualNetwork)),
    );
  }

  liveNamespaces(): NamespaceState[] {
    return this.#ofThisBoot(this.states.namespaces).filter(
      (namespace) => namespace.netns === undefined || existsSync(namespacePath(namespace.netns)),
    );
  }

  endpointsIn(namespaceId: string): EndpointState[] {
    return this.#ofThisBoot(this.states.endpoints)
      .filter((endpoint) => sameGuid(endpoint.namespaceId, namespaceId))
      .sort((a, b) => ((a.device ?? '') < (b.device ?? '') ? -1 : 1));
  }

  putEndpoint(state: EndpointState): HnsEndpoint {
    this.states.endpoints.put(state.document.ID!.toUpperCase(), state);
    return state.document;
  }

  /** Takes everything of a network away, in whatever state it is. Endpoints are the caller's. */
  async dropNetwork(state: NetworkState): Promise<void> {
    const id = state.document.ID ?? '';
    // What a killed process had installed is not known.
    const firewall: FirewallRecord | undefined =
      state.creating === true ? { nft: true, iptables: ['nat', 'filter'] } : state.firewall;
    if (state.bridge !== undefined) {
      if (firewall !== undefined) await removeFirewall(id, firewall, this.path);
      await this.kernel.removeLink(state.bridge);
    }
    this.states.networks.remove(id.toUpperCase());
    if (state.bridge !== undefined) forgetObject(state.bridge);
  }

  /** Takes everything of a namespace away. The endpoints stay, detached. */
  async dropNamespace(namespace: NamespaceState): Promise<void> {
    stopProcess(namespace.uplink);
    if (namespace.netns !== undefined) await this.kernel.removeNamespace(namespace.netns);
    if (namespace.netns !== undefined) forgetObject(namespace.netns);
    for (const endpoint of this.endpointsIn(namespace.id)) this.putEndpoint(detached(endpoint));
    this.forgetNamespace(namespace);
  }

  forgetNamespace(namespace: NamespaceState): void {
    rmSync(this.states.folder(namespace.id), { recursive: true, force: true });
    this.states.namespaces.remove(namespace.id.toUpperCase());
  }

  /** Bridges and namespaces of data roots that somebody deleted. */
  async #sweepOrphans(): Promise<void> {
    for (const object of orphanedObjects()) {
      if (object.kind === 'namespace') await this.kernel.removeNamespace(object.name);
      else {
        if (object.firewall !== undefined)
          await removeFirewall(object.networkId ?? '', object.firewall, this.path);
        await this.kernel.removeLink(object.name);
      }
      forgetObject(object.name);
    }
  }

  /**
   * What is no more: records of an earlier boot, networks that were never finished or whose bridge somebody removed, and
   * namespaces whose creator died before it attached anything. The caller holds the lock.
   */
  async sweep(): Promise<void> {
    const { states } = this;
    if (this.level === 'root') await this.#sweepOrphans();
    states.sweepTemporaries(this.deps.environment.now());
    const live = new Set(this.liveNetworks().map((network) => network.document.ID?.toUpperCase()));
    for (const { key, value } of states.networks.list(ignoreDamaged)) {
      if (value.boot !== states.boot) states.networks.remove(key);
      else if (!live.has(key)) await this.dropNetwork(value);
    }
    for (const { key, value } of states.endpoints.list(ignoreDamaged))
      if (!live.has(value.document.VirtualNetwork?.toUpperCase())) states.endpoints.remove(key);
    for (const { value } of states.namespaces.list(ignoreDamaged)) {
      if (value.boot !== states.boot) this.forgetNamespace(value);
      else if (!isAlive(value.creator) && this.endpointsIn(value.id).length === 0) {
        await this.dropNamespace(value);
        // Its creator may have died within the lock.
        tryLock(states.lockOf(value.id))?.release();
      }
    }
  }

  #ofThisBoot<T extends { readonly boot: string }>(from: {
    list(onDamaged: () => void): { readonly value: T }[];
  }): T[] {
    return from
      .list(ignoreDamaged)
      .map(({ value }) => value)
      .filter((value) => value.boot === this.states.boot);
  }
}

/** The endpoint without its place in a namespace; HNS' state 4 is "detached". */
export function detached(endpoint: EndpointState): EndpointState {
  const { namespaceId: _namespace, veth: _veth, device: _device, ...rest } = endpoint;
  return { ...rest, document: { ...rest.document, State: 4 } };
}

/** A damaged record is one that Porthole did not write; it is not listed. */
function ignoreDamaged(): void {
  return undefined;
}

import type { SystemRole } from '../../roles/index.ts';
import type { EventMessage } from '../../../api/types/index.ts';
import type { BuildInfo } from '../../../build-info.ts';
import type { HostFacts, HostFactsPort } from '../../../host/ports/host-facts.ts';
import type { HostObjects } from '../../../doctor/host-object-checks.ts';
import type { StoreFacts } from '../../../doctor/store-checks.ts';
import type { InfoDeps } from './info.ts';

/** What the host holds for containers (host-objects.ts). */
export interface HostObjectsReader {
  readonly read: (facts: HostFacts) => Promise<HostObjects>;
  readonly release: (containerIds: readonly string[]) => Promise<void>;
}

export interface SystemDeps extends InfoDeps {
  readonly build: BuildInfo;
  readonly facts: () => Promise<HostFactsPort>;
  readonly sweepStore: () => Promise<void>;
  /** What `sweepStore` would remove of layers and blobs. */
  readonly unneededContent: () => Promise<NonNullable<StoreFacts['unneeded']>>;
  readonly hostObjects: HostObjectsReader;
}

/** The system role; each method imports what it needs. */
export function systemRole(deps: SystemDeps): SystemRole {
  return {
    version: async () => {
      const { versionDocument } = await import('./version.ts');
      return versionDocument(deps.build, deps.environment);
    },
    info: async () => (await import('./info.ts')).infoDocument(deps),
    login: async (auth, options = {}) => (await import('./login.ts')).login(deps.environment, auth, options),
    host: async (options = {}) =>
      (await import('./isolation-host.ts')).isolationHost(await deps.facts(), options.signal),
    diagnose: async (options = {}) => (await import('./diagnose.ts')).diagnoseHost(deps, options),
    async *events(options): AsyncGenerator<EventMessage> {
      const { readEvents } = await import('../events/events.ts');
      yield* readEvents(deps, options);
    },
  };
}

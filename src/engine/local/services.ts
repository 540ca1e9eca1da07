/**
 * The local engine's services, composed of one host. Both composition roots use it: `src/main.ts` for commands and
 * `src/monitor/main.ts` for monitors. Nothing is opened here: every member opens what it needs when it is first called.
 */
import type { Environment } from '../../environment.ts';
import type { Host } from '../../host/host.ts';
import type { MonitorDeps } from '../../monitor/deps.ts';
import { appendEvent } from '../../state/event-log.ts';
import type { EventInput } from '../../state/event-log.ts';
import type { DataPaths } from '../../state/paths.ts';
import type { ContainerNetworks, NetworkAllocation } from './networks/endpoints.ts';
import type { NetworksRole } from '../roles/index.ts';

export interface LocalServicesInput {
  readonly environment: Environment;
  readonly paths: DataPaths;
  readonly host: () => Promise<Host>;
}

export interface LocalNetworks {
  readonly role: NetworksRole;
  readonly containers: ContainerNetworks;
}

export interface LocalServices {
  readonly networks: () => Promise<LocalNetworks>;
  readonly emit: (event: EventInput) => void;
}

export function localServices(input: LocalServicesInput): LocalServices {
  const { environment, paths } = input;
  const emit = (event: EventInput): void => appendEvent(paths.events, event, environment.now());
  return {
    emit,
    networks: once(async () => {
      const [{ createNetworks }, { containerLookup }] = await Promise.all([
        import('./networks/networks.ts'),
        import('./containers/lookup.ts'),
      ]);
      return createNetworks({
        environment,
        paths,
        network: async () => (await input.host()).network,
        containers: containerLookup(input),
        emit,
      });
    }),
  };
}

/** What a monitor works with on this host. */
export async function monitorDeps(input: LocalServicesInput): Promise<MonitorDeps<NetworkAllocation>> {
  const [{ upkeepDeps }, { planExec, planRun }] = await Promise.all([
    import('./containers/upkeep.ts'),
    import('./containers/plan.ts'),
  ]);
  const { paths } = input;
  const services = localServices(input);
  const networks = async (): Promise<ContainerNetworks> => (await services.networks()).containers;
  return {
    ...upkeepDeps({ ...input, networks }),
    platform: input.environment.platform,
    networks,
    plan: (config, scratch, allocation) =>
      planRun({ paths, compute: async () => (await input.host()).compute }, config, scratch, allocation),
    planExec,
  };
}

/** Calls `make` once; later callers get the same promise. A failure is not kept: the next caller tries again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

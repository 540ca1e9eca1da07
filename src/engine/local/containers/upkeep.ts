import type { UpkeepDeps } from '../../../monitor/deps.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { appendEvent } from '../../../state/event-log.ts';
import { volumeStore } from '../volumes/store.ts';
import type { ContainerDeps } from './deps.ts';

/** The service's dependencies as removal and repair take them. */
export function upkeepDeps(
  deps: Pick<ContainerDeps, 'environment' | 'paths' | 'host' | 'networks'>,
): UpkeepDeps {
  const { environment, paths } = deps;
  return {
    paths,
    now: environment.now,
    host: deps.host,
    networks: deps.networks,
    emit: (event) => appendEvent(paths.events, event, environment.now()),
    removeVolume: async (name, containerId) => {
      try {
        volumeStore({ paths, now: environment.now }).remove(name, containerId);
      } catch (error) {
        // In use by another container, or gone already: as with Docker, no reason not to remove the container.
        if (!(error instanceof PortholeError)) throw error;
      }
    },
  };
}

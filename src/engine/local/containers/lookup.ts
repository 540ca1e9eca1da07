import { lookAt, noSuchContainer, resolveContainer } from '../../../state/container-list.ts';
import type { ContainerLookup } from '../networks/endpoints.ts';
import type { ContainerReadDeps } from './deps.ts';

/** Other containers as the networks service asks for them. */
export function containerLookup(deps: Pick<ContainerReadDeps, 'paths' | 'environment'>): ContainerLookup {
  return {
    find: async (nameOrId) => {
      const id = resolveContainer(deps.paths, nameOrId);
      const found = lookAt(deps.paths, id, deps.environment.now());
      if (found === undefined) throw noSuchContainer(nameOrId);
      return {
        id,
        name: found.record.card.name,
        status: found.status,
        running: found.state.Running,
        isolation: found.record.card.isolation === 'hyperv' ? 'hyperv' : 'process',
      };
    },
  };
}

import type { FilesystemChange } from '../../../api/types/index.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import type { LayerChange } from '../../../host/ports/layers.ts';
import type { CallOptions } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { whileAtRest } from './hold.ts';

const kinds: Readonly<Record<LayerChange['kind'], FilesystemChange['Kind']>> = {
  modified: 0,
  added: 1,
  deleted: 2,
};

/** The role's `changes`. moby refuses running containers on Windows, whatever their isolation. */
export async function containerChanges(
  deps: ContainerDeps,
  reference: string,
  options: CallOptions = {},
): Promise<FilesystemChange[]> {
  return whileAtRest(
    deps,
    reference,
    {
      ...options,
      refuse: ({ state, record }) => {
        if (!state.Running) return;
        throw new PortholeError(
          'internal',
          'CONTAINER_RUNNING',
          'Windows does not support diff of a running container',
          { hint: `stop it first: porthole stop ${record.card.name}` },
        );
      },
    },
    async ({ id }) => {
      const { layers } = await deps.host();
      const changes = await layers.changes(id, options);
      return changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
    },
  );
}

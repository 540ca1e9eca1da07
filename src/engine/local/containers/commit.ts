import type { ContainerCommitResponse } from '../../../api/types/index.ts';
import { applyChanges } from '../../../build/commit-changes.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { overlayConfig } from '../../../hcs/merge-config.ts';
import { familiarString, parseTagTarget } from '../../../image/reference.ts';
import { containerEvent } from '../../../monitor/container-event.ts';
import { readConfigRecord } from '../../../state/container-files.ts';
import type { ListedContainer } from '../../../state/container-list.ts';
import { appendEvent } from '../../../state/event-log.ts';
import type { CallOptions, ContainerCommitRequest } from '../../roles/index.ts';
import { builtWith, withBuiltWith } from '../images/built-with.ts';
import type { ContainerDeps } from './deps.ts';
import { whileAtRest } from './hold.ts';

/**
 * The role's `commit`. As moby does on Windows, only of a container that does not run, whatever its isolation; so there is
 * nothing that `pause` could pause. The image is recorded, with its name, when its layer is whole.
 */
export async function commitContainer(
  deps: ContainerDeps,
  reference: string,
  request: ContainerCommitRequest,
  options: CallOptions = {},
): Promise<ContainerCommitResponse> {
  const tag = request.reference === '' ? undefined : familiarString(parseTagTarget(request.reference));
  const { signal } = options;
  return whileAtRest(deps, reference, { ...options, refuse }, async ({ id, record }) => {
    const { image, config } = readConfigRecord(deps.paths, id);
    await requireImage(deps, image.id, record.card.name);
    const changed = overlayConfig(applyChanges(config, request.changes), config);
    const { layers, compute } = await deps.host();
    const label = record.run > 0 ? builtWith(await compute.host()) : undefined;
    const made = await deps.commitImage({
      parent: image.id,
      layer: await layers.diff(id, options),
      config: withBuiltWith(changed, label),
      history: {
        createdBy: (config.Cmd ?? []).join(' '),
        author: request.author,
        comment: request.comment,
      },
      container: id,
      containerConfig: config,
      tags: tag === undefined ? [] : [tag],
      ...(signal === undefined ? {} : { signal }),
    });
    appendEvent(
      deps.paths.events,
      containerEvent('commit', id, record.card, {
        comment: request.comment,
        imageID: made.id,
        imageRef: tag ?? '',
      }),
      deps.environment.now(),
    );
    return { Id: made.id };
  });
}

/** The image may have been removed by force since: then nothing can stand on it, and nothing need be exported. */
async function requireImage(deps: ContainerDeps, id: string, name: string): Promise<void> {
  try {
    await deps.resolveImage(id);
  } catch (error) {
    if (!(error instanceof PortholeError) || error.code !== 'IMAGE_NOT_FOUND') throw error;
    throw new PortholeError(error.kind, error.code, error.message, {
      hint: `the image of ${name} was removed: pull it again, or commit a container of another one`,
      cause: error,
    });
  }
}

function refuse({ id, state, status, record }: ListedContainer): void {
  if (state.Running) {
    throw new PortholeError(
      'internal',
      'CONTAINER_RUNNING',
      'windows does not support commit of a running container',
      { hint: `stop it first: porthole stop ${record.card.name}` },
    );
  }
  if (status !== 'dead' && status !== 'removing') return;
  const why = status === 'dead' ? 'which is Dead' : 'which is being removed';
  throw new PortholeError('conflict', 'CONTAINER_DEAD', `You cannot commit container ${id} ${why}`);
}

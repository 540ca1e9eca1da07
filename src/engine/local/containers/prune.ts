import type { ContainersPruneResponse } from '../../../api/types/index.ts';
import { listContainers } from '../../../state/container-list.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { CallOptions, Filters } from '../../roles/index.ts';
import { checkKeys, hasLabels, invalidFilter } from '../object-filters.ts';
import { pruneAlone, removedUnlessTaken } from '../prune.ts';
import type { ContainerDeps } from './deps.ts';
import { parseLogTime } from './log-records.ts';
import { reconcile, sweepNames } from './reconcile.ts';
import { removeByReference } from './remove.ts';
import { containerSizes } from './sizes.ts';

/** The role's `prune`: every container that does not run. One at a time across processes, as in Docker's daemon. */
export async function pruneContainers(
  deps: ContainerDeps,
  options: CallOptions & { filters?: Filters; dryRun?: boolean } = {},
): Promise<ContainersPruneResponse> {
  const wanted = pruneFilter(options.filters ?? {}, deps.environment.now());
  return pruneAlone(deps.paths, 'prune-containers', async () => {
    const before = listContainers(deps.paths, deps.environment.now());
    const broken = [
      ...before.containers.filter((container) => container.needsRepair),
      ...before.broken.filter((container) => container.reason === 'unfinished'),
    ];
    if (options.dryRun !== true) {
      await reconcile(
        deps,
        broken.map(({ id }) => id),
      );
      sweepNames(deps);
    }
    const deleted: string[] = [];
    let reclaimed = 0;
    for (const container of listContainers(deps.paths, deps.environment.now()).containers) {
      options.signal?.throwIfAborted();
      if (container.state.Running || container.record.phase === 'starting') continue;
      if (!wanted(container.record.card)) continue;
      const size = await containerSizes(deps, container.id).then(
        (sizes) => sizes.SizeRw,
        () => 0,
      );
      const remove = (): Promise<void> => removeByReference(deps, container.id, options);
      if (options.dryRun !== true && !(await removedUnlessTaken(remove))) continue;
      deleted.push(container.id);
      reclaimed += size;
    }
    if (options.dryRun !== true) emptyTrash(deps.paths.trash);
    return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
  });
}

interface Prunable {
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** `until`, `label`, `label!` (docker-cli.md 6). */
function pruneFilter(filters: Filters, now: number): (card: Prunable) => boolean {
  checkKeys(filters, ['until', 'label', 'label!']);
  const until = filters['until'] ?? [];
  if (until.length > 1) {
    throw invalidFilter('more than one until filter specified');
  }
  const bound = until[0] === undefined ? undefined : (parseLogTime('until', until[0], now) ?? now);
  return ({ created, labels }) =>
    (bound === undefined || created < bound) &&
    hasLabels(labels, filters['label'] ?? []) &&
    !(filters['label!'] ?? []).some((label) => hasLabels(labels, [label]));
}

import { join } from 'node:path';
import type { ContainersPruneResponse } from '../../../api/types/index.ts';
import { PortholeError, isKind } from '../../../errors/porthole-error.ts';
import { listContainers } from '../../../state/container-list.ts';
import { tryLock } from '../../../state/lock.ts';
import { emptyTrash } from '../../../state/trash.ts';
import type { CallOptions, Filters } from '../../roles/index.ts';
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
  const lock = tryLock(join(deps.paths.locks, 'prune-containers'));
  if (lock === undefined) {
    throw new PortholeError('conflict', 'PRUNE_RUNNING', 'a prune operation is already running');
  }
  try {
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
      if (options.dryRun !== true && !(await removed(deps, container.id, options))) continue;
      deleted.push(container.id);
      reclaimed += size;
    }
    if (options.dryRun !== true) emptyTrash(deps.paths.trash);
    return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
  } finally {
    lock.release();
  }
}

/** False when it was started or removed meanwhile. */
async function removed(deps: ContainerDeps, id: string, options: CallOptions): Promise<boolean> {
  try {
    await removeByReference(deps, id, options);
    return true;
  } catch (error) {
    if (isKind(error, 'conflict') || isKind(error, 'notFound')) return false;
    throw error;
  }
}

interface Prunable {
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** `until`, `label`, `label!` (docker-cli.md 6). */
function pruneFilter(filters: Filters, now: number): (card: Prunable) => boolean {
  for (const key of Object.keys(filters)) {
    if (!['until', 'label', 'label!'].includes(key)) {
      throw new PortholeError('invalid', 'FILTER_INVALID', `invalid filter '${key}'`);
    }
  }
  const until = filters['until'] ?? [];
  if (until.length > 1) {
    throw new PortholeError('invalid', 'FILTER_INVALID', 'more than one until filter specified');
  }
  const bound = until[0] === undefined ? undefined : (parseLogTime('until', until[0], now) ?? now);
  const has = (labels: Readonly<Record<string, string>>, text: string): boolean => {
    const at = text.indexOf('=');
    const key = at < 0 ? text : text.slice(0, at);
    return Object.hasOwn(labels, key) && (at < 0 || labels[key] === text.slice(at + 1));
  };
  return ({ created, labels }) =>
    (bound === undefined || created < bound) &&
    (filters['label'] ?? []).every((text) => has(labels, text)) &&
    !(filters['label!'] ?? []).some((text) => has(labels, text));
}

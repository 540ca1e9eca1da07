/**
 * The containers role. Each method imports what it needs when it is called, so that `ps` and `inspect` load nothing of
 * `create` and `start` (performance.md 4).
 */
import type { ContainersRole } from '../../roles/index.ts';
import type { ContainerDeps } from './deps.ts';
import { requireRights } from './require-rights.ts';

export function containersRole(deps: ContainerDeps): ContainersRole {
  return {
    create: async (request, options = {}) =>
      (await import('./create-from-image.ts')).createFromImage(deps, request, options),
    start: async (id, options) => {
      await requireRights(deps);
      return (await import('./lifecycle.ts')).startContainer(deps, id, options);
    },
    stop: async (id, options) => (await import('./lifecycle.ts')).stopContainer(deps, id, options),
    restart: async (id, options) => {
      await requireRights(deps);
      return (await import('./lifecycle.ts')).restartContainer(deps, id, options);
    },
    kill: async (id, signalName, options) =>
      (await import('./lifecycle.ts')).killContainer(deps, id, signalName, options),
    wait: async (id, condition, options) =>
      (await import('./wait.ts')).waitForContainer(deps, id, condition, options),
    attach: async (id, options) => (await import('./attach.ts')).attachToContainer(deps, id, options),
    resize: async (id, size) => (await import('./lifecycle.ts')).resizeContainer(deps, id, size),
    logs: async (id, options) => (await import('./logs.ts')).readLogs(deps, id, options),
    inspect: async (id, options) => (await import('./inspect.ts')).inspectContainer(deps, id, options),
    list: async (options) => (await import('./list.ts')).listSummaries(deps, options),
    remove: async (id, options) => {
      await requireRights(deps);
      return (await import('./remove.ts')).removeForGood(deps, id, options);
    },
    rename: async (id, name) => (await import('./rename.ts')).renameContainer(deps, id, name),
    top: async (id) => (await import('./top.ts')).topOfContainer(deps, id),
    commit: async (id, request, options) => {
      await requireRights(deps);
      return (await import('./commit.ts')).commitContainer(deps, id, request, options);
    },
    changes: async (id, options) => {
      await requireRights(deps);
      return (await import('./changes.ts')).containerChanges(deps, id, options);
    },
    prune: async (options = {}) => {
      if (options.dryRun !== true) await requireRights(deps);
      return (await import('./prune.ts')).pruneContainers(deps, options);
    },
  };
}

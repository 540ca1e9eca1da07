import { PortholeError } from '../../../errors/porthole-error.ts';
import { callMonitor } from '../../../monitor/client.ts';
import { containerEvent } from '../../../monitor/container-event.ts';
import { monitorLockPath, readStateRecord, writeStateRecord } from '../../../state/container-files.ts';
import { appendEvent } from '../../../state/event-log.ts';
import { tryLock } from '../../../state/lock.ts';
import { releaseName } from '../../../state/names.ts';
import type { ContainerDeps } from './deps.ts';
import { findContainer, monitorCallDeps } from './lifecycle.ts';
import { withMonitor } from './monitor-call.ts';
import { checkContainerName, takeName } from './names.ts';

/** The role's `rename`: new name reserved, state changed by its one writer, networks told, old name given back. */
export async function renameContainer(deps: ContainerDeps, reference: string, given: string): Promise<void> {
  const { paths } = deps;
  if (reference === '' || given === '') {
    throw new PortholeError('invalid', 'CONTAINER_NAME_INVALID', 'Neither old nor new names may be empty');
  }
  const { id, record } = await findContainer(deps, reference);
  const oldName = record.card.name;
  const newName = checkContainerName(given);
  if (newName === oldName) {
    throw new PortholeError(
      'invalid',
      'CONTAINER_NAME_SAME',
      'Renaming a container with the same name as its current name',
    );
  }
  takeName(paths, newName, id);
  try {
    await writeName(deps, id, newName);
    await (await deps.networks()).rename(id, newName);
  } catch (error) {
    await writeName(deps, id, oldName).catch(() => undefined);
    releaseName(paths.names, newName, id);
    throw error;
  }
  releaseName(paths.names, oldName, id);
  const card = { ...record.card, name: newName };
  appendEvent(
    paths.events,
    containerEvent('rename', id, card, { oldName: `/${oldName}` }),
    deps.environment.now(),
  );
}

async function writeName(deps: ContainerDeps, id: string, name: string): Promise<void> {
  const lock = tryLock(monitorLockPath(deps.paths, id));
  if (lock === undefined) {
    await withMonitor(deps, id, () => callMonitor(monitorCallDeps(deps), id, { type: 'rename', name }));
    return;
  }
  try {
    const record = readStateRecord(deps.paths, id);
    if (record !== undefined) writeStateRecord(deps.paths, id, record, { card: { ...record.card, name } });
  } finally {
    lock.release();
  }
}

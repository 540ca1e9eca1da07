import { elevationError } from '../../../errors/elevation.ts';
import type { ContainerDeps } from './deps.ts';

/** That this process may make containers; otherwise it is refused before anything is looked up, pulled or changed. */
export async function requireRights(deps: Pick<ContainerDeps, 'host'>): Promise<void> {
  const { layers } = await deps.host();
  if (!(await layers.isPrivileged())) throw elevationError(`containers need an administrator's rights`);
}

import { elevationError } from '../../../errors/elevation.ts';
import type { ContainerDeps } from './deps.ts';

/**
 * That this process may make, start and remove containers, which takes an administrator on Windows; otherwise it is refused
 * before anything is looked up, pulled or changed. What goes through a container's monitor needs nothing more than its pipe.
 */
export async function requireRights(deps: Pick<ContainerDeps, 'environment' | 'host'>): Promise<void> {
  if (deps.environment.platform !== 'win32') return;
  const { layers } = await deps.host();
  if (!(await layers.isPrivileged())) throw elevationError(`containers need an administrator's rights`);
}

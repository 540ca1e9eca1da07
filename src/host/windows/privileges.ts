import { elevationError } from '../../errors/elevation.ts';
import { PortholeError } from '../../errors/porthole-error.ts';
import { enablePrivilege, isElevated } from './ffi/advapi32.ts';
import type { PrivilegeName } from './ffi/advapi32.ts';

/** What layers need (windows-layers.md 4.2): any file read and written whatever its owner allows, audit lists included. */
export const layerPrivileges: readonly PrivilegeName[] = [
  'SeBackupPrivilege',
  'SeRestorePrivilege',
  'SeSecurityPrivilege',
  'SeTakeOwnershipPrivilege',
];

let enabled = false;

/** Whether `requireLayerPrivileges` has a chance. */
export function mayMakeLayers(): boolean {
  return enabled || isElevated();
}

/** Enables them for the whole process, once. Lacking rights: kind `forbidden`, before anything was changed. */
export function requireLayerPrivileges(): void {
  if (enabled) return;
  if (!isElevated()) throw elevationError(`layers of Windows images need an administrator's rights`);
  const missing = layerPrivileges.filter((name) => !enablePrivilege(name));
  if (missing.length > 0)
    throw new PortholeError(
      'forbidden',
      'HOST_PRIVILEGE_MISSING',
      `Could not enable privilege ${missing.map((name) => `"${name}"`).join(', ')}`,
      { hint: 'A policy takes it from administrators here: see "User Rights Assignment" in secpol.msc.' },
    );
  enabled = true;
}

/** Names of volumes: the engine's grammar, without what Windows cannot have as a folder (docker-cli.md 5.2, 7). */
import { PortholeError } from '../errors/porthole-error.ts';

/** Device names of DOS. */
export const reservedNames = /^(con|prn|nul|aux|com[1-9]|lpt[1-9])$/i;

/** Whether a volume can have it. */
export function isVolumeName(name: string): boolean {
  return problemOf(name) === undefined;
}

/** Kind `invalid`, code `VOLUME_NAME_INVALID`, in Docker's words. */
export function checkVolumeName(name: string): void {
  const problem = problemOf(name);
  if (problem !== undefined) throw new PortholeError('invalid', 'VOLUME_NAME_INVALID', problem);
}

function problemOf(name: string): string | undefined {
  if (reservedNames.test(name))
    return `volume name "${name.toLowerCase()}" cannot be a reserved word for Windows filenames`;
  if (name.length < 2)
    return `create ${name}: volume name is too short, names should be at least two alphanumeric characters`;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return undefined;
  return `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`;
}

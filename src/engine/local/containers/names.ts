import { PortholeError } from '../../../errors/porthole-error.ts';
import { containerFolderExists } from '../../../state/container-files.ts';
import { reserveName } from '../../../state/names.ts';
import type { DataPaths } from '../../../state/paths.ts';
import { adjectives, surnames } from './name-words.ts';

const grammar = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const attempts = 6;

/** A name as given, without its optional slash. Docker's text for anything else. */
export function checkContainerName(given: string): string {
  const name = given.startsWith('/') ? given.slice(1) : given;
  if (grammar.test(name)) return name;
  throw new PortholeError(
    'invalid',
    'CONTAINER_NAME_INVALID',
    `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  );
}

/** Reserves a name that the user chose; taken: kind `conflict` with Docker's text. */
export function takeName(paths: DataPaths, name: string, id: string): void {
  const { takenBy } = reserveName(paths.names, name, id, (holder) => containerFolderExists(paths, holder));
  if (takenBy === undefined) return;
  throw new PortholeError(
    'conflict',
    'CONTAINER_NAME_IN_USE',
    `Conflict. The container name "/${name}" is already in use by container "${takenBy}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );
}

/** Chance that is in the ID already: the same container gets the same name again when a recording is replayed. */
function chanceOf(id: string): () => number {
  let at = 0;
  return () => {
    const digits = id.slice(at, at + 4);
    at += 4;
    return digits.length === 4 ? Number.parseInt(digits, 16) / 0x10000 : Math.random();
  };
}

/** Reserves a generated name: six tries, from the second on with a digit; the short ID as the last resort. */
export function takeGeneratedName(paths: DataPaths, id: string, random = chanceOf(id)): string {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const name = generateName(attempt, random);
    const { takenBy } = reserveName(paths.names, name, id, (holder) => containerFolderExists(paths, holder));
    if (takenBy === undefined) return name;
  }
  const name = id.slice(0, 12);
  takeName(paths, name, id);
  return name;
}

/** `adjective_surname`, with a digit on a retry. */
export function generateName(attempt: number, random: () => number): string {
  const adjective = adjectives[Math.floor(random() * adjectives.length)]!;
  const surname = surnames[Math.floor(random() * surnames.length)]!;
  return `${adjective}_${surname}${attempt === 0 ? '' : Math.floor(random() * 10)}`;
}

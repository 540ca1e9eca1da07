/** Windows paths of a container as paths of its sandbox: drive C: is `/c`, any other drive `/<letter>`. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface ContainerPath {
  /** `c`. */
  readonly drive: string;
  readonly names: readonly string[];
}

/** Undefined for what is no absolute path on a drive. `.` and `..` are resolved; pure. */
export function parseContainerPath(path: string): ContainerPath | undefined {
  const match = /^(?:\\\\\?\\)?([a-z]):(?:[\\/](.*))?$/is.exec(path);
  if (match === null) return undefined;
  const names: string[] = [];
  for (const name of (match[2] ?? '').split(/[\\/]+/)) {
    if (name === '' || name === '.') continue;
    if (name === '..') names.pop();
    else names.push(name);
  }
  return { drive: match[1]!.toLowerCase(), names };
}

/**
 * The names as the folders (topmost first) spell them, because the overlay tells cases apart and Wine looks for the exact
 * spelling first (linux-backend.md 11). Names that exist nowhere keep theirs.
 */
export function existingSpelling(folders: readonly string[], names: readonly string[]): string[] {
  const spelled: string[] = [];
  let places = folders.slice();
  for (const name of names) {
    const found = places.some((place) => exists(join(place, name))) ? name : similarName(places, name);
    spelled.push(found ?? name);
    places = places.map((place) => join(place, found ?? name)).filter(exists);
  }
  return spelled;
}

function similarName(places: readonly string[], name: string): string | undefined {
  const folded = name.toUpperCase();
  for (const place of places) {
    const found = namesIn(place).find((candidate) => candidate.toUpperCase() === folded);
    if (found !== undefined) return found;
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

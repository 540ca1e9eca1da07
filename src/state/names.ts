import { join } from 'node:path';
import { createFileExclusive, listNames, readTextIfExists, removeIfExists } from './atomic-file.ts';
import { withLockSync } from './lock.ts';

const reservedOnWindows = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/**
 * File name of a reservation. Names that differ only in case must be two files on Windows too, and DOS device names cannot
 * be files there: such names get a prefix `~<hex of the upper-case positions>~`, which no container name can have.
 */
export function nameFile(name: string): string {
  const lower = name.toLowerCase();
  if (lower === name && !reservedOnWindows.test(name)) return name;
  let positions = 0n;
  for (let at = 0; at < name.length; at += 1) if (name[at] !== lower[at]) positions |= 1n << BigInt(at);
  return `~${positions.toString(16)}~${lower}`;
}

/** Inverse of `nameFile`. */
export function nameOfFile(file: string): string {
  const match = /^~([0-9a-f]+)~(.*)$/.exec(file);
  if (match === null) return file;
  const positions = BigInt(`0x${match[1]!}`);
  return [...match[2]!].map((c, at) => ((positions >> BigInt(at)) & 1n ? c.toUpperCase() : c)).join('');
}

/** ID that holds a name, whether or not that container still exists. */
export function nameHolder(folder: string, name: string): string | undefined {
  return readTextIfExists(join(folder, nameFile(name)))?.trim();
}

/**
 * Reserves a name for an ID; exclusive across processes. Gives the holder's ID when it is taken (the same ID: a no-op).
 * `exists` says whether a holder is real: creation makes the container's folder before its name and removal deletes the
 * name first, so a name without a folder was left by a killed process and is taken over.
 */
export function reserveName(
  folder: string,
  name: string,
  id: string,
  exists: (holder: string) => boolean,
): { readonly takenBy?: string } {
  const path = join(folder, nameFile(name));
  if (createFileExclusive(path, `${id}\n`)) return {};
  const holder = nameHolder(folder, name);
  if (holder === id) return {};
  if (holder !== undefined && exists(holder)) return { takenBy: holder };
  return withLockSync(join(folder, '.lock'), () => {
    const current = nameHolder(folder, name);
    if (current !== undefined && current !== id && exists(current)) return { takenBy: current };
    if (current !== undefined && current !== id) removeIfExists(path);
    if (createFileExclusive(path, `${id}\n`) || nameHolder(folder, name) === id) return {};
    return { takenBy: nameHolder(folder, name) ?? '' };
  });
}

/** Gives a name back if `id` holds it. */
export function releaseName(folder: string, name: string, id: string): void {
  if (nameHolder(folder, name) === id) removeIfExists(join(folder, nameFile(name)));
}

/** Every reservation, name by ID. One read a name: for repairs, not for listings. */
export function listReservations(folder: string): { readonly name: string; readonly id: string }[] {
  const found: { name: string; id: string }[] = [];
  for (const file of listNames(folder)) {
    if (file.startsWith('.')) continue;
    const id = readTextIfExists(join(folder, file))?.trim();
    if (id !== undefined) found.push({ name: nameOfFile(file), id });
  }
  return found;
}

import { PortholeError } from '../errors/porthole-error.ts';

/** A value with the number of times it was written. */
export interface Stored<T> {
  readonly key: string;
  readonly revision: number;
  readonly value: T;
}

/**
 * Records by key, written by many short processes. Reads take no lock and never see half a record. All calls are
 * synchronous and cheap (performance.md 5: about 0.2 ms a write, 10 us a read).
 *
 * Keys: letters, digits, `_`, `.`, `-`, beginning with a letter or digit, at most 200 characters.
 */
export interface Collection<T> {
  get(key: string): Stored<T> | undefined;
  /**
   * Writes. `expectedRevision`: the revision that was read (0 = must not exist); when another process wrote since: kind
   * `conflict`, code `STATE_CONFLICT`. Without it the write always wins.
   */
  put(key: string, value: T, expectedRevision?: number): Stored<T>;
  /** Read, change and write under the record's lock. Returning undefined leaves it as it is. */
  update(key: string, change: (current: T | undefined) => T | undefined): Stored<T> | undefined;
  /** False when there was nothing. */
  remove(key: string): boolean;
  keys(): string[];
  /** All readable records in the order of their keys; `onDamaged` hears of the others instead of failing the whole list. */
  list(onDamaged?: (key: string, error: unknown) => void): Stored<T>[];
}

export interface CollectionOptions {
  /** What a record is, for messages: `network`, `lease`. */
  readonly noun: string;
  /** The format version that this program writes; a record with a greater one is refused. */
  readonly format: number;
  /** fsync each write: for configuration and image metadata. */
  readonly durable?: boolean;
}

const keyGrammar = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;

export function checkKey(noun: string, key: string): void {
  if (keyGrammar.test(key)) return;
  throw new PortholeError('invalid', 'STATE_KEY', `invalid ${noun} key: ${JSON.stringify(key)}`);
}

export function revisionConflict(noun: string, key: string): PortholeError {
  return new PortholeError('conflict', 'STATE_CONFLICT', `${noun} ${key} was changed by another process`, {
    hint: 'run the command again',
    retriable: true,
  });
}

/** The data root was written by a newer Porthole: nothing may be guessed. */
export function newerFormat(what: string, found: number, known: number): PortholeError {
  return new PortholeError(
    'unavailable',
    'STATE_FORMAT_NEWER',
    `${what} has format ${found}, but this version of porthole knows only formats up to ${known}`,
    { hint: 'upgrade porthole, or use another --data-root' },
  );
}

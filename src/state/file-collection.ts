import { join, sep } from 'node:path';
import { damaged, listNames, readJsonIfExists, removeIfExists, writeJsonAtomic } from './atomic-file.ts';
import { checkKey, newerFormat, revisionConflict } from './collection.ts';
import type { Collection, CollectionOptions, Stored } from './collection.ts';
import { withLockSync } from './lock.ts';

interface Envelope<T> {
  readonly format: number;
  readonly revision: number;
  readonly value: T;
}

/** One file a record: `<folder>/<key>.json`, `{"format":1,"revision":n,"value":…}`; its lock is `<folder>/<key>.lock`. */
export function fileCollection<T>(folder: string, options: CollectionOptions): Collection<T> {
  // Joined once: in a short process a path module that is not compiled yet costs as much as the file operation.
  const prefix = join(folder, sep);
  const pathOf = (key: string): string => `${prefix}${key}.json`;
  const lockOf = (key: string): string => `${prefix}${key}.lock`;

  const get = (key: string): Stored<T> | undefined => {
    checkKey(options.noun, key);
    const path = pathOf(key);
    const envelope = readJsonIfExists<Envelope<T>>(path);
    if (envelope === undefined) return undefined;
    if (typeof envelope !== 'object' || envelope === null || typeof envelope.revision !== 'number')
      throw damaged(path);
    if (envelope.format > options.format)
      throw newerFormat(`${options.noun} ${key}`, envelope.format, options.format);
    return { key, revision: envelope.revision, value: envelope.value };
  };

  const write = (key: string, value: T, revision: number): Stored<T> => {
    const envelope: Envelope<T> = { format: options.format, revision, value };
    writeJsonAtomic(pathOf(key), envelope, options.durable === true ? { durable: true } : {});
    return { key, revision, value };
  };

  const keys = (): string[] =>
    listNames(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -5))
      .sort();

  return {
    get,
    put(key, value, expectedRevision) {
      checkKey(options.noun, key);
      return withLockSync(lockOf(key), () => {
        const revision = get(key)?.revision ?? 0;
        if (expectedRevision !== undefined && expectedRevision !== revision)
          throw revisionConflict(options.noun, key);
        return write(key, value, revision + 1);
      });
    },
    update(key, change) {
      checkKey(options.noun, key);
      return withLockSync(lockOf(key), () => {
        const current = get(key);
        const next = change(current?.value);
        return next === undefined ? current : write(key, next, (current?.revision ?? 0) + 1);
      });
    },
    remove(key) {
      checkKey(options.noun, key);
      return withLockSync(lockOf(key), () => removeIfExists(pathOf(key)));
    },
    keys,
    list(onDamaged) {
      const records: Stored<T>[] = [];
      for (const key of keys()) {
        try {
          const record = get(key);
          if (record !== undefined) records.push(record);
        } catch (error) {
          if (onDamaged === undefined) throw error;
          onDamaged(key, error);
        }
      }
      return records;
    },
  };
}

import { checkKey, revisionConflict } from './collection.ts';
import type { Collection, CollectionOptions, Stored } from './collection.ts';

/** The same contract without files, for tests of services. Values are copied in and out, as a file would. */
export function memoryCollection<T>(options: Pick<CollectionOptions, 'noun'>): Collection<T> {
  const records = new Map<string, Stored<T>>();

  const get = (key: string): Stored<T> | undefined => {
    checkKey(options.noun, key);
    const record = records.get(key);
    return record === undefined ? undefined : structuredClone(record);
  };

  const write = (key: string, value: T, revision: number): Stored<T> => {
    const record = structuredClone({ key, revision, value });
    records.set(key, record);
    return structuredClone(record);
  };

  return {
    get,
    put(key, value, expectedRevision) {
      const revision = get(key)?.revision ?? 0;
      if (expectedRevision !== undefined && expectedRevision !== revision)
        throw revisionConflict(options.noun, key);
      return write(key, value, revision + 1);
    },
    update(key, change) {
      const current = get(key);
      const next = change(current?.value);
      return next === undefined ? current : write(key, next, (current?.revision ?? 0) + 1);
    },
    remove: (key) => {
      checkKey(options.noun, key);
      return records.delete(key);
    },
    keys: () => [...records.keys()].sort(),
    list: () => [...records.keys()].sort().map((key) => structuredClone(records.get(key)!)),
  };
}

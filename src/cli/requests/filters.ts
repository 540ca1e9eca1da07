import type { Filters } from '../../engine/roles/index.ts';
import { cut, sortedRecord } from './key-values.ts';

/** Parsed `--filter` values (`key=value` each) and further ones -> the engine's filters, keys sorted, each value once. */
export function toFilters(
  values: readonly string[],
  further: Readonly<Record<string, string>> = {},
): Filters {
  const byKey = new Map<string, Set<string>>();
  const add = (key: string, value: string) => byKey.set(key, (byKey.get(key) ?? new Set()).add(value));
  for (const value of values) {
    const [key, text] = cut(value, '=');
    add(key, text);
  }
  for (const [key, value] of Object.entries(further)) add(key, value);
  return sortedRecord([...byKey].map(([key, set]) => [key, [...set]] as const));
}

import type { Filters } from '../../roles/containers.ts';
import { anyOf, booleanValue, checkKeys, hasLabels, matches } from '../object-filters.ts';

/** What filters look at. */
export interface FilteredVolume {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly anonymous: boolean;
}

/** `volume ls --filter` (docker-cli.md 6). `isUsed` answers `dangling`. */
export function listFilter<V extends FilteredVolume>(
  filters: Filters,
  isUsed: (volume: V) => boolean,
): (volume: V) => boolean {
  checkKeys(filters, ['dangling', 'driver', 'label', 'name']);
  const dangling = booleanValue(filters, 'dangling');
  return (volume) =>
    anyOf(filters['driver'], (driver) => driver === volume.driver) &&
    anyOf(filters['name'], (name) => matches(name, volume.name)) &&
    hasLabels(volume.labels, filters['label'] ?? []) &&
    (dangling === undefined || dangling === !isUsed(volume));
}

/** `volume prune --filter`: `label`, `label!`; `all` takes named volumes too. */
export function pruneFilter(filters: Filters): (volume: FilteredVolume) => boolean {
  checkKeys(filters, ['all', 'label', 'label!']);
  const all = booleanValue(filters, 'all') === true;
  return ({ anonymous, labels }) =>
    (all || anonymous) &&
    hasLabels(labels, filters['label'] ?? []) &&
    !(filters['label!'] ?? []).some((label) => hasLabels(labels, [label]));
}

import type { Filters } from '../../../engine/roles/containers.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { isPredefinedNetwork } from '../../../hns/network-request.ts';
import { millisecondsOf, utc } from '../../../text/go-time.ts';
import { parseTime } from '../../../text/go-time-parse.ts';
import { parseSince } from '../../../text/since.ts';
import { anyOf, booleanValue, checkKeys, hasLabels, invalidFilter, matches } from '../object-filters.ts';
import type { NetworkRecord } from './network-record.ts';

const listKeys = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];
const pruneKeys = ['label', 'label!', 'until'];

/**
 * `network ls --filter` (docker-cli.md 6): values of a key OR together, `label` ANDs; `name` and `id` are unanchored regular
 * expressions, or plain text when they are none. `isUsed` answers `dangling`.
 */
export function listFilter(
  filters: Filters,
  isUsed: (record: NetworkRecord) => boolean,
): (record: NetworkRecord) => boolean {
  checkKeys(filters, listKeys);
  const dangling = booleanValue(filters, 'dangling');
  const types = filters['type'] ?? [];
  for (const type of types)
    if (type !== 'builtin' && type !== 'custom') throw invalidFilter(`invalid filter: 'type'='${type}'`);
  return (record) =>
    (dangling === undefined || dangling === (!isPredefinedNetwork(record.name) && !isUsed(record))) &&
    anyOf(filters['driver'], (driver) => driver === record.driver) &&
    anyOf(filters['id'], (id) => matches(id, record.id)) &&
    anyOf(filters['name'], (name) => matches(name, record.name)) &&
    anyOf(filters['scope'], (scope) => scope === 'local') &&
    anyOf(types, (type) => (type === 'builtin') === isPredefinedNetwork(record.name)) &&
    hasLabels(record.labels, filters['label'] ?? []);
}

/** `network prune --filter`: `label`, `label!`, `until` (a time or an age). `now` in milliseconds. */
export function pruneFilter(filters: Filters, now: number): (record: NetworkRecord) => boolean {
  checkKeys(filters, pruneKeys);
  const untils = filters['until'] ?? [];
  if (untils.length > 1) throw invalidFilter('more than one until filter specified');
  const until = untils[0] === undefined ? undefined : momentOf(untils[0], now);
  return (record) =>
    (until === undefined ||
      millisecondsOf(parseTime('2006-01-02T15:04:05Z07:00', record.created, utc(now))) < until) &&
    hasLabels(record.labels, filters['label'] ?? []) &&
    !(filters['label!'] ?? []).some((label) => hasLabels(record.labels, [label]));
}

function momentOf(text: string, now: number): number {
  try {
    return Number(parseSince(text, { now, zone: utc })) * 1000;
  } catch (cause) {
    throw new PortholeError('invalid', 'FILTER_INVALID', cause instanceof Error ? cause.message : text, {
      cause,
    });
  }
}

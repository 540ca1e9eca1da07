import type { Filters } from '../../../engine/roles/containers.ts';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { isPredefinedNetwork } from '../../../hns/network-request.ts';
import { millisecondsOf, utc } from '../../../text/go-time.ts';
import { parseTime } from '../../../text/go-time-parse.ts';
import { parseSince } from '../../../text/since.ts';
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
    if (type !== 'builtin' && type !== 'custom') throw invalid(`invalid filter: 'type'='${type}'`);
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
  if (untils.length > 1) throw invalid('more than one until filter specified');
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

function checkKeys(filters: Filters, known: readonly string[]): void {
  for (const key of Object.keys(filters)) if (!known.includes(key)) throw invalid(`invalid filter '${key}'`);
}

function booleanValue(filters: Filters, key: string): boolean | undefined {
  const values = filters[key] ?? [];
  const isTrue = values.some((value) => value === '1' || value === 'true');
  const isFalse = values.some((value) => value === '0' || value === 'false');
  if (values.length === 0) return undefined;
  if (isTrue === isFalse) throw invalid(`invalid filter '${key}=${values.join(',')}'`);
  return isTrue;
}

function anyOf(values: readonly string[] | undefined, test: (value: string) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(test);
}

function matches(pattern: string, text: string): boolean {
  if (text === pattern) return true;
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false;
  }
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((label) => {
    const at = label.indexOf('=');
    return at < 0 ? Object.hasOwn(labels, label) : labels[label.slice(0, at)] === label.slice(at + 1);
  });
}

function invalid(message: string): PortholeError {
  return new PortholeError('invalid', 'FILTER_INVALID', message);
}

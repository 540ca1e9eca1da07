/** `images --filter` (docker-cli.md 6): checks the keys and turns them into questions about an image. */
import { familiarName, familiarString } from '../../../image/reference.ts';
import type { Reference } from '../../../image/reference.ts';
import type { Filters } from '../../roles/containers.ts';
import { checkKeys, hasLabels, invalidFilter } from '../object-filters.ts';
import { nanosecondsOf } from './image-time.ts';

export interface ImageFilters {
  /** Absent = dangling or not. */
  readonly dangling?: boolean;
  readonly references?: readonly string[];
  readonly matchesLabels: (labels: Readonly<Record<string, string>> | null | undefined) => boolean;
  /** `createdOf` tells an image's creation time by name. */
  readonly matchesTime: (created: bigint, createdOf: (name: string) => bigint) => boolean;
}

const knownKeys = ['dangling', 'label', 'before', 'since', 'until', 'reference'];

/** Unknown key: kind `invalid`, `invalid filter 'x'`. */
export function parseImageFilters(filters: Filters | undefined, nowMs: number): ImageFilters {
  const given = filters ?? {};
  checkKeys(given, knownKeys);
  const labels = given['label'] ?? [];
  const references = given['reference'] ?? [];
  const dangling = parseDangling(given['dangling'] ?? []);
  const until = (given['until'] ?? []).map((text) => untilTime(text, nowMs));
  return {
    ...(dangling === undefined ? {} : { dangling }),
    ...(references.length === 0 ? {} : { references }),
    matchesLabels: (have) => hasLabels(have ?? {}, labels),
    matchesTime: (created, createdOf) =>
      (given['before'] ?? []).every((name) => created < createdOf(name)) &&
      (given['since'] ?? []).every((name) => created > createdOf(name)) &&
      until.every((limit) => created < limit),
  };
}

export interface PruneFilters {
  /** False: also images that have a name. */
  readonly dangling: boolean;
  /** Some images are not meant, whatever they are. */
  readonly chooses: boolean;
  readonly matches: (created: bigint, labels: Readonly<Record<string, string>> | null | undefined) => boolean;
}

/** `image prune --filter`: `dangling`, `until`, `label`, `label!`. */
export function parsePruneFilters(filters: Filters | undefined, nowMs: number): PruneFilters {
  const given = filters ?? {};
  const unknown = Object.keys(given).find((key) => !['dangling', 'until', 'label', 'label!'].includes(key));
  if (unknown !== undefined) throw invalidFilter(`invalid filter '${unknown}'`);
  const untils = given['until'] ?? [];
  if (untils.length > 1) throw invalidFilter('more than one until filter specified');
  const limit = untils[0] === undefined ? undefined : untilTime(untils[0], nowMs);
  const [wanted, unwanted] = [given['label'] ?? [], given['label!'] ?? []];
  return {
    dangling: parseDangling(given['dangling'] ?? []) ?? true,
    chooses: limit !== undefined || wanted.length > 0 || unwanted.length > 0,
    matches: (created, labels) =>
      (limit === undefined || created < limit) &&
      hasLabels(labels ?? {}, wanted) &&
      !unwanted.some((label) => hasLabels(labels ?? {}, [label])),
  };
}

/** Go's `path.Match` on the familiar name, with and without its tag. A broken pattern is kind `invalid`. */
export function matchesReference(pattern: string, reference: Reference): boolean {
  const expression = globExpression(pattern);
  return expression.test(familiarString(reference)) || expression.test(familiarName(reference));
}

function parseDangling(values: readonly string[]): boolean | undefined {
  const parsed = new Set(
    values.map((value) => {
      if (['1', 't', 'true', 'T', 'TRUE', 'True'].includes(value)) return true;
      if (['0', 'f', 'false', 'F', 'FALSE', 'False'].includes(value)) return false;
      throw invalidFilter(`invalid filter 'dangling=${value}'`);
    }),
  );
  if (parsed.size > 1) throw invalidFilter(`invalid filter 'dangling=${JSON.stringify(values)}'`);
  return [...parsed][0];
}

/** A point in time, or a duration before now: `24h`, `1h30m`, Unix seconds, RFC 3339, a date. */
function untilTime(text: string, nowMs: number): bigint {
  const duration = /^(?:\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h))+$/.test(text) ? durationMs(text) : undefined;
  if (duration !== undefined) return BigInt(Math.round(nowMs - duration)) * 1_000_000n;
  if (/^\d+(\.\d+)?$/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return nanosecondsOf(text);
  const local = /^\d{4}-\d\d-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?(Z|[+-]\d\d:\d\d)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(local)) throw invalidFilter(`invalid filter 'until=${text}'`);
  return BigInt(local) * 1_000_000n;
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function durationMs(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!,
    0,
  );
}

/** `*` and `?` stop at `/`; `[a-z]` and `[^a]` are classes; `\` takes the next character as it is. */
function globExpression(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at]!;
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) throw invalidFilter(`syntax error in pattern`);
      source += pattern.slice(at, end + 1).replace(/\\(?=[^\]\\^-])/g, '\\\\');
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at >= pattern.length) throw invalidFilter(`syntax error in pattern`);
      source += escapeLiteral(pattern[at]!);
    } else source += escapeLiteral(char);
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    throw invalidFilter(`syntax error in pattern`);
  }
}

function escapeLiteral(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

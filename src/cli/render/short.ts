/** Words that several lists share. */
import { humanDuration } from '../../text/duration.ts';
import { own } from '../../text/own.ts';

/** Drops `algo:` and keeps 12 characters. */
export function truncateId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}

/** `2 hours ago`; `created` in Unix seconds, `now` in milliseconds. */
export function since(created: number, now: number): string {
  return `${humanDuration(now - created * 1000)} ago`;
}

/** `{{.Label "name"}}`; empty for one that is not there. */
export function labelText(labels: Readonly<Record<string, string>> | null | undefined, name: string): string {
  return own(labels ?? {}, name) ?? '';
}

/** `a=1,b=2`, sorted. */
export function labelList(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');
}

/** Go's natural order: digit runs compare as numbers, so that `app2` comes before `app10`. */
export function naturalCompare(a: string, b: string): number {
  const chunks = (text: string) => text.match(/\d+|\D+/g) ?? [];
  const left = chunks(a);
  const right = chunks(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index]!, right[index]!];
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = BigInt(x) - BigInt(y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

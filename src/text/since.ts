import { parseDurationExact } from './duration.ts';
import { quoteGo } from './go-quote.ts';
import { parseTime } from './go-time-parse.ts';
import { unixSeconds } from './go-time.ts';
import type { ZoneLookup } from './go-time.ts';

/**
 * `--since` and `--until` (docker-cli.md 5.7): RFC 3339, its shorter forms in the client's zone, Unix seconds or a Go
 * duration before now, turned into the wire form `seconds.nanoseconds` (durations: bare seconds).
 */
export interface SinceClock {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly zone: ZoneLookup;
}

function durationBefore(text: string, now: number): bigint | undefined {
  if (text === '0') return undefined;
  try {
    return BigInt(Math.round(now)) * 1_000_000n - parseDurationExact(text);
  } catch {
    return undefined;
  }
}

/** Go's layout for the form that `text` looks like. */
function layoutOf(text: string, zoned: boolean): string {
  const zone = zoned ? 'Z07:00' : '';
  if (text.includes('.')) return '2006-01-02T15:04:05.999999999' + zone;
  if (!text.includes('T')) return '2006-01-02' + zone;
  const offsetColon = zoned && !/[zZ]/.test(text) ? 1 : 0;
  const colons = Math.max(0, text.split(':').length - 1 - offsetColon);
  return ['2006-01-02T15', '2006-01-02T15:04', '2006-01-02T15:04:05'][Math.min(colons, 2)]! + zone;
}

/** The value to send. Errors are Go's; callers put `invalid value for "since": ` before them. */
export function parseSince(text: string, clock: SinceClock): string {
  const before = durationBefore(text, clock.now);
  if (before !== undefined) return String(before / 1_000_000_000n);
  const zoned = /[zZ+]/.test(text) || text.split('-').length - 1 === 3;
  try {
    // The short forms take the offset in force now, not then: so does Docker's client.
    const time = parseTime(layoutOf(text, zoned), text, clock.zone(clock.now));
    const seconds = unixSeconds(time);
    return `${seconds}.${String(time.nanoseconds - seconds * 1_000_000_000n).padStart(9, '0')}`;
  } catch (error) {
    if (text.includes('-')) throw error;
    if (/^\+?\d+(?:\.\d+)?$/.test(text)) return text;
    throw new Error(`failed to parse value as time or duration: ${quoteGo(text)}`, { cause: error });
  }
}

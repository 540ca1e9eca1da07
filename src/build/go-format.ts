import { formatDuration } from '../text/duration.ts';
import { quoteGo, quoteRune } from '../text/go-quote.ts';
import type { HealthConfig } from '../api/types/index.ts';

/** Values as Go prints them in history comments (dockerfile.md 2.7). */

/** `%q` of a list: `["a" "b"]`. */
export function quotedList(values: readonly string[] | null | undefined): string {
  return `[${(values ?? []).map((value) => quoteGo(value)).join(' ')}]`;
}

/** `%v` of a list: `[a b]`. */
export function plainList(values: readonly string[] | null | undefined): string {
  return `[${(values ?? []).join(' ')}]`;
}

/** `%q` of a health check: durations are texts, the count is a character. */
export function quotedHealthcheck(health: HealthConfig): string {
  const durations = [health.Interval, health.Timeout, health.StartPeriod, health.StartInterval];
  const shown = durations.map((value) => quoteGo(formatDuration(value ?? 0))).join(' ');
  return `&{${quotedList(health.Test)} ${shown} ${quoteRune(health.Retries ?? 0)}}`;
}

import type { Environment } from '../environment.ts';
import { utc } from '../text/go-time.ts';
import type { ZoneLookup } from '../text/go-time.ts';

/** The abbreviation Go would print (`CET`); '' where the zone has only an offset, as Go then prints that. */
function abbreviation(milliseconds: number, timeZone: string): string {
  for (const locale of ['en-US', 'en-GB', 'en-CA', 'en-AU', 'en-NZ', 'en-ZA', 'en-IN']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(
      milliseconds,
    );
    const name = parts.find((part) => part.type === 'timeZoneName')!.value;
    if (!/^(GMT|UTC)./.test(name)) return name;
  }
  return '';
}

function offsetSeconds(milliseconds: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    },
  }).formatToParts(milliseconds);
  const field = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  const local = Date.UTC(
    ...([
      field('year'),
      field('month') - 1,
      field('day'),
      field('hour'),
      field('minute'),
      field('second'),
    ] as const),
  );
  return Math.round((local - Math.floor(milliseconds / 1000) * 1000) / 1000);
}

/**
 * The client's time zone: `TZ`, else the system's. An unknown name is UTC, as in Go. Looked up when first used: loading
 * ICU's zones takes longer than the rest of `ps`.
 */
export function clientZone(environment: Pick<Environment, 'env'>): ZoneLookup {
  let lookup: ZoneLookup | undefined;
  return (milliseconds) => (lookup ??= openZone(environment))(milliseconds);
}

function openZone(environment: Pick<Environment, 'env'>): ZoneLookup {
  const name = environment.env['TZ'];
  const timeZone =
    name === undefined ? Intl.DateTimeFormat().resolvedOptions().timeZone : name.replace(/^:/, '');
  if (timeZone === '' || timeZone === 'UTC') return utc;
  try {
    abbreviation(0, timeZone);
  } catch {
    return utc;
  }
  return (milliseconds) => ({
    name: abbreviation(milliseconds, timeZone),
    offset: offsetSeconds(milliseconds, timeZone),
  });
}

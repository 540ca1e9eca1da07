/** Go's time: RFC 3339 in, layouts and `String()` out (https://pkg.go.dev/time). Instants are nanoseconds since 1970. */

export interface Zone {
  /** `CET`, `UTC`; Go prints the offset again where a zone has no letters. */
  readonly name: string;
  /** Seconds east of Greenwich. */
  readonly offset: number;
}

/** The zone in force at an instant (milliseconds since 1970). */
export type ZoneLookup = (milliseconds: number) => Zone;

export const utc: ZoneLookup = () => ({ name: 'UTC', offset: 0 });

export interface GoTime {
  readonly nanoseconds: bigint;
  readonly zone: Zone;
}

const billion = 1_000_000_000n;
/** Go's zero time, year 1. */
export const zeroTime: GoTime = { nanoseconds: -62_135_596_800n * billion, zone: { name: 'UTC', offset: 0 } };

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)$/;

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** Seconds since 1970 of a calendar time; undefined when a field is out of range. */
export function secondsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const kept = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour;
  return kept && minute < 60 && second < 60 ? Math.floor(date.getTime() / 1000) : undefined;
}

function nanosecondsOf(fraction: string | undefined): bigint {
  return BigInt((fraction ?? '').slice(0, 9).padEnd(9, '0'));
}

/** RFC 3339 with any fraction; undefined when it is not one. An offset other than `Z` has no zone letters, as in Go. */
export function parseRfc3339(text: string): GoTime | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const seconds = secondsOf(year, month, day, hour, minute, second);
  if (seconds === undefined) return undefined;
  const sign = match[8]!;
  const offset = /^[Zz]/.test(sign)
    ? 0
    : (sign.startsWith('-') ? -1 : 1) * (Number(sign.slice(1, 3)) * 3600 + Number(sign.slice(4)) * 60);
  const zone = { name: /^[Zz]/.test(sign) ? 'UTC' : '', offset };
  return { nanoseconds: BigInt(seconds - offset) * billion + nanosecondsOf(match[7]), zone };
}

/** `time.Unix(seconds, 0).In(zone)`. */
export function unixTime(seconds: number | bigint, zone: ZoneLookup): GoTime {
  const nanoseconds = BigInt(seconds) * billion;
  return { nanoseconds, zone: zone(Number(seconds) * 1000) };
}

/** The same instant in another zone. */
export function inZone(time: GoTime, zone: ZoneLookup): GoTime {
  return { nanoseconds: time.nanoseconds, zone: zone(millisecondsOf(time)) };
}

export function millisecondsOf(time: GoTime): number {
  return Number(floorDivide(time.nanoseconds, 1_000_000n));
}

export function unixSeconds(time: GoTime): bigint {
  return floorDivide(time.nanoseconds, billion);
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const two = (value: number) => String(value).padStart(2, '0');

function offsetText(offset: number, colon: string, seconds = false): string {
  const size = Math.abs(offset);
  const tail = seconds ? colon + two(size % 60) : '';
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}${colon}${two(Math.floor((size % 3600) / 60))}${tail}`;
}

function zoneName({ name, offset }: Zone): string {
  return name === '' ? offsetText(offset, '') : name;
}

const layoutPart =
  /January|Jan|Monday|Mon|MST|2006|Z07:00:00|Z07:00|Z0700|Z07|-07:00:00|-07:00|-0700|-07|002|01|02|03|04|05|06|15|_2006|_2|__2|PM|pm|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5/g;

/** `time.Format(layout)`. */
export function formatTime(time: GoTime, layout: string): string {
  const { zone } = time;
  const seconds = unixSeconds(time);
  const nanoseconds = time.nanoseconds - seconds * billion;
  const date = new Date(Number(seconds + BigInt(zone.offset)) * 1000);
  const hour = date.getUTCHours();
  const hour12 = hour % 12 === 0 ? 12 : hour % 12;
  const day = date.getUTCDate();
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const yearDay = Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
  const fixed: Readonly<Record<string, () => string>> = {
    January: () => months[date.getUTCMonth()]!,
    Jan: () => months[date.getUTCMonth()]!.slice(0, 3),
    Monday: () => days[date.getUTCDay()]!,
    Mon: () => days[date.getUTCDay()]!.slice(0, 3),
    MST: () => zoneName(zone),
    '2006': () => year,
    _2006: () => '_' + year,
    '06': () => year.slice(-2),
    '01': () => two(date.getUTCMonth() + 1),
    '1': () => String(date.getUTCMonth() + 1),
    '02': () => two(day),
    _2: () => String(day).padStart(2),
    '2': () => String(day),
    '002': () => String(yearDay).padStart(3, '0'),
    __2: () => String(yearDay).padStart(3),
    '15': () => two(hour),
    '03': () => two(hour12),
    '3': () => String(hour12),
    '04': () => two(date.getUTCMinutes()),
    '4': () => String(date.getUTCMinutes()),
    '05': () => two(date.getUTCSeconds()),
    '5': () => String(date.getUTCSeconds()),
    PM: () => (hour >= 12 ? 'PM' : 'AM'),
    pm: () => (hour >= 12 ? 'pm' : 'am'),
    'Z07:00': () => (zone.offset === 0 ? 'Z' : offsetText(zone.offset, ':')),
    'Z07:00:00': () => (zone.offset === 0 ? 'Z' : offsetText(zone.offset, ':', true)),
    Z0700: () => (zone.offset === 0 ? 'Z' : offsetText(zone.offset, '')),
    Z07: () => (zone.offset === 0 ? 'Z' : offsetText(zone.offset, '').slice(0, 3)),
    '-07:00:00': () => offsetText(zone.offset, ':', true),
    '-07:00': () => offsetText(zone.offset, ':'),
    '-0700': () => offsetText(zone.offset, ''),
    '-07': () => offsetText(zone.offset, '').slice(0, 3),
  };
  return layout.replace(layoutPart, (part) => {
    const text = fixed[part];
    if (text) return text();
    const digits = nanoseconds
      .toString()
      .padStart(9, '0')
      .slice(0, part.length - 1);
    if (part[1] === '0') return part[0]! + digits.padEnd(part.length - 1, '0');
    const kept = digits.replace(/0+$/, '');
    return kept === '' ? '' : part[0]! + kept;
  });
}

export const rfc3339Layout = '2006-01-02T15:04:05Z07:00';
export const rfc3339NanoLayout = '2006-01-02T15:04:05.999999999Z07:00';
/** docker events: always nine digits. */
export const rfc3339NanoFixedLayout = '2006-01-02T15:04:05.000000000Z07:00';

/** `time.Time.String()`: `2025-01-31 10:20:30 +0100 CET`. */
export function timeString(time: GoTime): string {
  return formatTime(time, '2006-01-02 15:04:05.999999999 -0700 MST');
}

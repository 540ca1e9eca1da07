import { quoteGo } from './go-quote.ts';
import { secondsOf } from './go-time.ts';
import type { GoTime } from './go-time.ts';

/** `time.ParseInLocation` for layouts made of RFC 3339's parts, with Go's error texts. */

const layoutParts = /2006|01|02|15|04|05|\.999999999|Z07:00/;

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: bigint;
  zone: GoTime['zone'] | undefined;
}

/** What each part takes from the text: its length, or undefined where it does not fit. */
const readers: Readonly<Record<string, (text: string, fields: Fields) => number | undefined>> = {
  '2006': (text, fields) => digits(text, 4, (value) => (fields.year = value)),
  '01': (text, fields) => digits(text, 2, (value) => (fields.month = value)),
  '02': (text, fields) => digits(text, 2, (value) => (fields.day = value)),
  '15': (text, fields) => digits(text, 2, (value) => (fields.hour = value)),
  '04': (text, fields) => digits(text, 2, (value) => (fields.minute = value)),
  '05': (text, fields) => {
    const length = digits(text, 2, (value) => (fields.second = value));
    // Go reads a fraction after the seconds whether or not the layout has one.
    const fraction = length === undefined ? null : /^[.,](\d+)/.exec(text.slice(length));
    if (length === undefined || !fraction) return length;
    fields.nanoseconds = BigInt(fraction[1]!.slice(0, 9).padEnd(9, '0'));
    return length + fraction[0].length;
  },
  '.999999999': () => 0,
  'Z07:00': (text, fields) => {
    const match = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(text);
    if (!match) return undefined;
    const offset = match[1] === undefined ? 0 : Number(match[2]) * 3600 + Number(match[3]) * 60;
    fields.zone = { name: match[1] === undefined ? 'UTC' : '', offset: match[1] === '-' ? -offset : offset };
    return match[0].length;
  },
};

function digits(text: string, count: number, keep: (value: number) => void): number | undefined {
  const run = text.slice(0, count);
  if (run.length < count || !/^\d+$/.test(run)) return undefined;
  keep(Number(run));
  return count;
}

/** First field out of range, in Go's order of checks. */
function outOfRange(fields: Fields): string | undefined {
  if (fields.month < 1 || fields.month > 12) return 'month';
  if (fields.hour > 23) return 'hour';
  if (fields.minute > 59) return 'minute';
  if (fields.second > 59) return 'second';
  const { year, month, day, hour, minute, second } = fields;
  return day < 1 || secondsOf(year, month, day, hour, minute, second) === undefined ? 'day' : undefined;
}

/** Throws `parsing time "x" as "layout": cannot parse "rest" as "part"` and the like. */
export function parseTime(layout: string, text: string, zoneless: GoTime['zone']): GoTime {
  const fields: Fields = {
    year: 1,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanoseconds: 0n,
    zone: undefined,
  };
  const mismatch = (rest: string, part: string) =>
    new Error(
      `parsing time ${quoteGo(text)} as ${quoteGo(layout)}: cannot parse ${quoteGo(rest)} as ${quoteGo(part)}`,
    );
  let rest = text;
  for (let left = layout; ;) {
    const match = layoutParts.exec(left);
    const literal = match ? left.slice(0, match.index) : left;
    if (!rest.startsWith(literal)) throw mismatch(rest, literal);
    rest = rest.slice(literal.length);
    if (!match) break;
    const length = readers[match[0]]!(rest, fields);
    if (length === undefined) throw mismatch(rest, match[0]);
    rest = rest.slice(length);
    left = left.slice(match.index + match[0].length);
  }
  if (rest !== '') throw new Error(`parsing time ${quoteGo(text)}: extra text: ${quoteGo(rest)}`);
  const bad = outOfRange(fields);
  if (bad !== undefined) throw new Error(`parsing time ${quoteGo(text)}: ${bad} out of range`);
  const { year, month, day, hour, minute, second } = fields;
  const zone = fields.zone ?? zoneless;
  const seconds = secondsOf(year, month, day, hour, minute, second)! - zone.offset;
  return { nanoseconds: BigInt(seconds) * 1_000_000_000n + fields.nanoseconds, zone };
}

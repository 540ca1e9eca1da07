import { quoteGo } from './go-quote.ts';
import { own } from './own.ts';

/** Go durations (nanoseconds in, nanoseconds out) and docker/go-units' elapsed-time wording. */

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const longest = 1n << 63n;

/** `time.ParseDuration`: `1h30m`, `-1.5s`, `300ms`, `0`. Exact nanoseconds. Errors in Go's words. */
export function parseDurationExact(text: string): bigint {
  const invalid = () => new Error(`time: invalid duration ${quoteGo(text)}`);
  const negative = text.startsWith('-');
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const number = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest)!;
    const [matched, whole = '', fraction = ''] = number;
    if (whole === '' && fraction === '') throw invalid();
    rest = rest.slice(matched.length);
    const unit = /^[^.0-9]*/.exec(rest)![0];
    if (unit === '') throw new Error(`time: missing unit in duration ${quoteGo(text)}`);
    rest = rest.slice(unit.length);
    const scale = own(unitNanoseconds, unit);
    if (scale === undefined)
      throw new Error(`time: unknown unit ${quoteGo(unit)} in duration ${quoteGo(text)}`);
    total += BigInt(whole || '0') * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (total > longest) throw invalid();
  }
  if (total === longest && !negative) throw invalid();
  return negative ? -total : total;
}

/** `parseDurationExact` as a number: exact up to 104 days. */
export function parseDuration(text: string): number {
  return Number(parseDurationExact(text));
}

function trimFraction(value: bigint, digits: number): string {
  const fraction = value.toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? '' : '.' + fraction;
}

/** `time.Duration.String`: `1h0m0s`, `1.5s`, `300ms`, `2µs`, `0s`. */
export function formatDuration(nanoseconds: number | bigint): string {
  const value = BigInt(nanoseconds);
  if (value === 0n) return '0s';
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${size / 1000n}${trimFraction(size % 1000n, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${size / 1_000_000n}${trimFraction(size % 1_000_000n, 6)}ms`;
  const seconds = size / 1_000_000_000n;
  const tail = `${seconds % 60n}${trimFraction(size % 1_000_000_000n, 9)}s`;
  if (seconds < 60n) return sign + tail;
  const minutes = seconds / 60n;
  return minutes < 60n ? `${sign}${minutes}m${tail}` : `${sign}${minutes / 60n}h${minutes % 60n}m${tail}`;
}

/** go-units' `HumanDuration` of an elapsed time in milliseconds (docker-cli.md 2.4); lists append ` ago`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / 60_000);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  // Years come from the unrounded hours.
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`;
}

/** Times of image documents: RFC 3339 with up to nanoseconds, as text; compared in nanoseconds. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** Nanoseconds since the epoch; the zero time when absent or unreadable. */
export function nanosecondsOf(text: string | undefined): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text ?? '');
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
  if (match === null || Number.isNaN(milliseconds)) return nanosecondsOf(zeroTime);
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** Seconds since the epoch, as lists and histories carry them; 0 when unknown. */
export function unixSeconds(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = nanosecondsOf(text) / 1_000_000_000n;
  return Number(seconds) === Number(nanosecondsOf(zeroTime) / 1_000_000_000n) ? 0 : Number(seconds);
}

export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

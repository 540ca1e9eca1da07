/** Docker's "never": Go's zero time. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** RFC 3339 as Go's RFC3339Nano prints it: fraction without trailing zeros. Milliseconds since the epoch. */
export function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}

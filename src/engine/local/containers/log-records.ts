/** Reading json-file logs back: records out of bytes, the last N lines from the end of a file, times as text. Pure but for reads. */
import { readSync } from 'node:fs';
import { PortholeError } from '../../../errors/porthole-error.ts';
import { parseDurationExact } from '../../../text/duration.ts';

export interface LogRecord {
  readonly log: string;
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339. */
  readonly time: string;
  readonly attrs?: Readonly<Record<string, string>>;
}

/** One line of the file; undefined for anything that is no record (a torn last line, a foreign hand). */
export function parseRecord(line: string): LogRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const record = parsed as Partial<LogRecord>;
  if (typeof record.log !== 'string' || typeof record.time !== 'string') return undefined;
  return record.stream === 'stderr'
    ? { ...(record as LogRecord) }
    : { ...(record as LogRecord), stream: 'stdout' };
}

const piece = 64 * 1024;

/**
 * Where the last `count` lines of a file begin, found by reading backwards; `lines` is fewer when the file has fewer.
 * A record that does not end in a newline of the program (`"log":"…"` without `\n`) is a line all the same, as in Docker.
 */
export function tailStart(
  descriptor: number,
  size: number,
  count: number,
): { readonly offset: number; readonly lines: number } {
  if (count === 0) return { offset: size, lines: 0 };
  const buffer = Buffer.alloc(piece);
  let lines = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - piece);
    const length = readSync(descriptor, buffer, 0, end - start, start);
    for (let at = length - 1; at >= 0; at -= 1) {
      if (buffer[at] !== 0x0a || start + at === size - 1) continue;
      lines += 1;
      if (lines === count) return { offset: start + at + 1, lines };
    }
    end = start;
  }
  return { offset: 0, lines: size > 0 ? lines + 1 : 0 };
}

/**
 * A point in time as `--since` and `--until` take it: Unix seconds with fraction, RFC 3339 (without a zone: the local one),
 * or a Go duration before now. Milliseconds; Docker's words otherwise.
 */
export function parseLogTime(option: string, text: string, now: number): number | undefined {
  if (text === '' || text === '0') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const parsed = Date.parse(text.length === 10 ? `${text}T00:00:00` : text);
    if (!Number.isNaN(parsed)) return parsed;
  }
  try {
    return now - Number(parseDurationExact(text) / 1_000_000n);
  } catch {
    throw new PortholeError(
      'invalid',
      'LOG_TIME',
      `invalid value for "${option}": failed to parse value as time or duration: "${text}"`,
    );
  }
}

/** `all`, empty and negative = no limit; anything that is no number counts as `all`, as in Docker. */
export function parseTail(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === 'all' || !/^[+-]?\d+$/.test(text)) return undefined;
  const count = Number(text);
  return count < 0 ? undefined : count;
}

/** RFC 3339 with exactly nine digits of fraction, as `logs -t` prints it. */
export function fixedNanoTime(time: string): string {
  const match = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return time;
  return `${match[1]!}.${(match[2] ?? '').padEnd(9, '0').slice(0, 9)}${match[3]!}`;
}

/** `k=v,k2=v2 `: what `--details` puts before a line, keys sorted; a blank alone without attributes. */
export function detailsText(attributes: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${entries.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join(',')} `;
}

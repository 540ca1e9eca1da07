import { parseCsvRecord } from '../../text/csv.ts';

/** First record of a CSV value. Go's reader reports an empty one as `EOF` and leaves further lines unread. */
export function csvFields(value: string): string[] {
  const line = value.replace(/^[\r\n]+/, '').split(/\r?\n/, 1)[0]!;
  if (line === '') throw new Error('EOF');
  return parseCsvRecord(line);
}

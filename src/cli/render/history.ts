/** `docker history` (`image/formatter_history.go`; images-and-registries.md 5.6). */
import type { HistoryItem } from '../../api/types/index.ts';
import { formatTime, rfc3339Layout, unixTime } from '../../text/go-time.ts';
import type { ZoneLookup } from '../../text/go-time.ts';
import { humanSize } from '../../text/size.ts';
import type { RowDefinition } from '../../text/table.ts';
import { ellipsis } from '../../text/width.ts';
import { since, truncateId } from './short.ts';

/** Images without a real date carry one at or before this day. */
const firstBelievable = Date.UTC(2000, 0, 1) / 1000;

export function historyDefinition(view: {
  now: number;
  zone: ZoneLookup;
  truncate: boolean;
  human: boolean;
}): RowDefinition<HistoryItem> {
  const dated = (row: HistoryItem, text: () => string) => (row.Created <= firstBelievable ? 'N/A' : text());
  return {
    type: 'image.historyContext',
    fields: {
      ID: { header: 'IMAGE', value: ({ Id: id }) => (view.truncate ? truncateId(id) : id) },
      CreatedSince: { header: 'CREATED', value: (row) => dated(row, () => since(row.Created, view.now)) },
      CreatedAt: {
        header: 'CREATED AT',
        value: (row) => formatTime(unixTime(row.Created, view.zone), rfc3339Layout),
      },
      CreatedBy: {
        header: 'CREATED BY',
        value: ({ CreatedBy: text = '' }) => {
          const line = text.replaceAll('\t', ' ');
          return view.truncate ? ellipsis(line, 45) : line;
        },
      },
      Size: {
        header: 'SIZE',
        value: ({ Size: size = 0 }) => (view.human ? humanSize(size, 3) : String(size)),
      },
      Comment: { header: 'COMMENT', value: ({ Comment: text = '' }) => text },
    },
  };
}

export function historyFormat(format: string, quiet: boolean, human: boolean): string {
  if (format !== 'table') return format;
  if (quiet) return '{{.ID}}';
  return `table {{.ID}}\t{{.${human ? 'CreatedSince' : 'CreatedAt'}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`;
}

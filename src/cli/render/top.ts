import type { ContainerTopResponse } from '../../api/types/index.ts';
import { alignTabs } from '../../text/tabwriter.ts';

/** `docker top`: its own column width of at least 20. */
export function topTable({ Titles: titles, Processes: processes }: ContainerTopResponse): string {
  const lines = [titles, ...(processes ?? [])].map((cells) => cells.join('\t'));
  return alignTabs(`${lines.join('\n')}\n`, { minWidth: 20, padding: 3 });
}

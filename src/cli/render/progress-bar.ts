import { formatDuration } from '../../text/duration.ts';
import type { ProgressDetail } from '../../api/types/index.ts';
import { humanSize } from '../../text/size.ts';

const cells = 50;

/**
 * `[=====>      ]  5.243MB/127MB`, Docker's `JSONProgress.String`. The bar itself only where more than 110 columns are free;
 * '' when there is nothing to count. `now` in milliseconds.
 */
export function progressText(detail: ProgressDetail, columns: number, now: number): string {
  const { current = 0, total = 0, start = 0, units = '' } = detail;
  if (current <= 0 && total <= 0) return '';
  if (total <= 0) return units === '' ? humanSize(current).padStart(8) : `${current} ${units}`;
  const filled = Math.min(cells, Math.trunc(Math.trunc((current / total) * 100) / 2));
  const bar = columns > 110 ? `[${'='.repeat(filled)}>${' '.repeat(cells - filled)}] ` : '';
  return bar + countText(detail, current, total, units) + timeLeft(current, total, start, filled, now);
}

function countText(detail: ProgressDetail, current: number, total: number, units: string): string {
  if (detail.hidecounts === true) return '';
  // A count beyond the total is wrong: then only what was done is shown.
  if (units === '') {
    const done = humanSize(current).padStart(8);
    return current > total ? done : `${done}/${humanSize(total)}`;
  }
  return current > total ? `${current} ${units}` : `${current}/${total} ${units}`;
}

function timeLeft(current: number, total: number, start: number, filled: number, now: number): string {
  if (current <= 0 || start <= 0 || filled >= cells) return '';
  const perUnit = Math.trunc(((now - start * 1000) * 1e6) / current);
  const seconds = Math.trunc(((total - current) * perUnit) / 1e9);
  return ` ${formatDuration(seconds * 1e9)}`;
}

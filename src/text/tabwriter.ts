import { displayWidth } from './width.ts';

/**
 * Go's text/tabwriter for left-aligned, space-padded cells. Cells are tab-terminated; a column is a run of consecutive lines
 * that have that cell terminated, and its width is that of the widest cell plus padding, at least `minWidth`. The text after
 * a line's last tab is never padded (docker-cli.md 2.1).
 */
export interface TabOptions {
  readonly minWidth: number;
  readonly padding: number;
}

/** The layout of every Docker table; `top` uses a minimum width of 20. */
export const dockerTabs: TabOptions = { minWidth: 10, padding: 3 };

export function alignTabs(text: string, { minWidth, padding }: TabOptions = dockerTabs): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  const size = (line: number, column: number): void => {
    // Lines from `line` on that have this cell terminated form the column's block.
    let end = line;
    let width = 0;
    while (end < lines.length && lines[end]!.length - 1 > column) {
      width = Math.max(width, displayWidth(lines[end]![column]!));
      end++;
    }
    // A column of empty cells still takes the minimum width.
    const columnWidth = Math.max(minWidth, width + padding);
    for (let index = line; index < end; index++) widths[index]![column] = columnWidth;
  };
  lines.forEach((cells, line) => {
    for (let column = 0; column < cells.length - 1; column++) {
      if (widths[line]![column] === undefined) size(line, column);
    }
  });
  return lines
    .map((cells, line) =>
      cells
        .map((cell, column) => {
          const width = widths[line]![column];
          return width === undefined ? cell : cell + ' '.repeat(width - displayWidth(cell));
        })
        .join(''),
    )
    .join('\n');
}

import { printable } from './printable.ts';
import type { Format } from './report.ts';

/** `file:line:column level code message`, one line a finding: for grep and editors. */
export const formatCompact: Format = (reports) =>
  reports
    .flatMap(({ findings }) => findings)
    .map(
      ({ file, line, column, level, code, message }) =>
        `${printable(file)}:${line}:${column} ${level} ${code} ${printable(message)}\n`,
    )
    .join('');

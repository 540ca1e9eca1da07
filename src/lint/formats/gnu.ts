import { printable } from './printable.ts';
import type { Format } from './report.ts';

/** GNU's error format with columns: `program:file:line:column: message`, which editors parse. */
export const formatGnu: Format = (reports) =>
  reports
    .flatMap(({ findings }) => findings)
    .map(
      ({ file, line, column, level, code, message }) =>
        `porthole:${printable(file)}:${line}:${column}: ${code} ${level}: ${printable(message)}\n`,
    )
    .join('');

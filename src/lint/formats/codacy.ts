import type { Format } from './report.ts';

/** Codacy's tool output: one JSON object a line. */
export const formatCodacy: Format = (reports) =>
  reports
    .flatMap(({ findings }) => findings)
    .map(
      ({ file, code, message, line }) =>
        `${JSON.stringify({ filename: file, patternId: code, message, line })}\n`,
    )
    .join('');

import type { Format } from './report.ts';

/** One array; keys in the documented order. */
export const formatJson: Format = (reports) =>
  `${JSON.stringify(
    reports.flatMap(({ source, findings }) =>
      findings.map((finding) => ({
        file: finding.file,
        line: finding.line,
        column: finding.column,
        endLine: finding.endLine,
        endColumn: finding.endColumn,
        level: finding.level,
        code: finding.code,
        name: finding.name,
        message: finding.message,
        url: finding.url,
        fix:
          finding.fix === undefined
            ? null
            : {
                title: finding.fix.title,
                edits: finding.fix.edits.map(({ range, text }) => {
                  const start = source.position(range.start);
                  const end = source.position(range.end);
                  return {
                    line: start.line,
                    column: start.column,
                    endLine: end.line,
                    endColumn: end.column,
                    text,
                  };
                }),
              },
      })),
    ),
    undefined,
    2,
  )}\n`;

/** hadolint's `--format json`: the same keys in the same order, and its own codes where it has the rule. */
export const formatHadolintJson: Format = (reports) =>
  `${JSON.stringify(
    reports.flatMap(({ findings }) =>
      findings.map(({ line, code, alias, message, column, file, level }) => ({
        line,
        code: alias ?? code,
        message,
        column,
        file,
        level,
      })),
    ),
  )}\n`;

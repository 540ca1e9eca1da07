import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';
import { reportPath } from './report-path.ts';
import type { Format } from './report.ts';

const severities: Record<Severity, readonly [severity: string, type: string]> = {
  error: ['CRITICAL', 'BUG'],
  warning: ['MAJOR', 'CODE_SMELL'],
  info: ['MINOR', 'CODE_SMELL'],
  style: ['INFO', 'CODE_SMELL'],
};

/** SonarQube's generic issue import. Its columns begin at 0. */
export const formatSonarqube: Format = (reports) => {
  const issues = reports.flatMap(({ findings }) => findings).map(issue);
  return `${JSON.stringify({ issues }, undefined, 2)}\n`;
};

function issue({ code, level, message, file, line, column, endLine, endColumn }: Finding): object {
  const [severity, type] = severities[level];
  // An empty range is refused there.
  const empty = endLine === line && endColumn <= column;
  return {
    engineId: 'Porthole',
    ruleId: code,
    severity,
    type,
    primaryLocation: {
      message,
      filePath: reportPath(file),
      textRange: {
        startLine: line,
        endLine,
        ...(empty ? {} : { startColumn: column - 1, endColumn: endColumn - 1 }),
      },
    },
  };
}

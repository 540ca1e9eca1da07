import { printable } from './printable.ts';
import { reportPath } from './report-path.ts';
import type { Severity } from '../rule.ts';
import type { Format } from './report.ts';

const commands: Record<Severity, string> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
  style: 'notice',
};

const escapeData = (text: string): string => printable(text).replaceAll('%', '%25');
const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Workflow commands that GitHub Actions shows as annotations. */
export const formatGithub: Format = (reports) =>
  reports
    .flatMap(({ findings }) => findings)
    .map(
      ({ file, line, column, endLine, endColumn, level, code, name, message }) =>
        `::${commands[level]} file=${escapeProperty(reportPath(file))},line=${line},col=${column},endLine=${endLine},endColumn=${endColumn},` +
        `title=${escapeProperty(`${code} ${name}`)}::${escapeData(message)}\n`,
    )
    .join('');

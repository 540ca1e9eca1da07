import { createHash } from 'node:crypto';
import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';
import type { FileReport, Format } from './report.ts';

const severities: Record<Severity, string> = {
  error: 'major',
  warning: 'minor',
  info: 'info',
  style: 'info',
};

function issue(finding: Finding, { source }: FileReport): object {
  // The line's text, not its number: a finding keeps its fingerprint when lines are added above it.
  const key = [finding.file, finding.code, source.line(finding.line).trim(), finding.message].join('\0');
  return {
    type: 'issue',
    check_name: finding.code,
    description: finding.message,
    content: { body: `${finding.name}: ${finding.url}` },
    categories: ['Bug Risk'],
    location: { path: finding.file, lines: { begin: finding.line, end: finding.endLine } },
    severity: severities[finding.level],
    fingerprint: createHash('md5').update(key).digest('hex'),
  };
}

/** Code Climate's engine output: one JSON object an issue, each ended by a NUL. */
export const formatCodeclimate: Format = (reports) =>
  reports
    .flatMap((report) => report.findings.map((finding) => `${JSON.stringify(issue(finding, report))}\0`))
    .join('');

/** GitLab's code quality report: the same issues as one array. */
export const formatGitlab: Format = (reports) =>
  `${JSON.stringify(
    reports.flatMap((report) => report.findings.map((finding) => issue(finding, report))),
    undefined,
    2,
  )}\n`;

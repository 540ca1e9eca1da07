import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';
import { fingerprinted } from './fingerprints.ts';
import { reportPath } from './report-path.ts';
import type { FileReport, Format } from './report.ts';

/** hadolint's (dockerfile.md 3.3). */
const severities: Record<Severity, string> = {
  error: 'blocker',
  warning: 'major',
  info: 'info',
  style: 'minor',
};

function issue(finding: Finding, fingerprint: string): object {
  return {
    type: 'issue',
    check_name: finding.code,
    description: finding.message,
    content: { body: `${finding.name}: ${finding.url}` },
    categories: ['Bug Risk'],
    location: { path: reportPath(finding.file), lines: { begin: finding.line, end: finding.endLine } },
    severity: severities[finding.level],
    fingerprint,
  };
}

function issues(reports: readonly FileReport[]): object[] {
  return reports.flatMap((report) =>
    fingerprinted(report).map(({ finding, fingerprint }) => issue(finding, fingerprint)),
  );
}

/** Code Climate's engine output: one JSON object an issue, each ended by a NUL. */
export const formatCodeclimate: Format = (reports) =>
  issues(reports)
    .map((one) => `${JSON.stringify(one)}\0`)
    .join('');

/** GitLab's code quality report: the same issues as one array. */
export const formatGitlab: Format = (reports) => `${JSON.stringify(issues(reports), undefined, 2)}\n`;

import { createHash } from 'node:crypto';
import type { Finding } from '../finding.ts';
import { reportPath } from './report-path.ts';
import type { FileReport } from './report.ts';

/**
 * What tells a finding again after the file was edited: the line's text, not its number. Equal findings of equal lines are
 * counted, since a report with one fingerprint twice shows one of them.
 */
export function fingerprinted(
  report: FileReport,
): readonly { readonly finding: Finding; readonly fingerprint: string }[] {
  const { source, findings } = report;
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const { code, line, message } = finding;
    const key = [reportPath(finding.file), code, source.line(line).trim(), message].join('\0');
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    const text = count === 0 ? key : `${key}\0${count}`;
    return { finding, fingerprint: createHash('md5').update(text).digest('hex') };
  });
}

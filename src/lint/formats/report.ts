import type { SourceText } from '../../dockerfile/source.ts';
import type { Finding } from '../finding.ts';
import type { Severity } from '../rule.ts';

/** What one run found in one file, as formats take it. */
export interface FileReport {
  readonly file: string;
  readonly source: SourceText;
  readonly findings: readonly Finding[];
}

export interface FormatOptions {
  readonly color: boolean;
  readonly columns: number;
}

/** A format is pure: the whole text that goes to stdout, its last newline included. */
export type Format = (reports: readonly FileReport[], options: FormatOptions) => string;

export const severityOrder: readonly Severity[] = ['error', 'warning', 'info', 'style'];

/** `1 error, 2 warnings`; empty for none. */
export function countsText(findings: readonly Finding[]): string {
  return severityOrder
    .map((level) => ({ level, count: findings.filter((finding) => finding.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${plural(level, count)}`)
    .join(', ');
}

function plural(level: Severity, count: number): string {
  if (level === 'info') return 'info';
  if (level === 'style') return 'style';
  return count === 1 ? level : `${level}s`;
}

import { DiagnosticSeverity, DiagnosticTag, type Diagnostic } from 'vscode-languageserver';
import type { Finding } from '../lint/finding.ts';
import type { Severity } from '../lint/rule.ts';
import type { Analysis } from './analysis.ts';

export const diagnosticSource = 'porthole';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
  style: DiagnosticSeverity.Hint,
};

/** Findings that editors grey out or strike through. */
const tags: Readonly<Record<string, DiagnosticTag>> = {
  'unused-ignore': DiagnosticTag.Unnecessary,
  'redundant-target-platform': DiagnosticTag.Unnecessary,
  'no-empty-continuation': DiagnosticTag.Unnecessary,
  'maintainer-deprecated': DiagnosticTag.Deprecated,
  'legacy-key-value-format': DiagnosticTag.Deprecated,
  'retired-docker-hub-name': DiagnosticTag.Deprecated,
};

/** `pageOf`: an absolute address for a finding's page, which is relative to the package; undefined when there is none. */
export function diagnosticsOf(analysis: Analysis, pageOf: (url: string) => string | undefined): Diagnostic[] {
  return analysis.lint.findings.map((finding) => diagnosticOf(finding, analysis, pageOf));
}

export function diagnosticOf(
  finding: Finding,
  analysis: Analysis,
  pageOf: (url: string) => string | undefined,
): Diagnostic {
  const href = pageOf(finding.url);
  const tag = tags[finding.name];
  return {
    range: analysis.range(analysis.trimmed(finding.range)),
    severity: severities[finding.level],
    code: finding.code,
    ...(href === undefined ? {} : { codeDescription: { href } }),
    source: diagnosticSource,
    message: finding.message,
    ...(tag === undefined ? {} : { tags: [tag] }),
  };
}

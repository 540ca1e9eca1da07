import type { SourcePosition, SourceRange } from '../dockerfile/source.ts';
import type { Fix, Severity } from './rule.ts';

/** One thing that is wrong, ready for every output format. Lines and columns are 1-based; the end is exclusive. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly range: SourceRange;
  readonly level: Severity;
  readonly code: string;
  /** hadolint's code for this very finding, when the rule has another id. */
  readonly alias?: string;
  readonly name: string;
  readonly message: string;
  readonly url: string;
  readonly fix?: Fix;
}

/** Order of every output: by place, then code, then message. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    a.line - b.line || a.column - b.column || compareText(a.code, b.code) || compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function place(
  start: SourcePosition,
  end: SourcePosition,
): Pick<Finding, 'line' | 'column' | 'endLine' | 'endColumn'> {
  return { line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}

/** Where to read more, for a person: the page where it has an address, else the command that prints it. */
export function helpOf({ url, code }: Pick<Finding, 'url' | 'code'>): string {
  return url.includes('://') ? url : `porthole lint --explain ${code}`;
}

/** The rule's page in this package, generated from the rule object: a URI reference relative to the repository. */
export function ruleUrl(id: string): string {
  return `docs/lint/${id}.md`;
}

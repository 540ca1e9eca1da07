/** Applying fixes to a text: those that touch each other wait for the next pass over the new text. */
import { SourceText } from '../dockerfile/source.ts';
import type { Finding } from './finding.ts';
import { lintSource, type LintOptions, type LintResult } from './lint-file.ts';
import type { RuleDefinition, TextEdit } from './rule.ts';

export interface FixResult {
  readonly source: SourceText;
  /** What is left after fixing. */
  readonly result: LintResult;
  readonly applied: number;
}

/** Far above what real files need: a fix rarely opens the way for another. */
const passes = 10;

/** How many fixes of a file are tried one by one when together they are refused. */
const triedAlone = 200;

/** Fixes what can be fixed. Fixes that would add a problem of the builder's are not taken; the others are. */
export function fixSource(
  source: SourceText,
  rules: readonly RuleDefinition[],
  options: LintOptions,
): FixResult {
  const take = (from: FixResult, findings: readonly Finding[]): FixResult | undefined => {
    const { text, applied } = applyFixes(from.source.text, findings);
    if (applied === 0 || text === from.source.text) return undefined;
    const fixed = new SourceText(text, from.source.encoding);
    const result = lintSource(fixed, rules, options);
    if (problems(result) > problems(from.result)) return undefined;
    return { source: fixed, result, applied: from.applied + applied };
  };
  let current: FixResult = { source, result: lintSource(source, rules, options), applied: 0 };
  for (let pass = 0; pass < passes; pass++) {
    const from = current;
    const fixable = from.result.findings.filter(({ fix }) => fix !== undefined);
    // A fix may bring to light what a broken line has swallowed, and that may be broken in its turn.
    const harmless = () => fixable.slice(0, triedAlone).filter((finding) => take(from, [finding]));
    const next = take(from, fixable) ?? (fixable.length > 1 ? take(from, harmless()) : undefined);
    if (next === undefined) break;
    current = next;
  }
  return current;
}

const problems = ({ file }: LintResult): number => file.dockerfile.problems.length;

/** One pass: fixes in the order of the findings; one whose edits overlap an earlier one's is left out. */
export function applyFixes(
  text: string,
  findings: readonly Finding[],
): { readonly text: string; readonly applied: number } {
  const taken: TextEdit[] = [];
  let applied = 0;
  for (const { fix } of findings) {
    if (fix === undefined) continue;
    const fresh = fix.edits.filter((edit) => !taken.some((other) => same(edit, other)));
    if (fresh.some((edit) => taken.some((other) => overlaps(edit, other)))) continue;
    taken.push(...fresh);
    applied++;
  }
  const fixed = taken
    .toSorted((a, b) => b.range.start - a.range.start || b.range.end - a.range.end)
    .reduce(
      (done, { range, text: insert }) => done.slice(0, range.start) + insert + done.slice(range.end),
      text,
    );
  return { text: fixed, applied };
}

function same(a: TextEdit, b: TextEdit): boolean {
  return a.range.start === b.range.start && a.range.end === b.range.end && a.text === b.text;
}

function overlaps(a: TextEdit, b: TextEdit): boolean {
  if (a.range.start === b.range.start) return true;
  return a.range.start < b.range.end && b.range.start < a.range.end;
}

/** What must hold of the linter, its fixes, the formatter and the language server for any text. Every check throws an Error that says what does not. */
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { SourceRange } from '../../src/dockerfile/source.ts';
import { SourceText } from '../../src/dockerfile/source.ts';
import { parseSyntax } from '../../src/dockerfile/parse.ts';
import { applyFixes, fixSource } from '../../src/lint/apply-fixes.ts';
import type { Finding } from '../../src/lint/finding.ts';
import { lintSource, type LintOptions, type LintResult } from '../../src/lint/lint-file.ts';
import { BinaryFileError, readSource } from '../../src/lint/read-source.ts';
import { rules } from '../../src/lint/rules/index.ts';
import { Analysis } from '../../src/lsp/analysis.ts';
import { codeActions } from '../../src/lsp/code-actions.ts';
import { completionAt } from '../../src/lsp/completion.ts';
import { diagnosticsOf } from '../../src/lsp/diagnostics.ts';
import { definitionRanges, occurrences, renameRange } from '../../src/lsp/find-name.ts';
import { formatText } from '../../src/lsp/format.ts';
import { hoverAt } from '../../src/lsp/hover.ts';
import { sameMeaning } from '../../src/lsp/meaning.ts';
import { documentSymbols, foldingRanges } from '../../src/lsp/outline.ts';

/** All rules, those too that are off by default, on a fixed day. */
const options: LintOptions = {
  name: 'Dockerfile',
  enabled: new Set(rules.map(({ id }) => id)),
  rule: { asOf: Date.UTC(2026, 0, 1) },
};

const lint = (source: SourceText, wasUtf16 = false): LintResult =>
  lintSource(source, rules, { ...options, wasUtf16 });

/** Undefined for bytes that are no text. */
export function lintable(bytes: Uint8Array): SourceText | undefined {
  try {
    return readSource(bytes).source;
  } catch (error) {
    if (error instanceof BinaryFileError) return undefined;
    throw error;
  }
}

/** The linter ends, and every finding stands in the text. */
export function checkLint(source: SourceText): LintResult {
  const result = lint(source);
  for (const finding of result.findings) checkFinding(finding, source);
  return result;
}

function checkFinding(finding: Finding, source: SourceText): void {
  const { code, line, column, endLine, endColumn, message } = finding;
  checkRange(finding.range, source, code);
  if (line < 1 || column < 1 || endLine < line || endColumn < 1) {
    throw new Error(`${code} stands at ${line}:${column}-${endLine}:${endColumn}`);
  }
  if (line > source.lineCount || endLine > source.lineCount) throw new Error(`${code} stands below the file`);
  if (message === '') throw new Error(`${code} says nothing`);
  for (const { range } of finding.fix?.edits ?? []) checkRange(range, source, `fix of ${code}`);
}

function checkRange({ start, end }: SourceRange, { text }: SourceText, what: string): void {
  if (!(start >= 0 && start <= end && end <= text.length)) {
    throw new Error(`range ${start}-${end} of ${text.length}: ${what}`);
  }
}

const problemsOf = (result: LintResult): number => result.file.dockerfile.problems.length;
const counted = (result: LintResult, code: string): number =>
  result.findings.filter((finding) => finding.code === code).length;

/**
 * `lint --fix`: what it leaves is refused by the builder no more than what it got, has nothing more to fix, and stays the
 * same in a second run. Each single fix takes its finding away. At most `singles` single fixes are tried.
 */
export function checkFixes(source: SourceText, singles = Infinity): void {
  const before = lint(source);
  const fixable = before.findings.filter(({ fix }) => fix !== undefined);
  if (fixable.length === 0) return;
  const fixed = fixSource(source, rules, options);
  if (problemsOf(fixed.result) > problemsOf(before)) throw new Error('fixing adds a problem');
  for (const finding of fixed.result.findings) {
    if (finding.fix !== undefined && !addsProblem(fixed.source, finding)) {
      throw new Error(`fixing leaves ${finding.code}: ${JSON.stringify(fixed.source.text)}`);
    }
  }
  const again = fixSource(fixed.source, rules, options);
  if (again.source.text !== fixed.source.text) {
    throw new Error(`fixing twice differs: ${JSON.stringify([fixed.source.text, again.source.text])}`);
  }
  for (const finding of fixable.slice(0, singles)) {
    const { text } = applyFixes(source.text, [finding]);
    if (text === source.text) throw new Error(`the fix of ${finding.code} changes nothing`);
    const after = lint(new SourceText(text, source.encoding));
    // This one brings the next line to light, which may be broken in its turn.
    if (problemsOf(after) > problemsOf(before) && finding.name === 'path-swallows-next-line') continue;
    if (problemsOf(after) > problemsOf(before)) {
      throw new Error(`the fix of ${finding.code} adds a problem: ${JSON.stringify(text)}`);
    }
    // A rule that reports once an instruction may find its next place there; the fixed one has to be gone.
    const left = after.findings.some(
      ({ code, range }) => code === finding.code && range.start === finding.range.start,
    );
    if (left && counted(after, finding.code) >= counted(before, finding.code)) {
      throw new Error(`the fix of ${finding.code} leaves it: ${JSON.stringify(text)}`);
    }
  }
}

function addsProblem(source: SourceText, finding: Finding): boolean {
  const after = lint(new SourceText(applyFixes(source.text, [finding]).text, source.encoding));
  return problemsOf(after) > problemsOf(lint(source));
}

const styles = [
  { tabSize: 4, insertSpaces: true },
  { tabSize: 8, insertSpaces: false, trimFinalNewlines: true },
];

/** Formatting keeps the meaning, and a second time changes nothing. */
export function checkFormat(source: SourceText): void {
  const tree = parseSyntax(source);
  for (const style of styles) {
    const text = formatText(lint(source).file, style);
    const formatted = new SourceText(text, source.encoding);
    if (!sameMeaning(tree, parseSyntax(formatted))) {
      throw new Error(`formatting changes the meaning: ${JSON.stringify(text)}`);
    }
    const again = formatText(lint(formatted).file, style);
    if (again !== text) throw new Error(`formatting twice differs: ${JSON.stringify([text, again])}`);
  }
}

/** Every answer of the language server, at `offset` of a document. */
export function checkServer(text: string, offset: number): void {
  const document = TextDocument.create('file:///Dockerfile', 'dockerfile', 1, text);
  const analysis = new Analysis(document, rules, options);
  const source = analysis.source;
  for (const range of definitionRanges(analysis, offset)) checkRange(range, source, 'definition');
  for (const { range } of occurrences(analysis, offset)) checkRange(range, source, 'occurrence');
  const renamed = renameRange(analysis, offset);
  if (renamed !== undefined) checkRange(renamed, source, 'rename');
  hoverAt(analysis, offset);
  for (const { textEdit } of completionAt(analysis, offset)) {
    const range = textEdit && 'range' in textEdit ? textEdit.range : undefined;
    if (range === undefined || document.offsetAt(range.end) > Math.max(offset, 0)) {
      throw new Error('a completion replaces what stands behind the cursor');
    }
  }
  documentSymbols(analysis);
  for (const { startLine, endLine } of foldingRanges(analysis)) {
    if (endLine <= startLine || endLine >= document.lineCount)
      throw new Error(`folds ${startLine}-${endLine}`);
  }
  diagnosticsOf(analysis, () => undefined);
  codeActions(analysis, { start: offset, end: offset }, ['quickfix', 'source.fixAll'], () => undefined);
}

export function checkEverything(bytes: Uint8Array, random: () => number): void {
  const source = lintable(bytes);
  if (source === undefined) return;
  checkLint(source);
  checkFixes(source, 3);
  checkFormat(source);
  checkServer(source.text, Math.floor(random() * (source.text.length + 1)));
}

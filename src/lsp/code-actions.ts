/** Quick fixes of findings, "fix all", and comments that leave a rule out. */
import {
  CodeActionKind,
  type CodeAction,
  type CodeActionContext,
  type TextEdit,
} from 'vscode-languageserver';
import type { SourceRange } from '../dockerfile/source.ts';
import { fixSource } from '../lint/apply-fixes.ts';
import type { Finding } from '../lint/finding.ts';
import { builtInCodes } from '../lint/lint-file.ts';
import type { Analysis } from './analysis.ts';
import { diagnosticOf } from './diagnostics.ts';

export const fixAllKind = `${CodeActionKind.SourceFixAll}.porthole`;

export function codeActions(
  analysis: Analysis,
  range: SourceRange,
  only: CodeActionContext['only'],
  pageOf: (url: string) => string | undefined,
): CodeAction[] {
  const wants = (kind: string): boolean =>
    only === undefined || only.some((one) => kind === one || kind.startsWith(`${one}.`) || one === '');
  const actions: CodeAction[] = [];
  if (wants(CodeActionKind.QuickFix)) {
    const found = analysis.lint.findings.filter((finding) => touches(analysis.trimmed(finding.range), range));
    for (const finding of found) {
      if (finding.fix === undefined) continue;
      actions.push({
        title: `${finding.fix.title} (${finding.code})`,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnosticOf(finding, analysis, pageOf)],
        isPreferred: true,
        edit: changes(
          analysis,
          finding.fix.edits.map((one) => toEdit(analysis, one.range, one.text)),
        ),
      });
    }
    for (const finding of found) actions.push(...ignoreActions(analysis, finding, pageOf));
  }
  // Only when it is asked for by name: it is not about the place of the cursor.
  if (only !== undefined && wants(fixAllKind)) {
    const edits = fixAllEdits(analysis);
    if (edits.length > 0) {
      actions.push({
        title: 'Fix all that is safe to fix',
        kind: fixAllKind,
        edit: changes(analysis, edits),
      });
    }
  }
  return actions;
}

const touches = (one: SourceRange, other: SourceRange): boolean =>
  one.start <= other.end && other.start <= one.end;

function changes(analysis: Analysis, edits: TextEdit[]): NonNullable<CodeAction['edit']> {
  return { changes: { [analysis.document.uri]: edits } };
}

function toEdit(analysis: Analysis, range: SourceRange, newText: string): TextEdit {
  return { range: analysis.range(range), newText };
}

/** What `lint --fix` would make of the file, as one edit of the part that changes. */
export function fixAllEdits(analysis: Analysis): TextEdit[] {
  const before = analysis.text;
  const after = fixSource(analysis.source, analysis.rules, analysis.options).source.text;
  if (after === before) return [];
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  // A position between the halves of a line end or of a surrogate pair is none.
  while (start > 0 && /[\r\ud800-\udbff]/.test(before[start - 1]!)) start--;
  while (end > 0 && /[\n\udc00-\udfff]/.test(before[before.length - end]!)) end--;
  const range = { start, end: before.length - end };
  return [toEdit(analysis, range, after.slice(start, after.length - end))];
}

function ignoreActions(
  analysis: Analysis,
  finding: Finding,
  pageOf: (url: string) => string | undefined,
): CodeAction[] {
  if (builtInCodes.some(({ id }) => id === finding.code)) return [];
  const { tree, source } = analysis;
  const node = tree.instructions.find(({ lines }) => finding.line >= lines[0] && finding.line <= lines[1]);
  const lineEnd = /\r?\n/.exec(source.text)?.[0] ?? '\n';
  const action = (title: string, at: number, text: string): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnosticOf(finding, analysis, pageOf)],
    edit: changes(analysis, [toEdit(analysis, { start: at, end: at }, text)]),
  });
  const actions: CodeAction[] = [];
  if (node !== undefined) {
    const above = node.comments.at(-1);
    const listed = above && /^porthole\s+ignore\s*=.*[\w-]$/i.test(above.text) ? above : undefined;
    const title = `Ignore ${finding.code} for this instruction`;
    if (listed === undefined) {
      const start = Math.max(node.range.start, source.markLength);
      const indent = /^[ \t]*/.exec(source.text.slice(start))![0];
      actions.push(action(title, start, `${indent}# porthole ignore=${finding.code}${lineEnd}`));
    } else {
      actions.push(action(title, analysis.trimmed(listed.range).end, `,${finding.code}`));
    }
  }
  // Below the directives, which end at the first other comment.
  const last = tree.directives.at(-1);
  const top = last === undefined ? source.markLength : source.lineStart(source.lineAt(last.range.start) + 1);
  actions.push(
    action(`Ignore ${finding.code} in this file`, top, `# porthole global ignore=${finding.code}${lineEnd}`),
  );
  return actions;
}

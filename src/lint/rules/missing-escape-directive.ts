import type { LintFile } from '../model.ts';
import type { TextEdit } from '../rule.ts';
import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW001',
  name: 'missing-escape-directive',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'A Windows Dockerfile should begin with # escape=`',
    why: 'With the default escape one character is path separator, quoting character and line joiner.',
    see: ['moby/buildkit: frontend/dockerfile/docs/reference.md (escape)'],
  },
  cases: {
    good: ['# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:\\app\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:\\app\n',
        lines: [2],
        fixed: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nWORKDIR C:\\app\n',
      },
    ],
  },
  check({ file, report }) {
    const { tree } = file.dockerfile;
    if (!file.windows || tree.directives.some(({ name }) => name === 'escape')) return;
    for (const stage of file.stages) {
      if (stage.platform !== 'windows') continue;
      for (const { instruction } of stage.instructions) {
        const { text } = instruction.node;
        const at = text.text.indexOf('\\');
        if (at < 0) continue;
        const edits = escapeEdits(file);
        report({
          message: 'backslashes are escapes here: begin the file with "# escape=`"',
          range: text.range(at, at + 1),
          ...(edits === undefined ? {} : { fix: { title: 'Add "# escape=`"', edits } }),
        });
        return;
      }
    }
  },
});

/**
 * The directive and the continuations. Undefined where another escape would change more than that: backticks that are there,
 * backslashes that escape, and ends of lines of which nobody can tell whether they are paths.
 */
function escapeEdits(file: LintFile): TextEdit[] | undefined {
  const { text, markLength } = file.source;
  const { tree } = file.dockerfile;
  if (text.includes('`') || /\\["'$\\]/.test(text)) return undefined;
  const edits: TextEdit[] = [];
  for (const node of tree.instructions) {
    if (node.heredocs.length > 0) return undefined;
    const [first, last] = node.lines;
    for (let line = first; line <= last; line++) {
      const match = /^(.*)\\[ \t]*\r?$/.exec(file.source.line(line));
      if (match === null || /^\s*#/.test(match[0])) continue;
      if (line === last || !/\s$/.test(match[1]!)) return undefined;
      const start = file.source.lineStart(line) + match[1]!.length;
      edits.push({ range: { start, end: start + 1 }, text: '`' });
    }
  }
  const syntax = tree.directives.find(({ name }) => name === 'syntax');
  const at =
    syntax === undefined ? markLength : file.source.lineStart(file.source.lineAt(syntax.range.start) + 1);
  const lineEnd = /\r\n/.test(text) ? '\r\n' : '\n';
  return [{ range: { start: at, end: at }, text: `# escape=\`${lineEnd}` }, ...edits];
}

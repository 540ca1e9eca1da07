import { defineRule } from '../rule.ts';

const defeatsOf = (escape: string): { readonly doubled: RegExp; readonly blank: RegExp } => ({
  doubled: new RegExp(`\\s(${escape}{2,})[ \\t]*\\r?$`),
  blank: new RegExp(`\\s(${escape}[ \\t]*[\\u00a0\\u2000-\\u200b\\u3000\\ufeff]+\\s*)$`),
});
const defeats = { '`': defeatsOf('`'), '\\': defeatsOf('\\\\') };

export default defineRule({
  id: 'PW047',
  name: 'continuation-defeated',
  severity: 'warning',
  platform: 'any',
  docs: {
    summary: 'Only blanks and tabs may follow the escape at the end of a line',
    why: 'A doubled escape, or a no-break space after it, does not continue the line.',
    see: ['moby/buildkit: frontend/dockerfile/parser/parser.go (lineContinuationRegex)'],
  },
  cases: {
    good: ['# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && `\n    echo b\n'],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && ``\n    echo b\n',
        lines: [3],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && `\n    echo b\n',
      },
    ],
  },
  check({ file, report }) {
    const { tree } = file.dockerfile;
    if (!file.windows) return;
    const { doubled, blank } = defeats[tree.escape];
    for (const node of tree.instructions) {
      const line = node.lines[1];
      if (node.heredocs.length > 0 || !/^\s+\S/.test(file.source.line(line + 1))) continue;
      const text = file.source.line(line);
      const match = doubled.exec(text) ?? blank.exec(text);
      if (match === null) continue;
      const start = file.source.lineStart(line) + match.index + 1;
      const range = { start, end: start + match[1]!.length };
      report({
        message: 'this does not continue the line: end it with one escape character alone',
        range,
        fix: { title: 'Leave one escape character', edits: [{ range, text: tree.escape }] },
      });
    }
  },
});

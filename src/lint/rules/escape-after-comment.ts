import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW046',
  name: 'escape-after-comment',
  severity: 'info',
  platform: 'any',
  docs: {
    summary: 'A comment inside a step needs no escape at its end',
    why: 'Comments are left out of the step: the character has no effect and misleads.',
    see: ['ros2/ci#420'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && `\n    # step two\n    echo b\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && `\n    # step two `\n    echo b\n',
        lines: [3],
        fixed:
          '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo a && `\n    # step two\n    echo b\n',
      },
    ],
  },
  check({ file, report }) {
    const { tree } = file.dockerfile;
    if (!file.windows) return;
    for (const node of tree.instructions) {
      for (const comment of node.innerComments) {
        if (!comment.text.endsWith(tree.escape)) continue;
        const at = file.source.text.lastIndexOf(tree.escape, comment.range.end);
        const blanks = /[ \t]*$/.exec(file.source.text.slice(comment.range.start, at))![0].length;
        report({
          message: `"${tree.escape}" at the end of a comment has no effect`,
          range: { start: at, end: at + 1 },
          line: node.lines[0],
          fix: { title: 'Remove it', edits: [{ range: { start: at - blanks, end: at + 1 }, text: '' }] },
        });
      }
    }
  },
});

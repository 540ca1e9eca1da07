import { namesIn } from '../names.ts';
import { defineRule } from '../rule.ts';

const keywords = namesIn(
  'add arg cmd copy entrypoint env expose from healthcheck label onbuild run shell stopsignal user volume workdir',
);

function beginsInstruction(line: string): boolean {
  const word = /^\s*([A-Za-z]+)\s/.exec(line)?.[1];
  return word !== undefined && keywords.has(word.toLowerCase());
}

export default defineRule({
  id: 'PW002',
  name: 'path-swallows-next-line',
  severity: 'error',
  platform: 'any',
  docs: {
    summary: 'A path that ends in a backslash swallows the next line',
    why: 'The next instruction silently becomes arguments of this one.',
    see: ['moby/buildkit: frontend/dockerfile/docs/reference.md (escape section)', 'docker/cli#3679'],
  },
  cases: {
    good: [
      '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app.exe C:\\app\\\nRUN dir C:\\app\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app.exe C:\\app\\\nRUN dir C:\\app\n',
        lines: [2],
      },
    ],
  },
  check({ file, report }) {
    const { tree } = file.dockerfile;
    if (!file.windows || tree.escape !== '\\') return;
    for (const node of tree.instructions) {
      const [first, last] = node.lines;
      for (let line = first; line < last; line++) {
        if (!beginsInstruction(file.source.line(line + 1))) continue;
        const match = /(\S*)\\[ \t]*\r?$/.exec(file.source.line(line));
        const word = match?.[1] ?? '';
        if (match === null || !/^["']?[a-z]:|\\/i.test(word)) continue;
        const start = file.source.lineStart(line) + match.index;
        report({
          message: `the backslash at the end of "${word}\\" joins the next line to this one`,
          range: { start, end: start + word.length + 1 },
          fix: {
            title: 'Write / at the end',
            edits: [{ range: { start: start + word.length, end: start + word.length + 1 }, text: '/' }],
          },
        });
      }
    }
  },
});

import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'DL3021',
  name: 'several-sources-need-folder',
  severity: 'error',
  platform: 'linux',
  instructions: ['copy'],
  docs: {
    summary: 'COPY of several sources needs a destination that ends with /',
    why: 'The builder refuses it: a destination without it is a file.',
    windows: 'PW039 says it for Windows stages, where a backslash does as well.',
  },
  cases: {
    good: ['FROM scratch\nCOPY a b /c/\nCOPY a b .\nCOPY a b $DIR\nCOPY a b "/c/"\n'],
    bad: [
      {
        text: 'FROM scratch\nCOPY a b /c\n',
        lines: [2],
        fixed: 'FROM scratch\nCOPY a b /c/\n',
      },
      {
        text: 'FROM scratch\nCOPY ["a", "b", "/c"]\n',
        lines: [2],
        fixed: 'FROM scratch\nCOPY ["a", "b", "/c/"]\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'copy')) {
      if (instruction.sources.length + instruction.inline.length < 2) continue;
      const { destination } = instruction;
      const quoted = /["']$/.test(destination.text);
      const path = destination.text.replace(/["']$/, '');
      if (/\/$|(^|\/)\.\.?$|\}$|\$\w+$/.test(path)) continue;
      const end = destination.range().end - (quoted ? 1 : 0);
      report({
        message: `"${destination.text}" must end with / to take several sources`,
        range: destination.range(),
        fix: { title: 'Add /', edits: [{ range: { start: end, end }, text: '/' }] },
      });
    }
  },
});

import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW039',
  name: 'several-sources-into-file',
  aliases: ['DL3021'],
  severity: 'error',
  platform: 'windows',
  instructions: ['copy', 'add'],
  docs: {
    summary: 'Several sources need a folder as destination',
    why: 'The classic builder refuses it: the destination must end with a separator.',
    see: [
      'moby/moby: daemon/builder/dockerfile/copy.go',
      'microsoft/vscode-docker#4292',
      'Checkmarx/kics#8099',
    ],
  },
  cases: {
    good: ['# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY a.txt b.txt C:\\app\\\n'],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY a.txt b.txt C:\\app\n',
        lines: [3],
        fixed: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY a.txt b.txt C:\\app\\\n',
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const { instruction } of instructionsOf(stage, 'copy', 'add')) {
      const { sources, inline, destination } = instruction;
      const several = sources.length + inline.length > 1 || sources.some(({ text }) => /[*?]/.test(text));
      if (!several || /[\\/]["']?$|^\.\.?$|\}$|\$\w+$/.test(destination.text)) continue;
      const { end } = destination.range();
      const backslash =
        file.dockerfile.tree.escape === '`' && destination.text.includes('\\') && !instruction.node.json;
      report({
        message: `"${destination.text}" must end with a separator to take several files`,
        range: destination.range(),
        fix: {
          title: 'Add the separator',
          edits: [{ range: { start: end, end }, text: backslash ? '\\' : '/' }],
        },
      });
    }
  },
});

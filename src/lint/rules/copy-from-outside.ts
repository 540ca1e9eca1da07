import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW060',
  name: 'copy-from-outside',
  severity: 'warning',
  platform: 'windows',
  instructions: ['copy', 'add'],
  docs: {
    summary: 'COPY and ADD see the build context alone',
    why: 'A source with a drive or with .. at its start names no file of the context. The classic builder refuses it; BuildKit cuts drive and dots off and looks for what is left.',
    windows:
      'Write sources relative to the folder that is given to build; another folder needs --build-context, or a context further up.',
    see: ['https://docs.docker.com/build/concepts/context/', 'moby/buildkit: util/system/path.go'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY src/a.txt ./b.txt ..config C:/app/\nADD https://example.com/a.txt C:/app/\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS build\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY --from=build C:/out C:/app/\nCOPY $SOURCE C:/app/\n',
    ],
    bad: [
      {
        text: '# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY C:\\projects\\app C:\\app\nCOPY ..\\common C:\\app\\common\nADD ["../a b.txt", "C:/app/"]\n',
        lines: [3, 4, 5],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'copy', 'add')) {
      if (instruction.kind === 'copy' && instruction.from !== undefined) continue;
      for (const source of instruction.sources) {
        const text = source.text.replace(/^["']/, '');
        const drive = /^[a-z]:(?:[\\/]|$)/i.test(text);
        if (!drive && !/^(?:\.[\\/]+)*\.\.(?:[\\/]|$)/.test(text)) continue;
        report({
          message: `"${source.text}" ${drive ? 'has a drive' : 'leaves the build context'}: write a path of the context`,
          range: source.range(),
        });
      }
    }
  },
});

import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';
import { normalizePath } from '../windows-path.ts';

export default defineRule({
  id: 'PW043',
  name: 'copy-of-system-drive',
  aliases: ['DL3067'],
  severity: 'error',
  platform: 'windows',
  instructions: ['copy'],
  docs: {
    summary: 'COPY --from cannot take the whole system drive',
    why: 'The classic builder refuses C:\\ and C:\\Windows as sources.',
    see: ['moby/moby: daemon/builder/dockerfile/copy_windows.go'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS b\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY --from=b C:/Windows/System32/netapi32.dll C:/Windows/System32/\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS b\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY --from=b C:/Windows C:/w/\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'copy')) {
      if (instruction.from === undefined) continue;
      for (const source of instruction.sources) {
        if (!/^(c:|c:\/windows)$/.test(normalizePath(source.text))) continue;
        report({ message: `"${source.text}" cannot be copied: name the files`, range: source.range() });
      }
    }
  },
});

import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW005',
  name: 'workdir-drive-only',
  severity: 'error',
  platform: 'windows',
  instructions: ['workdir'],
  docs: {
    summary: 'WORKDIR should name a folder, not a drive alone',
    why: '`C:` means the current directory of that drive: the builders refuse it with words that do not say so.',
    see: [
      'moby/moby: daemon/builder/dockerfile/dispatchers_windows.go',
      'moby/buildkit: util/system/path.go',
    ],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:\n',
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'workdir')) {
      if (!/^["']?[a-z]:\.?["']?$/i.test(instruction.path.text)) continue;
      const drive = instruction.path.text.replaceAll(/["'.]/g, '');
      report({
        message: `"${drive}" is the current directory of the drive, not its root`,
        range: instruction.path.range(),
        fix: { title: `Write ${drive}/`, edits: [{ range: instruction.path.range(), text: `${drive}/` }] },
      });
    }
  },
});

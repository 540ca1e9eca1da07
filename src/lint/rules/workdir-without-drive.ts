import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';
import { hasDrive } from '../windows-path.ts';

export default defineRule({
  id: 'PW006',
  name: 'workdir-without-drive',
  severity: 'warning',
  platform: 'windows',
  instructions: ['workdir'],
  docs: {
    summary: 'The first WORKDIR should be absolute, with its drive',
    why: 'A relative path joins whatever the base image says; a rooted one works but hides the drive.',
    see: [
      'moby/buildkit: frontend/dockerfile/linter/ruleset.go (WorkdirRelativePath, which accepts /app)',
      'moby/moby: dispatchers_windows_test.go',
    ],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/app\n'],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR app\n',
        lines: [2],
        fixed: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:/app\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction, workdir } of instructionsOf(stage, 'workdir')) {
      const path = instruction.path.text.replaceAll(/["']/g, '');
      if (workdir !== undefined || hasDrive(path) || path.startsWith('$') || /^[\\/]{2}/.test(path)) return;
      report({
        message: `WORKDIR "${path}" has no drive: write C:/${path.replace(/^[\\/]/, '')}`,
        range: instruction.path.range(),
        fix: {
          title: 'Put C:/ in front',
          edits: [{ range: instruction.path.range(), text: `C:/${path.replace(/^[\\/]/, '')}` }],
        },
      });
      return;
    }
  },
});

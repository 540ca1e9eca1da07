import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW034',
  name: 'stopsignal-on-windows',
  severity: 'error',
  platform: 'windows',
  instructions: ['stopsignal'],
  docs: {
    summary: 'Windows has no STOPSIGNAL',
    why: 'The classic builder refuses it: "The daemon on this platform does not support the command stopsignal".',
    see: ['moby/buildkit: frontend/dockerfile/instructions/commands.go (CheckPlatform)'],
  },
  cases: {
    good: ['FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD ["cmd"]\n'],
    bad: [{ text: 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nSTOPSIGNAL SIGTERM\n', lines: [2] }],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'stopsignal')) {
      report({
        message: 'Windows containers know no signals: remove STOPSIGNAL',
        range: instruction.node.keyword.range(),
        fix: { title: 'Remove the line', edits: [{ range: instruction.node.range, text: '' }] },
      });
    }
  },
});

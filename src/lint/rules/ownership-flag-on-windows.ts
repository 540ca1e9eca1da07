import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW033',
  name: 'ownership-flag-on-windows',
  severity: 'error',
  platform: 'windows',
  instructions: ['copy', 'add'],
  docs: {
    summary: '--chown and --chmod do nothing for Windows images',
    why: 'They are documented as unsupported; --chmod fails in the classic builder.',
    see: ['moby/buildkit: docs/reference.md (COPY --chown, --chmod)'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY app C:/app/\nRUN icacls C:\\app /grant "Users:(OI)(CI)RX"\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCOPY --chown=app:app app C:/app/\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { file, report }) {
    for (const { instruction } of instructionsOf(stage, 'copy', 'add')) {
      for (const flag of instruction.node.flags) {
        if (!/^--ch(own|mod)\b/.test(flag.text)) continue;
        const { start, end } = flag.range();
        const blanks = /^[ \t]*/.exec(file.source.text.slice(end))![0].length;
        report({
          message: `${flag.text.split('=')[0]!} is not supported for Windows images: use icacls`,
          range: { start, end },
          fix: { title: 'Remove it', edits: [{ range: { start, end: end + blanks }, text: '' }] },
        });
      }
    }
  },
});

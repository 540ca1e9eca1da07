import { defineRule } from '../rule.ts';

export default defineRule({
  id: 'PW044',
  name: 'heredoc-on-windows',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Here-documents do not work in Windows steps',
    why: 'cmd stops at the first line end, and a first line with #! is not looked at.',
    see: ['moby/buildkit: frontend/dockerfile/dockerfile2llb/convert.go (dispatchRun)'],
  },
  cases: {
    good: [
      '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo one && echo two\n',
    ],
    bad: [
      {
        text: '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN <<EOF\necho one\necho two\nEOF\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of stage.instructions) {
      if (instruction.kind !== 'run' || instruction.command.heredocs.length === 0) continue;
      report({
        message: 'cmd stops at the first line of a here-document: join the commands with &&',
        range: instruction.node.rest.range(),
      });
    }
  },
});

import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';

export default defineRule({
  id: 'PW044',
  name: 'heredoc-on-windows',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'cmd does not read here-documents of several lines, and no Windows shell a #! line',
    why: 'The text is handed over as one argument: cmd stops at the first line end, and a first line with #! is not looked at.',
    windows: 'PowerShell reads all lines of it.',
    see: ['moby/buildkit: frontend/dockerfile/dockerfile2llb/convert.go (dispatchRun)'],
  },
  cases: {
    good: [
      '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo one && echo two\n',
      '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN <<EOF\necho one\nEOF\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN <<EOF\nGet-Date\nGet-Item C:/\nEOF\n',
    ],
    bad: [
      {
        text: '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN <<EOF\necho one\necho two\nEOF\n',
        lines: [3],
      },
      {
        text: '# syntax=docker/dockerfile:1\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN <<EOF\n#!pwsh\nGet-Date\nEOF\n',
        lines: [4],
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction, shell } of instructionsOf(stage, 'run')) {
      const [heredoc] = instruction.command.heredocs;
      if (heredoc === undefined) continue;
      const shebang = heredoc.content.startsWith('#!');
      const several = shell.kind === 'cmd' && /\n[^]*\S/.test(heredoc.content);
      if (!shebang && !several) continue;
      report({
        message: shebang
          ? 'no shell of Windows looks at this #! line: start the program by its name'
          : 'cmd stops at the first line of a here-document: join the commands with &&',
        range: instruction.node.rest.range(),
      });
    }
  },
});

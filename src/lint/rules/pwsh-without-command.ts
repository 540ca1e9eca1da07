import { defineRule } from '../rule.ts';
import { instructionsOf } from '../stage-instructions.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, scriptsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW058',
  name: 'pwsh-without-command',
  severity: 'error',
  platform: 'windows',
  instructions: ['run', 'cmd', 'entrypoint', 'shell'],
  docs: {
    summary: 'pwsh takes a first word without -Command for a script file',
    why: 'Windows PowerShell runs what follows its name as a command; PowerShell 6 and newer takes it for -File: The argument is not recognized as the name of a script file.',
    see: ['https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_pwsh'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/powershell:lts-windowsservercore-ltsc2022\nSHELL ["pwsh", "-NoLogo", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN Get-Date\n',
      'FROM mcr.microsoft.com/powershell:lts-windowsservercore-ltsc2022\nRUN pwsh C:/a.ps1 && pwsh -c Get-Date && pwsh -NoLogo -File a.ps1\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell"]\nRUN Get-Date\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/powershell:lts-windowsservercore-ltsc2022\nSHELL ["pwsh", "-NoLogo"]\nRUN Get-Date\n',
        lines: [2],
      },
      {
        text: 'FROM mcr.microsoft.com/powershell:lts-windowsservercore-ltsc2022\nRUN pwsh Get-Date\n',
        lines: [2],
        fixed:
          'FROM mcr.microsoft.com/powershell:lts-windowsservercore-ltsc2022\nRUN pwsh -Command Get-Date\n',
      },
    ],
  },
  stage(stage, { report }) {
    for (const { instruction } of instructionsOf(stage, 'shell')) {
      const [program, ...rest] = instruction.shell.map(({ text }) => text);
      const name = programName({ text: '', value: program ?? '', start: 0, end: 0 });
      if (name !== 'pwsh' || rest.some((word) => takesCommand.test(word))) continue;
      report({
        message: 'pwsh would take each step for the name of a script: add "-Command"',
        range: instruction.node.rest.range(),
      });
    }
    for (const script of scriptsOf(stage)) {
      if (script.shell !== 'cmd') continue;
      for (const command of script.commands) {
        const [program, first] = command.words;
        if (command.program !== 'pwsh' || first === undefined) continue;
        if (/^[-/$%]/.test(first.value) || /\.ps1$/i.test(first.value)) continue;
        const { end } = rangeOf(script, program!);
        report({
          message: `pwsh takes "${first.value}" for the name of a script: add -Command`,
          range: rangeOf(script, first),
          fix: { title: 'Add -Command', edits: [{ range: { start: end, end }, text: ' -Command' }] },
        });
      }
    }
  },
});

const takesCommand = /^[-/](c|command|f|file|e|ec|encodedcommand|commandwithargs|cwa)$/i;

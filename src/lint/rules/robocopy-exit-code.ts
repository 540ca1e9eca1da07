import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, statementsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW051',
  name: 'robocopy-exit-code',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'robocopy ends with 1 when all went well',
    why: 'Its exit codes below 8 tell what it did: 1 is "files were copied". A step that ends with it fails exactly when it worked, and what follows it behind && is not run.',
    see: [
      'https://learn.microsoft.com/windows-server/administration/windows-commands/robocopy',
      'MicrosoftDocs/windowsserverdocs#1221',
      'pbering/Socker#7',
    ],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN (robocopy C:/a C:/b /E) ^& if errorlevel 8 exit 1\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN robocopy C:/a C:/b /E || if not errorlevel 8 exit 0\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN robocopy C:/a C:/b /E & echo copied\n',
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command "robocopy C:/a C:/b /E; if ($LASTEXITCODE -lt 8) { exit 0 }"\n',
    ],
    bad: [
      { text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN robocopy C:/a C:/b /E\n', lines: [2] },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN robocopy C:/a C:/b /MIR && rd /s /q C:/a\n',
        lines: [2],
      },
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN New-Item -ItemType Directory C:/b; robocopy C:/a C:/b /E | Out-Null\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (!/robocopy/i.test(script.text.text) || /errorlevel|LASTEXITCODE|\$\?/i.test(script.text.text))
        continue;
      const { commands } = script;
      const last = statementsOf(script).at(-1);
      const deciding = commands.filter((command, at) => {
        if (command.program !== 'robocopy') return false;
        if (script.shell !== 'cmd') return command === last;
        const next = commands[at + 1];
        return next === undefined || next.before === '&&';
      });
      for (const command of deciding) {
        report({
          message: 'robocopy ends with 1 when it has copied: take exit codes below 8 for success',
          range: rangeOf(script, command),
        });
      }
    }
  },
});

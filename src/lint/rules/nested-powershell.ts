import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, textOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW029',
  name: 'nested-powershell',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'PowerShell inside of a PowerShell SHELL is read twice',
    why: 'The outer shell expands $variables first: the inner one sees "Stop = Stop".',
    see: ['microsoft/dotnet-framework-docker#298'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/dotnet/framework/sdk:4.8-windowsservercore-ltsc2019\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN $x = \'Stop\'; Write-Host $x\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/dotnet/framework/sdk:4.8-windowsservercore-ltsc2019\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\nRUN powershell -Command $x = \'Stop\'; Write-Host $x\n',
        lines: [3],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      const first = script.commands[0];
      if (script.nested || script.shell === 'cmd' || first === undefined) continue;
      if (!/^(powershell|pwsh)$/.test(first.program)) continue;
      if (!/\s-c(ommand)?\b/i.test(textOf(script, first))) continue;
      report({
        message: `SHELL is PowerShell already: leave "${first.words[0]!.value} -Command" out`,
        range: rangeOf(script, first.words[0]!),
      });
    }
  },
});

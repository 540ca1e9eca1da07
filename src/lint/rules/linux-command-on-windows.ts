import { defineRule } from '../rule.ts';
import { programName } from '../shell/script.ts';
import { rangeOf, runsOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW026',
  name: 'linux-command-on-windows',
  severity: 'error',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Linux commands and paths do not exist on Windows',
    why: 'The program is not in Windows images: the step fails.',
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; Write-Host use-an-installer\n",
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN apt-get update && apt-get install -y git\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    const linux = /^(apt-get|apt|yum|dnf|apk|chmod|chown|ln|sudo|bash|sh|export|source)$/;
    for (const script of runsOf(stage)) {
      const wrong = script.commands
        .flatMap(({ words }) => {
          const program = words[0];
          const found =
            program !== undefined && linux.test(programName(program)) && !/[\\/:]/.test(program.value);
          return found
            ? [program]
            : words.filter(({ text }) => /^["']?\/(bin|usr|etc|var|opt|proc)\//.test(text));
        })
        .at(0);
      if (wrong === undefined) continue;
      report({
        message: `"${wrong.value}" belongs to Linux and is not in Windows images`,
        range: rangeOf(script, wrong),
      });
    }
  },
});

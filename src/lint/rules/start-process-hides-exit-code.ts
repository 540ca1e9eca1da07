import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, textOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW014',
  name: 'start-process-hides-exit-code',
  severity: 'info',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: 'Test the exit code of Start-Process -Wait',
    why: 'Start-Process succeeds whatever the program returns.',
    see: ['moby/moby#30395'],
  },
  cases: {
    good: [
      "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; $p = Start-Process C:/setup.exe -ArgumentList /quiet -Wait -PassThru; if ($p.ExitCode -ne 0) { exit $p.ExitCode }\n",
    ],
    bad: [
      {
        text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command $ErrorActionPreference = 'Stop'; Start-Process C:/setup.exe -ArgumentList /quiet -Wait\n",
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell === 'cmd' || /\.ExitCode\b/i.test(script.text.text)) continue;
      const waiting = script.commands.find(
        (command) =>
          (command.program === 'start-process' || command.program === 'saps') &&
          /\s-W(a(it?)?)?\b/i.test(textOf(script, command)),
      );
      if (waiting === undefined) continue;
      report({
        message: 'a failure of the program goes unnoticed: add -PassThru and test ExitCode',
        range: rangeOf(script, waiting),
      });
    }
  },
});

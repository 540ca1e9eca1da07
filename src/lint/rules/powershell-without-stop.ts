import { defineRule } from '../rule.ts';
import { rangeOf, runsOf, statementsOf, textOf } from '../shell/scripts.ts';

export default defineRule({
  id: 'PW009',
  name: 'powershell-without-stop',
  severity: 'warning',
  platform: 'windows',
  instructions: ['run'],
  docs: {
    summary: "PowerShell steps should set $ErrorActionPreference = 'Stop'",
    why: 'A cmdlet that fails does not end the step: the statements after it run, and a broken layer is kept.',
    see: ['moby/buildkit: docs/reference.md (SHELL)'],
  },
  cases: {
    good: [
      'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\'; $ProgressPreference = \'SilentlyContinue\';"]\nRUN Expand-Archive a.zip -DestinationPath C:/a; Remove-Item a.zip\n',
    ],
    bad: [
      {
        text: 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN powershell -Command Expand-Archive a.zip -DestinationPath C:/a; Remove-Item a.zip\n',
        lines: [2],
      },
    ],
  },
  stage(stage, { report }) {
    for (const script of runsOf(stage)) {
      if (script.shell === 'cmd') continue;
      if (/ErrorActionPreference/i.test(script.preamble + script.text.text)) continue;
      const statements = statementsOf(script);
      // The exit code tells of the last statement, and so of a single one.
      if (statements.length < 2) continue;
      const open = statements
        .slice(0, -1)
        .find(
          (statement) =>
            !/^\$\w+\s*=/.test(textOf(script, statement)) &&
            !/\s-(ErrorAction|ea)[\s:]+Stop\b/i.test(textOf(script, statement)),
        );
      if (open === undefined) continue;
      report({
        message:
          "a failure of this statement does not fail the step: set $ErrorActionPreference = 'Stop' first",
        range: rangeOf(script, open),
      });
    }
  },
});
